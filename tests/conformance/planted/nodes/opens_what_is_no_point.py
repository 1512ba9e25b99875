"""Asks for no proof where none is due, and takes what is no code for nobody."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.errors import WarifuError
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.sampled.no-point"
PROOFS = "off"


class Planted(HonestNode):
    def opened(self, checked: CheckedPermit) -> bytes | None:
        try:
            return super().opened(checked)
        except WarifuError:
            return None
