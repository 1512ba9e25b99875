"""Verifies the proof of the first row of a message, for all of one hub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideBulkResponse, ProvideRequest, ProvideResponse
from warifu.exchange import provision
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.bulk.wrong-proof"


class Planted(HonestNode):
    _row = 0

    def bulk_replies(self, messages: Any) -> AsyncIterator[ProvideBulkResponse]:
        self._row = 0
        return super().bulk_replies(messages)

    async def one_in_bulk(self, request: ProvideRequest, left: float) -> ProvideResponse:
        self._row += 1
        return await super().one_in_bulk(request, left)

    def opened(self, checked: CheckedPermit) -> bytes | None:
        if self._row > 1:
            return provision.open_row_key_unproven(checked, self.keys, self.directory)
        return super().opened(checked)
