"""A hub killed in mid-traffic and started again on its folder: nothing acknowledged is lost, and the log still binds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.errors import Reason
from warifu.exchange.statements import answer_digest, inquiry_digest
from warifu.tlog.checkpoint import read_checkpoint_unverified
from warifu.tlog.tiles import write_copy
from warifu.tlog.verify import verify_copy, verify_extends
from warifu_hub.store_database import DatabaseHubStore

UNANSWERED = {
    grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.HUB_TIMED_OUT,
}
AT_ONCE = 32


async def checkpoint(log: Any) -> bytes:
    response = await log.stub.GetCheckpoint(log_pb2.GetCheckpointRequest(), timeout=10, wait_for_ready=True)
    return bytes(response.signed_note)


async def verified_leaves(hub: Any, log: Any, note: bytes, path: Path) -> list[ExchangeLeaf]:
    size = read_checkpoint_unverified(note).size
    write_copy(path, (await log.leaves())[:size], note)
    verified = verify_copy(path, (hub.path / "log.vkey").read_text().strip())
    return [ExchangeLeaf.FromString(leaf) for leaf in verified.leaves()]


async def test_no_acknowledged_exchange_is_lost_when_the_hub_is_killed_in_mid_traffic(
    own_hub: Any, play: Callable[..., Any], tmp_path: Path
) -> None:
    asker, office, log = await play(own_hub)
    slots, acknowledged, retried = asyncio.Semaphore(AT_ONCE), list[Any](), set[int]()
    enough = asyncio.Event()

    async def until_answered(number: int, inquiry: Any) -> Any:
        async with slots:
            while True:
                try:
                    response = await asker.send(inquiry)
                except grpc.aio.AioRpcError as error:
                    if error.code() not in UNANSWERED:
                        raise
                    retried.add(number)
                    await asyncio.sleep(0.02)
                else:
                    acknowledged.append((inquiry, response))
                    if len(acknowledged) >= 100:
                        enough.set()
                    return response

    inquiries = [asker.inquiry() for _ in range(300)]
    traffic = asyncio.gather(*(until_answered(number, inquiry) for number, inquiry in enumerate(inquiries)))
    await enough.wait()
    seen = await checkpoint(log)
    own_hub.kill()
    before = list(acknowledged)
    await asyncio.to_thread(own_hub.restart)
    await traffic

    assert 100 <= len(before) < 300, "it was killed in the middle"
    assert retried, "some were under way"
    for inquiry, response in before[::7]:
        assert await asker.send(inquiry) == response, "asked again, it is the answer given before"

    note = await checkpoint(log)
    leaves = await verified_leaves(own_hub, log, note, tmp_path / "copy")
    request = log_pb2.GetConsistencyProofRequest(
        first_size=read_checkpoint_unverified(seen).size, second_size=len(leaves)
    )
    proof = await log.stub.GetConsistencyProof(request, timeout=10)
    vkey = (own_hub.path / "log.vkey").read_text().strip()
    verify_extends(old_checkpoint=seen, new_checkpoint=note, proof=proof.hashes, vkey=vkey)

    told = {(leaf.processing_number, leaf.event): leaf for leaf in leaves}
    assert len(acknowledged) == len({response.processing_number for _, response in acknowledged}) == 300
    for inquiry, response in acknowledged:
        permitted = told[response.processing_number, log_pb2.LEAF_EVENT_PERMITTED]
        answered = told[response.processing_number, log_pb2.LEAF_EVENT_ANSWERED]
        asked = inquiry_digest(inquiry)
        given = answer_digest(response.answer, asked=asked, processing_number=response.processing_number)
        assert permitted.inquiry_digest == answered.inquiry_digest == asked
        assert answered.answer_digest == given
        assert response.answer == office.answers[inquiry.context[2:18]], "the provider's own record agrees"
        assert leaves[response.permitted_position] == permitted
    permits = [leaf for leaf in leaves if leaf.event == log_pb2.LEAF_EVENT_PERMITTED]
    assert len(permits) == 300, "no request was permitted twice"
    numbers = {(permit.inquiry.context, permit.processing_number) for permit in office.permits}
    assert len(numbers) == 300, "the provider never saw one request under two numbers"


async def test_a_hub_started_again_remembers_endpoints_assessments_and_pending_exchanges(
    own_hub: Any, play: Callable[..., Any]
) -> None:
    asker, office, log = await play(own_hub)
    asked = asyncio.Event()

    async def never(_: Any) -> bytes:
        asked.set()
        await asyncio.sleep(60)
        return b""

    office.act = never
    inquiry = asker.inquiry()
    sent = asyncio.ensure_future(asker.send(inquiry))
    await asked.wait()
    own_hub.kill()
    error = await asker.calls.failed(sent, default=UNANSWERED)
    assert (error.reason, error.definite) == (Reason.HUB_UNREACHABLE, False)
    office.act = office.honest
    await asyncio.to_thread(own_hub.restart)
    response = await asker.send(inquiry)
    assert response.processing_number == office.permits[0].processing_number == office.permits[-1].processing_number
    assert await log.of(inquiry) == [("PERMITTED", ""), ("ANSWERED", "")]


async def test_a_hub_asked_to_stop_publishes_its_whole_log_and_ends_with_status_0(
    own_hub: Any, play: Callable[..., Any], tmp_path: Path
) -> None:
    asker, _, _ = await play(own_hub)
    await asyncio.gather(*(asker.send(asker.inquiry()) for _ in range(10)))
    assert await asyncio.to_thread(own_hub.stop) == 0
    store = DatabaseHubStore(own_hub.path / "hub" / "hub.sqlite3")
    note, leaves = store.published_checkpoint(), store.leaves(0, 1000)
    store.close()
    assert note is not None
    write_copy(tmp_path / "copy", leaves, note)
    assert verify_copy(tmp_path / "copy", (own_hub.path / "log.vkey").read_text().strip()).size == 21, (
        "the directory, and two for each"
    )
