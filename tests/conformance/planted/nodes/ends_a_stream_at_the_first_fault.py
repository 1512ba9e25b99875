"""Ends a stream with the error of one call on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideStreamResponse
from warifu.errors import Reason, WarifuError

CAUGHT_BY = "node.stream.one-bad"


class Planted(HonestNode):
    async def replies(self, messages: Any) -> AsyncIterator[ProvideStreamResponse]:
        async for told in super().replies(messages):
            for reply in told.replies:
                if reply.HasField("failure"):
                    raise WarifuError(Reason(reply.failure.reason), where=reply.failure.where)
            yield told
