"""An agency that answers from elsewhere answers as it would in its node: every answer, refusal and fault comes through."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import UInt32Value

from warifu.agency import (
    Absence,
    Agency,
    Decision,
    Found,
    HeldProvision,
    LookUp,
    Pending,
    Provided,
    ProvidedRecord,
    ProvisionQuery,
    Replica,
)
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu_kit.attached.answering import AnswerDesk
from warifu_kit.attached.asking import AgencyElsewhere
from warifu_kit.attached.wire import LONGEST, framed, length_of

COVERAGE = ItemCode("TM99000000000004")
RECORD = UInt32Value(value=240).SerializeToString()
REPLICA = Replica(
    item_code=COVERAGE,
    fiscal_year=2026,
    publication_start=date(2026, 4, 1),
    publication_end=date(2027, 3, 31),
    record=RECORD,
)


class Pension(Agency):
    kind = "pension"
    provides: ClassVar = {COVERAGE: Provided(record_type=UInt32Value, certificate="Notice", certificate_ja="通知")}

    def fault_in(self, message: Message) -> str | None:
        return "value" if isinstance(message, UInt32Value) and message.value > 1200 else None

    def year_of(self, message: Message) -> int | None:
        return 2026


class Fallen(Pension):
    async def answer(self, query: ProvisionQuery) -> Found:
        raise ZeroDivisionError("a text that names somebody")


class Ended(Pension):
    async def answer(self, query: ProvisionQuery) -> Found:
        raise SystemExit(3)


class Live(Pension):
    keeps_replicas = False

    async def look_up(self, asked: LookUp) -> Found | Pending:
        if asked.local_number == "X-1":
            return ProvidedRecord("google.protobuf.UInt32Value", RECORD) if asked.released else Pending.CLERK
        return ProvidedRecord("google.protobuf.Int32Value", RECORD) if asked.local_number == "X-2" else Absence.NOT_HELD

    async def decide(self, held: HeldProvision) -> Decision:
        return Decision.RELEASE if held.received == NOON else Decision.REFUSE


class Blocking(Live):
    """Blocks its thread for some people until it is let go; ``threads`` is on which ones others were looked up."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Semaphore(0), threading.Event()
        self.threads: list[int] = []

    async def look_up(self, asked: LookUp) -> Found | Pending:
        if asked.local_number.startswith("slow"):
            self.begun.release()
            self.go.wait(60)
        else:
            self.threads.append(threading.get_ident())
        return Absence.NOT_HELD


NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HELD = HeldProvision(
    processing_number="20260601000000000001",
    local_number="X-1",
    item_code=COVERAGE,
    procedure_code=ProcedureCode("JT99000000000001"),
    inquirer=InstitutionCode("9030110020000001"),
    received=NOON,
    seconds=3.0,
)


def _look_up(local_number: str, *, released: bool = False) -> LookUp:
    return LookUp(
        local_number=local_number,
        item_code=COVERAGE,
        fiscal_year=0,
        procedure_code=ProcedureCode("JT99000000000001"),
        inquirer=InstitutionCode("9030110020000001"),
        today=date(2026, 6, 1),
        processing_number="20260601000000000001",
        released=released,
        seconds=3.0,
    )


def _query(*replicas: Replica) -> ProvisionQuery:
    return ProvisionQuery(
        item_code=COVERAGE,
        fiscal_year=0,
        procedure_code=ProcedureCode("JT99000000000001"),
        inquirer=InstitutionCode("9030110020000001"),
        today=date(2026, 6, 1),
        replicas=replicas,
    )


@pytest.fixture
def desk() -> Iterator[AnswerDesk]:
    opened = AnswerDesk(Pension())
    yield opened
    opened.close()


@pytest.fixture
def elsewhere(desk: AnswerDesk) -> AgencyElsewhere:
    return AgencyElsewhere.at(desk.path)


async def test_it_answers_with_the_record_and_saw_the_very_query(desk: AnswerDesk, elsewhere: AgencyElsewhere) -> None:
    assert elsewhere.kind == "pension"
    assert await elsewhere.answer(_query(REPLICA)) == ProvidedRecord("google.protobuf.UInt32Value", RECORD)
    (asked,) = desk.asked
    assert asked == ProvisionQuery(**{**_fields(_query()), "replicas": [REPLICA]})


def _fields(query: ProvisionQuery) -> dict[str, Any]:
    return {name: getattr(query, name) for name in ProvisionQuery.__dataclass_fields__}


async def test_that_it_has_nothing_comes_through(elsewhere: AgencyElsewhere) -> None:
    assert await elsewhere.answer(_query()) is Absence.NOT_HELD


def test_a_record_is_checked_by_it(elsewhere: AgencyElsewhere) -> None:
    assert elsewhere.year_of(elsewhere.check_record(COVERAGE, RECORD)) == 2026
    with pytest.raises(WarifuError) as refused:
        elsewhere.check_record(COVERAGE, UInt32Value(value=9999).SerializeToString(), "replicas[3].record")
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "replicas[3].record.value")


def test_an_item_that_it_does_not_provide_is_refused(elsewhere: AgencyElsewhere) -> None:
    assert elsewhere.provided(COVERAGE).certificate == "Notice"
    with pytest.raises(WarifuError) as refused:
        elsewhere.provided(ItemCode("TM99000000000005"), "item")
    assert (refused.value.reason, refused.value.where) == (Reason.ITEM_UNKNOWN, "item")


async def test_what_it_falls_over_with_is_kept_there_and_told_by_its_kind_alone(desk: AnswerDesk) -> None:
    desk.sit(Fallen())
    with pytest.raises(RuntimeError) as fallen:
        await AgencyElsewhere.at(desk.path).answer(_query())
    assert str(fallen.value) == "the agency elsewhere raised ZeroDivisionError"
    assert [type(error) for error in desk.raised] == [ZeroDivisionError]


