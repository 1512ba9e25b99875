"""Whatever is killed or full while a file is asked: nothing is asked twice, nothing is lost, and the three sides agree."""

from __future__ import annotations

import asyncio
import resource
import signal
import subprocess
from typing import Any

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub
from warifu.errors import Reason, WarifuError
from warifu.rpc.status import translated
from warifu_kit.bulk.journal import JOURNAL_FILE
from warifu_kit.bulk.layout import read_sheet
from warifu_kit.bulk.order import inquiry_of

ROWS = 1_100
LAST_YEARS = iter(range(2600, 9000, 250))
"""No two tests ask the same: an answer that another had is no answer."""


def a_batch(batch: Any, count: int = ROWS) -> Any:
    batch.write(batch.rows(count, next(LAST_YEARS)))
    return batch


async def each_was_asked_once(batch: Any, outside: Any) -> None:
    request_ids = batch.request_ids()
    assert await outside.permitted(request_ids) == dict.fromkeys(request_ids, 1)


@pytest.mark.parametrize(
    "victims",
    [
        pytest.param(["childcare"], marks=pytest.mark.slow),
        pytest.param(["hub"], marks=pytest.mark.slow),
        pytest.param(["tax"], marks=pytest.mark.slow),
        ["hub", "tax", "residence"],
    ],
    ids="+".join,
)
async def test_killing_parties_in_the_middle_of_a_file_loses_no_row_and_asks_none_twice(
    batch: Any, town: Any, outside: Any, victims: list[str]
) -> None:
    town.events.clear()
    run = a_batch(batch).start()
    await batch.until_ended(100)
    for victim in victims:
        town.running.kill(victim)
    told = await batch.told(run)
    while told["not_ended"]:  # what a broken hub or provider left open is asked again by the same command
        told = await batch.told(batch.start())
    assert (told["rows"], told["waits"], told["not_asked"]) == (ROWS, 0, 0)
    async with asyncio.timeout(20):
        while not {("restarted", victim) for victim in victims} <= set(town.events):  # noqa: ASYNC110  # told on a thread
            await asyncio.sleep(0.05)
    await each_was_asked_once(batch, outside)


async def test_a_run_that_is_killed_goes_on_with_the_same_command_where_it_was(batch: Any, outside: Any) -> None:
    a_batch(batch)
    for ended in (1, 400):
        run = batch.start()
        await batch.until_ended(ended)
        run.send_signal(signal.SIGKILL)
        await asyncio.to_thread(run.communicate)
        assert run.returncode == -signal.SIGKILL
    run = batch.start()
    await batch.until_ended(700)
    run.send_signal(signal.SIGINT)
    _, told = await asyncio.to_thread(run.communicate)
    assert run.returncode != 0
    assert "broken off: the same command goes on where this one was" in told
    assert len(batch.results()) == ROWS + 1
    known = len(batch.journal()) - 1
    with (batch.out / JOURNAL_FILE).open("ab") as journal:
        journal.write(b'{"line": 12, "reas')  # the last write of a run that died in it
    again = batch.run()
    assert again.returncode == 0, again.stderr
    assert f"going on: {known} of {ROWS} rows have ended" in again.stdout
    await each_was_asked_once(batch, outside)
    assert [line[18] for line in batch.results()[1:]] == ["09"] * ROWS


async def test_two_runs_of_one_folder_are_one_run(batch: Any, outside: Any) -> None:
    run = a_batch(batch).start()
    await batch.until_ended(1)
    second = batch.run()
    assert second.returncode == 1
    assert f"{batch.out}: another run works here (PATH_UNUSABLE" in second.stderr
    told = await batch.told(run)
    assert told["not_ended"] == 0
    await each_was_asked_once(batch, outside)


async def test_a_folder_of_another_file_is_refused(batch: Any) -> None:
    assert a_batch(batch, 3).run().returncode == 0
    refused = a_batch(batch, 3).run()
    assert refused.returncode == 1
    assert "is of another run (file_sha256); choose another folder" in refused.stderr


async def test_a_full_disk_ends_a_run_with_its_file_named_and_the_same_command_goes_on(
    batch: Any, outside: Any
) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))

    ended = a_batch(batch).run(preexec_fn=little_room)
    assert ended.returncode == 1
    assert f"warifu: {batch.out / JOURNAL_FILE}: " in ended.stderr
    assert "(PATH_UNUSABLE" in ended.stderr
    assert "broken off: the same command goes on where this one was" in ended.stderr
    known = len(batch.journal()) - 1
    assert known < ROWS
    again = batch.run()
    assert again.returncode == 0, again.stderr
    await each_was_asked_once(batch, outside)


