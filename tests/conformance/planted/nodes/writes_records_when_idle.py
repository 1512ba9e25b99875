"""Has its answers on disk, and writes the records of them when it has time."""

from __future__ import annotations

from tests.conformance.honest_business import Kept
from tests.conformance.honest_node import HonestNode, Key

from warifu.api.node.v1.node_service_pb2 import ExchangeRecord

CAUGHT_BY = "node.restart.answers"


class Planted(HonestNode):
    def on_disk(self) -> tuple[dict[Key, Kept], dict[Key, ExchangeRecord]]:
        kept, records = super().on_disk()
        return kept, dict(list(records.items())[:-3])
