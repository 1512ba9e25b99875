"""Decides a bulk message once, by its first row."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideResponse
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.bulk.other-row-of-the-table"


class Planted(HonestNode):
    _in_bulk = False

    async def one_in_bulk(self, request: ProvideRequest, left: float) -> ProvideResponse:
        self._in_bulk = True
        try:
            return await super().one_in_bulk(request, left)
        finally:
            self._in_bulk = False

    def decide_again(self, permit: ProvisionPermit, checked: CheckedPermit) -> None:
        if not self._in_bulk:
            super().decide_again(permit, checked)
