"""Ends the whole stream at a row about somebody whom it does not know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideBulkResponse, ProvideRequest, ProvideResponse
from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import CheckedPermit
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.bulk.unknown-person"


class Planted(HonestNode):
    _in_bulk = False

    async def one_in_bulk(self, request: ProvideRequest, left: float) -> ProvideResponse:
        self._in_bulk = True
        try:
            return await super().one_in_bulk(request, left)
        finally:
            self._in_bulk = False

    def find(self, checked: CheckedPermit) -> CastPerson | None:
        found = super().find(checked)
        if found is None and self._in_bulk:
            raise WarifuError(Reason.RECORD_NOT_HELD)
        return found

    async def bulk_replies(self, messages: Any) -> AsyncIterator[ProvideBulkResponse]:
        async for told in super().bulk_replies(messages):
            for reply in told.replies:
                if reply.failure.reason == Reason.RECORD_NOT_HELD.value:
                    raise WarifuError(Reason.RECORD_NOT_HELD)
            yield told
