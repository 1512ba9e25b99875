"""Keeps what it answered where it is gone when the machine is."""

from __future__ import annotations

from tests.conformance.honest_business import Kept
from tests.conformance.honest_node import HonestNode, Key

from warifu.api.node.v1.node_service_pb2 import ExchangeRecord

CAUGHT_BY = "node.restart.answers"


class Planted(HonestNode):
    def on_disk(self) -> tuple[dict[Key, Kept], dict[Key, ExchangeRecord]]:
        return {}, {}
