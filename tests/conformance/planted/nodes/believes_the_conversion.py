"""Opens whatever code the hub says."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.exchange import provision
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.conversions.other-person"


class Planted(HonestNode):
    def opened(self, checked: CheckedPermit) -> bytes | None:
        return provision.open_row_key_unproven(checked, self.keys, self.directory)
