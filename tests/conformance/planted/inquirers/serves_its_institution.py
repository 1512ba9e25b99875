"""Looks at the institution of its caller, and not at the role."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

CAUGHT_BY = "inquirer.business.of-the-node"


class Planted(HonestInquirer):
    def admits(self, uris: list[str]) -> bool:
        own = str(self.stage.folder(self.stage.party).identity().institution)
        return len(uris) == 1 and uris[0].endswith(own)