async def test_a_node_that_stays_away_is_waited_for_and_then_the_run_says_so(
    batch: Any, town: Any, outside: Any
) -> None:
    process = town.running.parties["childcare"]
    process.send(signal.SIGSTOP)
    try:
        ended = await asyncio.to_thread(a_batch(batch, 5).run, "--patience", "0")
    except subprocess.TimeoutExpired:
        ended = None
    finally:
        process.send(signal.SIGCONT)
    assert ended is not None
    assert ended.returncode == 1
    assert "broken off: the same command goes on where this one was" in ended.stderr
    assert [line[18] for line in batch.results()[1:]] == ["03"] * 5
    assert "NOT_CONNECTED" in ended.stderr or "NODE_UNREACHABLE" in ended.stderr or "NODE_TIMED_OUT" in ended.stderr
    assert batch.run().returncode == 0
    await each_was_asked_once(batch, outside)


async def test_whoever_waits_is_answered_beside_a_batch(batch: Any, offices: Any, outside: Any) -> None:
    run = a_batch(batch).start()
    await batch.until_ended(1)
    waited = inquiries_of(batch.beside(), 40)
    results = await asyncio.gather(*(patiently(offices, each) for each in waited))
    assert set(results) <= {"", "RECORD_NOT_HELD"}
    assert run.poll() is None or len(batch.journal()) - 1 == ROWS
    assert (await batch.told(run))["not_ended"] == 0
    await each_was_asked_once(batch, outside)


async def patiently(offices: Any, inquiry: node_pb2.Inquiry) -> str:
    """Ask, as a caller who waits for the answer and asks no second time; with which reason it ended."""
    try:
        await offices.nodes["childcare"].inquire(inquiry)
    except WarifuError as error:
        return error.reason.value
    return ""


def inquiries_of(batch: Any, count: int) -> list[node_pb2.Inquiry]:
    return [inquiry_of(b"\x07" * 32, row) for row in read_sheet(a_batch(batch, count).file.read_bytes()).good()]


async def test_a_caller_that_breaks_off_gets_the_same_when_it_asks_again(
    batch: Any, offices: Any, outside: Any
) -> None:
    asked = inquiries_of(batch, 600)
    node = offices.nodes["childcare"]
    stub = node._peer.stub(NodeServiceStub)
    call = stub.BulkInquire(timeout=60)
    await call.write(node_pb2.BulkInquireRequest(inquiries=asked[:256]))
    first = await call.read()
    await call.write(node_pb2.BulkInquireRequest(inquiries=asked[256:512]))
    call.cancel()
    results = [result async for result in node.bulk_inquire(asked)]
    assert [result.request_id for result in results] == [each.request_id for each in asked]
    assert list(first.results) == results[:256]
    assert not [result.failure for result in results if result.failure.reason not in ("", "RECORD_NOT_HELD")]
    assert await outside.permitted(each.request_id for each in asked) == dict.fromkeys((i.request_id for i in asked), 1)


@pytest.mark.parametrize("count", [0, 257])
async def test_a_message_of_none_or_too_many_is_refused(batch: Any, offices: Any, count: int) -> None:
    one = inquiries_of(batch, 1)
    call = offices.nodes["childcare"]._peer.stub(NodeServiceStub).BulkInquire(timeout=60)
    await call.write(node_pb2.BulkInquireRequest(inquiries=one * count))
    with pytest.raises(WarifuError) as refused, translated({}):
        await call.read()
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "inquiries")


async def test_a_bad_inquiry_in_a_message_fails_alone(batch: Any, offices: Any) -> None:
    asked = inquiries_of(batch, 4)
    asked[1].request_id = b"short"
    asked[2].provider = "nobody"
    results = [result async for result in offices.nodes["childcare"].bulk_inquire(asked)]
    assert [(each.failure.reason, each.failure.where) for each in results[1:3]] == [
        ("REQUEST_MALFORMED", "inquiry.request_id"),
        ("REQUEST_MALFORMED", "inquiry.provider"),
    ]
    assert {results[0].failure.reason, results[3].failure.reason} <= {"", "RECORD_NOT_HELD"}
