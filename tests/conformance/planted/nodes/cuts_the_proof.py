"""Reads the first 128 bytes of a proof and passes over the rest."""

from __future__ import annotations

from dataclasses import replace

from tests.conformance.honest_node import HonestNode

from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.conversions.long-proof"


class Planted(HonestNode):
    def opened(self, checked: CheckedPermit) -> bytes | None:
        return super().opened(replace(checked, conversion_proof=checked.conversion_proof[:128]))
