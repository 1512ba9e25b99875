"""Inquiries by the message: each is one like any other, in an order drawn at random, and a fault of one is its own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from warifu.agency import ProvidedRecord
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeContext
from warifu_services.node.bulk import BulkInquirer, two_at_a_time
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.store import ExchangeOutcome

NAMES = [f"resident-{number}" for number in range(24)]


@pytest.fixture
async def many(two: Any) -> Any:
    for name in NAMES:
        await two.add(name)
    return two


def sent(two: Any) -> list[bytes]:
    """The request_ids in the order in which they came to the hub."""
    return [ExchangeContext.decode(SignedInquiry.FromString(each).context).request_id for each in two.hub.seen]


async def test_results_come_in_the_order_asked_and_leave_in_one_drawn_anew_each_time(many: Any) -> None:
    for seed in (1, 2):
        many.hub.seen.clear()
        asked = [many.ask(name) for name in NAMES]
        ended = await BulkInquirer(many.inquirer, random.Random(seed).shuffle).inquire(asked, 30.0)
        assert [each.kept.record.request_id for each in ended] == [each.question.request_id for each in asked]  # type: ignore[union-attr]
        assert all(isinstance(each.found, ProvidedRecord) for each in ended)  # type: ignore[union-attr]
        order = list(asked)
        random.Random(seed).shuffle(order)
        assert sent(many) == [each.question.request_id for each in order]
        assert order != asked


async def test_nobody_chooses_the_order_of_a_node_that_runs(many: Any) -> None:
    asked = [many.ask(name) for name in NAMES]
    await BulkInquirer(many.inquirer).inquire(asked, 30.0)
    assert sorted(sent(many)) == sorted(each.question.request_id for each in asked)
    assert sent(many) != [each.question.request_id for each in asked], "in order once in 24! times"


async def test_a_row_is_in_the_records_of_both_sides_as_one_asked_alone_is(many: Any) -> None:
    alone, in_bulk = many.ask(NAMES[0]), many.ask(NAMES[0])
    await many.inquirer.inquire(alone, 30.0)
    await BulkInquirer(many.inquirer).inquire([in_bulk], 30.0)
    for store in (many.childcare, many.tax):
        first, second = (record for _, record in store.records(0, 10))
        same = ("side", "outcome", "item_code", "provider", "requested_ms", "provided_ms", "reason", "non_disclosure")
        assert [getattr(first, name) for name in same] == [getattr(second, name) for name in same]
        assert first.inquiry_digest != second.inquiry_digest, "each with its own randomness"


async def test_a_fault_of_one_is_its_own(many: Any) -> None:
    unread = WarifuError(Reason.REQUEST_MALFORMED, where="inquiry.provider")
    broken = many.ask(NAMES[3])
    await many.childcare.begin_inquiry((await many.inquirer._book.begin(broken)).kept)
    content = many.ask(NAMES[4])
    object.__setattr__(content.question, "request_id", broken.question.request_id)
    asked = [many.ask(NAMES[0]), unread, many.ask("nobody-here"), content, many.ask(NAMES[1])]
    ended = await BulkInquirer(many.inquirer).inquire(asked, 30.0)
    assert [each.reason if isinstance(each, WarifuError) else None for each in ended] == [
        None, Reason.REQUEST_MALFORMED, Reason.CODE_NOT_ACQUIRED, Reason.REQUEST_REUSED, None,
    ]  # fmt: skip


async def test_what_nobody_expected_of_one_is_told_by_type_alone(
    many: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def inquire(asked: Any, left: float | None, *, in_bulk: bool) -> Any:
        raise KeyError(asked.local_number)

    monkeypatch.setattr(many.inquirer, "inquire", inquire)
    (ended,) = await BulkInquirer(many.inquirer).inquire([many.ask(NAMES[0])], 30.0)
    assert isinstance(ended, WarifuError)
    assert ended.reason is Reason.INTERNAL
    said = capsys.readouterr().err
    assert '"error": "KeyError"' in said
    assert NAMES[0] not in said


@pytest.mark.parametrize("where", ["", "inquirer", "provider"])
async def test_a_row_for_which_the_hub_has_no_room_is_sent_again_and_one_that_is_waited_for_is_not(
    many: Any, where: str
) -> None:
    overloaded = WarifuError(Reason.OVERLOADED, where=where)
    many.hub.failures = [overloaded, overloaded]
    (ended,) = await BulkInquirer(many.inquirer).inquire([many.ask(NAMES[0])], 30.0)
    assert not isinstance(ended, WarifuError)
    assert isinstance(ended.found, ProvidedRecord)
    assert len(set(many.hub.seen)) == 1, "the same bytes"
    assert len(many.hub.seen) == 3
    many.hub.failures = [overloaded]
    with pytest.raises(WarifuError, match="OVERLOADED"):
        await many.inquirer.inquire(many.ask(NAMES[0]), 30.0)


async def test_a_member_that_was_refused_too_often_is_told_so_at_once_in_bulk_too(many: Any) -> None:
    many.hub.failures = [WarifuError(Reason.OVERLOADED, where="refusals")]
    (ended,) = await BulkInquirer(many.inquirer).inquire([many.ask(NAMES[0])], 30.0)
    assert isinstance(ended, WarifuError)
    assert (ended.reason, len(many.hub.seen)) == (Reason.OVERLOADED, 1)


async def test_rows_take_the_way_of_bulk_and_others_the_other(many: Any) -> None:
    other = type(many.hub)(many.pair, many.provider, many.clock)
    inquirer = Inquirer(
        keys=many.pair.keys["childcare"],
        directory=many.pair.directory,
        store=many.childcare,
        hub=many.hub,
        bulk=other,
        clock=many.clock,
    )
    await BulkInquirer(inquirer).inquire([many.ask(NAMES[0]), many.ask(NAMES[1])], 30.0)
    await inquirer.inquire(many.ask(NAMES[2]), 30.0)
    assert (len(other.seen), len(many.hub.seen)) == (2, 1)


async def test_a_caller_that_goes_takes_nothing_with_it_that_was_begun(many: Any) -> None:
    opened = asyncio.Event()
    many.hub.before = opened.wait
    asked = [many.ask(name) for name in NAMES[:4]]
    gone = asyncio.create_task(BulkInquirer(many.inquirer).inquire(asked, 30.0))
    while len(many.hub.seen) < 4:  # noqa: ASYNC110  # whatever is ready runs
        await asyncio.sleep(0)
    gone.cancel()
    opened.set()
    await asyncio.gather(*many.inquirer._under_way.values())
    for each in asked:
        kept = many.childcare.inquiry(each.question.request_id)
        assert kept.record.outcome is ExchangeOutcome.ANSWERED
    assert len(many.hub.seen) == 4


class Messages:
    """Messages that are read one after the other, and how far that went."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[int]:
        for number in range(self._count):
            self.read += 1
            yield number


