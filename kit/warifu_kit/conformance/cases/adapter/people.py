"""Exactly the person asked about, and what is told of those who are not there."""

from __future__ import annotations

from collections.abc import Callable

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Check, Subject, Turn, expect, skip, unknown
from warifu_kit.conformance.evidence import named
from warifu_kit.conformance.spellings import SPELLINGS

__all__ = ["SUBJECT", "expect_nothing_of_a_record"]

SUBJECT = Subject("adapter", "people", "adapter.md")
_FOUND, _NOT_HELD = adapter_pb2.LOOK_UP_OUTCOME_FOUND, adapter_pb2.LOOK_UP_OUTCOME_NOT_HELD
_OF_A_RECORD = ("fiscal_year", "publication_start", "publication_end", "record_type", "record")


def _name(outcome: adapter_pb2.LookUpOutcome) -> str:
    return named(adapter_pb2.LookUpOutcome, outcome)


def expect_nothing_of_a_record(told: adapter_pb2.LookUpResponse) -> None:
    """See that an answer without a record tells no part of one. Raises: CaseEnd."""
    there = [name for name in _OF_A_RECORD if getattr(told, name)]
    expect(not there, f"with {_name(told.outcome)} there is {', '.join(there)}")


async def _is_nobody(adapter: CheckedAdapter, local_number: str) -> None:
    told = await adapter.look_up(adapter.question(local_number))
    expect(told.local_number == local_number, f"it answered about {told.local_number!r}")
    expect(told.outcome == _NOT_HELD, f"of {local_number!r} it said {_name(told.outcome)}")


@SUBJECT.case(
    "repeated",
    "The answer repeats the person and the item it is about",
    rule="local_number and item_code repeat the question, to the character",
    at="looking-somebody-up",
    mend="Copy local_number and item_code of the request into every response: a reply without is discarded.",
    turn=Turn.BASIC,
)
async def repeated(adapter: CheckedAdapter) -> None:
    for number in (adapter.anybody().local_number, "NOBODY-0"):
        told = await adapter.look_up(adapter.question(number))
        expect(told.local_number == number, f"local_number was {told.local_number!r}, not {number!r}")
        expect(told.item_code == adapter.item, f"item_code was {told.item_code!r}, not {adapter.item!r}")


@SUBJECT.case(
    "unknown",
    "Somebody whom nobody knows is NOT_HELD, and no error",
    rule="Nobody of that number: NOT_HELD. It is no error, and the status is OK",
    at="what-is-not-there",
    mend="Answer with outcome NOT_HELD and status OK; NOT_FOUND would fail the exchange and tell the hub something.",
    turn=Turn.BASIC,
)
async def unknown_person(adapter: CheckedAdapter) -> None:
    await _is_nobody(adapter, "NOBODY-0")
    await _is_nobody(adapter, "0" * 64)


@SUBJECT.case(
    "nothing-of-a-record",
    "Where there is no record, nothing of one is told",
    rule="Then there is no record, record type, year or date in the answer",
    at="what-is-not-there",
    mend="Leave every field of a record empty unless the outcome is FOUND.",
)
async def nothing_of_a_record(adapter: CheckedAdapter) -> None:
    expect_nothing_of_a_record(await adapter.look_up(adapter.question("NOBODY-0")))


@SUBJECT.case(
    "same-manner",
    "Somebody unknown is answered in the manner in which a known one is",
    rule="Nothing is beside the answer that a known person's answer has not",
    at="what-is-not-there",
    mend="Send the same metadata with every answer; put nothing there that depends on the person.",
)
async def same_manner(adapter: CheckedAdapter) -> None:
    known = await adapter.call("LookUp", adapter.question(adapter.anybody().local_number), caller=adapter.about.node)
    nobody = await adapter.call("LookUp", adapter.question("NOBODY-0"), caller=adapter.about.node)
    adapter.answered("LookUp", known)
    adapter.answered("LookUp", nobody)
    beside = [sorted(name for name, _ in reply.metadata if name != "date") for reply in (known, nobody)]
    expect(beside[0] == beside[1], f"metadata of a known person: {beside[0]}, of an unknown one: {beside[1]}")


@SUBJECT.case(
    "number-empty",
    "An empty number, or one of blanks, is nobody's",
    rule="The empty number is nobody's: NOT_HELD, or an error that is the same for all",
    at="looking-somebody-up",
    mend="Look the number up as it is; leave out no condition of the query because its value is empty.",
)
async def number_empty(adapter: CheckedAdapter) -> None:
    adapter.anybody()
    for number in ("", " ", "\u3000", "\t", "\0"):
        for released in (False, True):
            request = adapter.question(number, released=released)
            reply = await adapter.call("LookUp", request, caller=adapter.about.node)
            if reply.status in {"DEADLINE_EXCEEDED", "UNAVAILABLE"}:
                raise unknown(f"no end of its own: {reply}")
            if reply.ok:
                told = adapter.parsed("LookUp", reply)
                expect(told.outcome == _NOT_HELD, f"of {number!r} it said {_name(told.outcome)}")
                expect_nothing_of_a_record(told)


def _spelled(change: Callable[[str], str]) -> Check:
    async def check(adapter: CheckedAdapter) -> None:
        known = {each.local_number for each in adapter.about.people.people}
        number = adapter.anybody().local_number
        other = change(number)
        if other in known:
            raise skip(f"{number} written so is {other}, which is known as well")
        await _is_nobody(adapter, other)

    return check


for _spelling in SPELLINGS:
    SUBJECT.add(
        f"number-{_spelling.name}",
        f"A number {_spelling.words} is nobody's",
        rule="They name one person: no pattern, no part, no other spelling",
        at="looking-somebody-up",
        mend="Look local numbers up by equality, as a parameter of the query; neither trim nor fold them.",
        check=_spelled(_spelling.change),
    )