async def test_one_that_would_end_its_process_falls_over_and_the_desk_goes_on(
    desk: AnswerDesk, elsewhere: AgencyElsewhere
) -> None:
    desk.sit(Ended())
    with pytest.raises(RuntimeError):
        await elsewhere.answer(_query())
    assert [type(error) for error in desk.raised] == [SystemExit]
    desk.sit(Pension())
    assert isinstance(await elsewhere.answer(_query(REPLICA)), ProvidedRecord)


async def test_a_folder_for_temporary_files_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    opened = AnswerDesk(Pension())
    try:
        assert AgencyElsewhere.at(opened.path).kind == "pension"
    finally:
        opened.close()
    assert list(deep.iterdir()) == []


async def test_whoever_sits_down_later_answers_and_knows_nothing_of_before(
    desk: AnswerDesk, elsewhere: AgencyElsewhere
) -> None:
    await elsewhere.answer(_query(REPLICA))
    desk.sit(Pension())
    assert desk.asked == []
    await elsewhere.answer(_query())
    assert len(desk.asked) == 1


@pytest.fixture
def live() -> Iterator[AnswerDesk]:
    opened = AnswerDesk(Live())
    yield opened
    opened.close()


async def test_one_that_keeps_no_replicas_looks_people_up(live: AnswerDesk) -> None:
    elsewhere, asked = AgencyElsewhere.at(live.path), _look_up("X-1", released=True)
    assert (elsewhere.keeps_replicas, AgencyElsewhere.keeps_replicas) == (False, True)
    assert await elsewhere.look_up(asked) == ProvidedRecord("google.protobuf.UInt32Value", RECORD)
    assert live.looked_up == [asked]
    assert await elsewhere.look_up(_look_up("X-1")) is Pending.CLERK
    assert await elsewhere.look_up(_look_up("X-3")) is Absence.NOT_HELD


async def test_a_record_of_another_type_than_the_items_is_refused(live: AnswerDesk) -> None:
    with pytest.raises(WarifuError) as refused:
        await AgencyElsewhere.at(live.path).look_up(_look_up("X-2"))
    assert refused.value.reason is Reason.ADAPTER_ANSWER_INVALID


@pytest.fixture
def blocking() -> Iterator[tuple[Blocking, AnswerDesk]]:
    agency = Blocking()
    opened = AnswerDesk(agency)
    yield agency, opened
    agency.go.set()
    opened.close()


async def test_a_hook_that_blocks_its_thread_keeps_nobody_else_waiting(blocking: tuple[Blocking, AnswerDesk]) -> None:
    agency, desk = blocking
    elsewhere = AgencyElsewhere.at(desk.path)
    slow = asyncio.create_task(elsewhere.look_up(_look_up("slow")))
    assert await asyncio.to_thread(agency.begun.acquire, timeout=60)
    for number in ("X-3", "X-4"):
        assert await elsewhere.look_up(_look_up(number)) is Absence.NOT_HELD
    assert not slow.done()
    agency.go.set()
    assert await slow is Absence.NOT_HELD


async def test_what_does_not_block_is_all_on_one_loop(blocking: tuple[Blocking, AnswerDesk]) -> None:
    agency, desk = blocking
    elsewhere = AgencyElsewhere.at(desk.path)
    await asyncio.gather(*(elsewhere.look_up(_look_up(f"X-{number}")) for number in range(20)))
    assert len(agency.threads) == 20
    assert len(set(agency.threads)) == 1


async def test_a_desk_is_closed_though_a_hook_blocks(blocking: tuple[Blocking, AnswerDesk]) -> None:
    agency, desk = blocking
    slow = asyncio.create_task(AgencyElsewhere.at(desk.path).look_up(_look_up("slow")))
    assert await asyncio.to_thread(agency.begun.acquire, timeout=60)
    await asyncio.to_thread(desk.close)
    with pytest.raises(WarifuError):
        await slow


async def test_its_clerk_decides(live: AnswerDesk) -> None:
    elsewhere = AgencyElsewhere.at(live.path)
    assert await elsewhere.decide(HELD) is Decision.RELEASE
    assert await elsewhere.decide(replace(HELD, received=NOON + timedelta(minutes=1))) is Decision.REFUSE


def test_a_node_does_not_begin_to_keep_replicas_while_it_is_up(live: AnswerDesk) -> None:
    with pytest.raises(ValueError, match="either keeps replicas or does not"):
        live.sit(Pension())


def test_another_kind_cannot_sit_in(desk: AnswerDesk) -> None:
    other = type("Other", (Pension,), {"kind": "labour"})()
    with pytest.raises(ValueError, match="labour cannot sit in for pension"):
        desk.sit(other)


async def test_an_agency_that_is_gone_is_told(desk: AnswerDesk, elsewhere: AgencyElsewhere) -> None:
    desk.close()
    with pytest.raises(WarifuError) as gone:
        await elsewhere.answer(_query())
    assert gone.value.reason is Reason.PATH_UNUSABLE
    with pytest.raises(WarifuError):
        AgencyElsewhere.at(desk.path)


def test_only_its_user_can_open_the_socket(desk: AnswerDesk) -> None:
    assert desk.path.parent.stat().st_mode & 0o077 == 0


def test_a_message_too_long_is_neither_sent_nor_read() -> None:
    with pytest.raises(ValueError, match="bytes"):
        framed({"record": "x" * LONGEST})
    with pytest.raises(ValueError, match="bytes"):
        length_of(b"\xff\xff\xff\xff")
