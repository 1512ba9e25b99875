"""Never looks until when a former entry is good."""

from __future__ import annotations

from dataclasses import replace

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.rotation.retired-key"
_FOR_EVER = 2**62


class Planted(HonestNode):
    async def take_newer(self) -> bool:
        taken = await super().take_newer()
        dated = {key: replace(each, accepted_until_ms=_FOR_EVER) for key, each in self.directory.dated.items()}
        self.directory = replace(self.directory, dated=dated)
        return taken
