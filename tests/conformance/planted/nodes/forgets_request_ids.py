"""Goes by the digest of an inquiry, not by its request_id."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode, Key

from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.replays.other-inquiry"


class Planted(HonestNode):
    def key(self, checked: CheckedPermit) -> Key:
        return "", checked.asked
