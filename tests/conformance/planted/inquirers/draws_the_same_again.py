"""Its randomness begins anew with each inquiry."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

CAUGHT_BY = "inquirer.inquiries.nothing-shared"


class Planted(HonestInquirer):
    def random_bytes(self, size: int) -> bytes:
        return bytes(range(7, 7 + size % 200))
