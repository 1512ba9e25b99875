"""What a node's own business system is told of its exchanges, by NodeService; what clerks are shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.client.asynchronous import NodeClient
from warifu.errors import Reason, WarifuError
from warifu_kit.conformance.case import fail, skip, unknown
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["own_records", "waiting"]

_NOT_TOLD = frozenset({Reason.NODE_UNREACHABLE, Reason.NODE_TIMED_OUT})


async def own_records(node: CheckedNode) -> dict[bytes, list[node_pb2.ExchangeRecord]]:
    """The node's own records of exchanges in which it provided, by request_id. Raises: CaseEnd."""
    found: dict[bytes, list[node_pb2.ExchangeRecord]] = {}
    async with _client(node, "ListExchangeRecords") as client:
        async for record in client.exchange_records():
            if record.side == node_pb2.EXCHANGE_SIDE_PROVIDER:
                found.setdefault(record.request_id, []).append(record)
    node.evidence.came_back(f"records of {len(found)} exchanges in which it provided")
    return found


async def waiting(node: CheckedNode) -> list[str]:
    """Processing numbers of what waits for a clerk, as its business system is told. Raises: CaseEnd."""
    async with _client(node, "ListPendingProvisions") as client:
        found = [each.processing_number async for each in client.pending_provisions()]
    node.evidence.came_back(f"{len(found)} wait for a clerk")
    return found


@asynccontextmanager
async def _client(node: CheckedNode, asked: str) -> AsyncIterator[NodeClient]:
    if node.about.business is None:
        raise skip("the node serves no NodeService, which would tell")
    node.evidence.sent(f"as the business system: {asked}")
    try:
        async with NodeClient(node.about.business) as client:
            yield client
    except WarifuError as error:
        if error.reason in _NOT_TOLD:
            raise unknown(f"{asked} had no end of its own: {error.reason.value}") from None
        raise fail(f"{asked} ended with {error.reason.value}") from None