async def test_two_messages_are_worked_on_at_a_time_and_no_third_is_read_meanwhile() -> None:
    messages, most, under_way = Messages(9), 0, 0

    async def work(number: int) -> int:
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        for _ in range(20 - number):
            await asyncio.sleep(0)
        under_way -= 1
        return number

    came = []
    async for each in two_at_a_time(messages.__aiter__(), work):
        came.append(each)
        assert messages.read <= each + 3
    assert came == list(range(9))
    assert most == 2


async def test_an_answer_is_given_before_the_next_message_is_there() -> None:
    asked: asyncio.Queue[int | None] = asyncio.Queue()

    async def messages() -> AsyncIterator[int]:
        while (number := await asked.get()) is not None:
            yield number

    async def work(number: int) -> int:
        return number

    answers = two_at_a_time(messages(), work)
    for number in range(4):
        asked.put_nowait(number)
        assert await anext(answers) == number
    asked.put_nowait(None)
    assert [each async for each in answers] == []


async def test_what_ends_a_stream_comes_after_the_answers_before_it() -> None:
    async def messages() -> AsyncIterator[int]:
        yield 0
        yield 1
        raise WarifuError(Reason.CALLER_REVOKED)

    async def work(number: int) -> int:
        await asyncio.sleep(0)
        return number

    answers = two_at_a_time(messages(), work)
    assert [await anext(answers), await anext(answers)] == [0, 1]
    with pytest.raises(WarifuError, match="CALLER_REVOKED"):
        await anext(answers)


async def test_a_reader_that_goes_ends_what_is_worked_on() -> None:
    ended = asyncio.Event()

    async def work(number: int) -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return number

    answers = two_at_a_time(Messages(3).__aiter__(), work)
    reading = asyncio.ensure_future(anext(answers))
    for _ in range(5):
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await answers.aclose()
    assert ended.is_set()
