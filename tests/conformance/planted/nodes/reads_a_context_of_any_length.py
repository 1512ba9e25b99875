"""Reads the first 116 bytes of a context and passes over the rest."""

from __future__ import annotations

from tests.conformance.honest_node import Context, HonestNode

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.exchange.context import ExchangeContext

CAUGHT_BY = "node.permits.short-context"


class Planted(HonestNode):
    def read_context(self, permit: ProvisionPermit) -> Context:
        return ExchangeContext.decode(permit.inquiry.context[:116].ljust(116, b"0"))
