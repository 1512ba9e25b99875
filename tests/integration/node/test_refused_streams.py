"""What a business system hears when its node refuses a stream of many batches: the node's own reason, each time."""

from __future__ import annotations

from typing import Any

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.client.asynchronous import NodeClient
from warifu.errors import Reason

_BATCH = 250
_ROUNDS = 5


async def _acquire(node: NodeClient, first: str, batches: int) -> None:
    numbers = [first] + [f"L{place}" for place in range(1, _BATCH * batches)]
    people = [node_pb2.PersonToAcquire(local_number=number, my_number="1") for number in numbers]
    async for _ in node.acquire_codes(people):
        pass


async def _register(node: NodeClient, first: str, batches: int) -> None:
    numbers = [first] + [f"L{place}" for place in range(1, _BATCH * batches)]
    await node.register_replicas([node_pb2.Replica(local_number=number, record=bytes(50)) for number in numbers])


@pytest.mark.parametrize("stream", [_acquire, _register])
@pytest.mark.parametrize(
    ("caller", "first", "reason"),
    [
        ("childcare/business", "L0", Reason.CALLER_NOT_ALLOWED),
        ("tax/business", "", Reason.REQUEST_MALFORMED),
    ],
)
async def test_a_stream_that_is_refused_half_way_says_why(
    town: Any, refused: Any, stream: Any, caller: str, first: str, reason: Reason
) -> None:
    told = []
    for batches in (1, 2, 8, 40):
        for _ in range(_ROUNDS):
            async with NodeClient(town.connection("tax", caller)) as node:
                told.append((await refused(stream(node, first, batches))).reason)
    assert told == [reason] * (4 * _ROUNDS)


async def test_people_that_cannot_be_read_end_the_call_with_their_own_fault(town: Any) -> None:
    def people() -> Any:
        yield from (node_pb2.PersonToAcquire(local_number=f"L{place}", my_number="1") for place in range(_BATCH))
        raise LookupError("no more of them")

    with pytest.raises(LookupError, match="no more of them"):
        async for _ in town.client("tax").acquire_codes(people()):
            pass


async def test_a_reader_that_has_enough_ends_the_call(town: Any) -> None:
    people = [node_pb2.PersonToAcquire(local_number=f"L{place}", my_number="1") for place in range(_BATCH * 8)]
    results = town.client("tax").acquire_codes(people)
    assert (await anext(results)).local_number == "L0"
    await results.aclose()
    assert len([result async for result in town.client("tax").acquire_codes(people)]) == len(people)
