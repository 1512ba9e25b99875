"""Looks at the role of its caller, and not at the institution."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

CAUGHT_BY = "inquirer.business.of-another-business"


class Planted(HonestInquirer):
    def admits(self, uris: list[str]) -> bool:
        return len(uris) == 1 and "/business/" in uris[0]
