"""Goes on with the keys that it read when it started."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.exchange.provision import ProviderKeys

CAUGHT_BY = "node.rotation.own-keys"


class Planted(HonestNode):
    _first: ProviderKeys | None = None

    def own_keys(self) -> ProviderKeys:
        self._first = self._first or super().own_keys()
        return self._first
