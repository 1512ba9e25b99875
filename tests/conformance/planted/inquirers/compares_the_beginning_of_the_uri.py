"""Looks whether its caller's URI begins as its business system's."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

CAUGHT_BY = "inquirer.business.uri-goes-on"


class Planted(HonestInquirer):
    def admits(self, uris: list[str]) -> bool:
        own = self.stage.folder(self.stage.party).identity().uri.replace("/agency/", "/business/")
        return len(uris) == 1 and uris[0].startswith(own)
