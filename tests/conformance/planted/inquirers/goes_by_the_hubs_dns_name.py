"""Leaves the hub's certificate to TLS, which compares the DNS name alone."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

CAUGHT_BY = "inquirer.hub.of-an-agency"


class Planted(HonestInquirer):
    async def check_hub(self, left: float) -> None:
        pass
