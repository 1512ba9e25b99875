"""Sees that there is a proof, and does not calculate it."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.errors import Reason, WarifuError
from warifu.exchange import provision
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.conversions.zero-proof"


class Planted(HonestNode):
    def opened(self, checked: CheckedPermit) -> bytes | None:
        if len(checked.conversion_proof) < 128:
            raise WarifuError(Reason.CONVERSION_NOT_PROVEN, where="permit.conversion_proof")
        return provision.open_row_key_unproven(checked, self.keys, self.directory)
