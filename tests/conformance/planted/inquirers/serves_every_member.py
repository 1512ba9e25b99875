"""Has whoever is of the network ask, since TLS let them in."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

CAUGHT_BY = "inquirer.business.of-another-agency"


class Planted(HonestInquirer):
    def admits(self, uris: list[str]) -> bool:
        return len(uris) == 1
