"""Numbers the replies of a stream in the order in which they are ready."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideStreamResponse

CAUGHT_BY = "node.stream.several"


class Planted(HonestNode):
    async def replies(self, messages: Any) -> AsyncIterator[ProvideStreamResponse]:
        number = 0
        async for told in super().replies(messages):
            for reply in told.replies:
                number += 1
                reply.call_number = number
            yield told
