"""Verifies the first proof of a stream: the others are the same hub's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideResponse, ProvideStreamResponse
from warifu.exchange import provision
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.load.one-on-a-stream"


class Planted(HonestNode):
    _call = 0

    def replies(self, messages: Any) -> AsyncIterator[ProvideStreamResponse]:
        self._call = 0
        return super().replies(messages)

    async def one_of_many(self, request: ProvideRequest, left: float) -> ProvideResponse:
        self._call += 1
        return await super().one_of_many(request, left)

    def opened(self, checked: CheckedPermit) -> bytes | None:
        if self._call > 1:
            return provision.open_row_key_unproven(checked, self.keys, self.directory)
        return super().opened(checked)
