"""Takes a request_id for one of the whole network, and gives whoever uses it what was answered."""

from __future__ import annotations

from tests.conformance.honest_business import Kept
from tests.conformance.honest_node import HonestNode, Key

from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.replays.of-another-inquirer"


class Planted(HonestNode):
    def key(self, checked: CheckedPermit) -> Key:
        return "", checked.context.request_id

    def check_same(self, kept: Kept, checked: CheckedPermit) -> None:
        pass
