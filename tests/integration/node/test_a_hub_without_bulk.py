"""A hub that was built before bulk inquiries were serves a node's rows as it serves any exchange."""

from __future__ import annotations

from typing import Any

from warifu.api.hub.v1.hub_service_pb2 import ExchangeRequest
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.errors import Reason, WarifuError


async def test_rows_go_on_the_stream_that_it_has_and_each_ends_as_its_hub_says(spoilt_town: Any) -> None:
    async def exchange(request: ExchangeRequest) -> Any:
        raise WarifuError(Reason.EXCHANGE_NOT_PERMITTED)

    spoilt_town.spoilt.exchange = exchange
    asked = [spoilt_town.inquiry(0) for _ in range(300)]
    node = spoilt_town.client("childcare")
    for _ in range(2):  # the second time the node knows the hub
        results = [result async for result in node.bulk_inquire(asked)]
        assert [result.request_id for result in results] == [each.request_id for each in asked]
        assert {result.failure.reason for result in results} == {"EXCHANGE_NOT_PERMITTED"}
    assert len(spoilt_town.spoilt.inquiries) == len(set(spoilt_town.spoilt.inquiries)) == 300
    records = await node.exchange_records()
    assert {record.outcome for record in records} == {node_pb2.EXCHANGE_OUTCOME_REFUSED}
    assert len(records) == 300
