"""Gives the rows of a message the answers in the order in which they are ready."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideBulkResponse

CAUGHT_BY = "node.bulk.several"


class Planted(HonestNode):
    async def bulk_replies(self, messages: Any) -> AsyncIterator[ProvideBulkResponse]:
        number = 1_000
        async for told in super().bulk_replies(messages):
            for reply in told.replies:
                number -= 1
                reply.call_number = number % 12 + 1
            yield told
