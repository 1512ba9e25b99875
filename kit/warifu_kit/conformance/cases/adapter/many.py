"""Many questions at once, large ones, and callers that give up."""

from __future__ import annotations

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Subject, expect, fail, skip, unknown
from warifu_kit.conformance.cases.adapter.errors import OF_THE_QUESTION, tells

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "many", "adapter.md")
_MIB = 1024 * 1024
_MAY_REFUSE = frozenset({"RESOURCE_EXHAUSTED", "UNAVAILABLE"})


async def _together(adapter: CheckedAdapter, count: int) -> int:
    """How many of so many questions at once were answered. Raises: CaseEnd unless each has its own answer."""
    person = adapter.anybody()
    alone = await adapter.look_up(adapter.question(person.local_number))
    numbers = [person.local_number if turn % 2 else f"NOBODY-{turn}" for turn in range(count)]
    replies = await adapter.at_once([adapter.question(number) for number in numbers])
    answered = 0
    for number, reply in zip(numbers, replies, strict=True):
        if reply.status == "DEADLINE_EXCEEDED":
            raise unknown("not all had an end in time")
        expect(reply.ok or reply.status in _MAY_REFUSE, f"one ended with {reply}")
        if not reply.ok and (told_of := tells(reply, (person.local_number, *OF_THE_QUESTION))):
            raise fail(f"whoever was refused ({reply.status}) was told the question{told_of}")
        if reply.ok:
            answered += 1
            told = adapter.parsed("LookUp", reply)
            expect(told.local_number == number, f"asked about {number!r} it answered about {told.local_number!r}")
            if number == person.local_number:
                expect(told.record == alone.record, f"of {number} it gave another record than when asked alone")
            else:
                expect(not told.record, "of somebody unknown it gave a record")
    return answered


@SUBJECT.case(
    "together",
    "Of questions asked together each gets its own answer",
    rule="Each is answered about the person it asks about",
    at="many-at-once",
    mend="Keep what belongs to a call in that call: no field of the server, no shared cursor or buffer.",
)
async def together(adapter: CheckedAdapter) -> None:
    answered = await _together(adapter, 40)
    expect(answered > 0, "of 40 at once none was answered")


@SUBJECT.case(
    "two-known",
    "Of known people asked about together each gets their own record",
    rule="Each is answered about the person it asks about",
    at="many-at-once",
    mend="Keep the row that was found in the call that found it: no field of the server, no shared cursor or buffer.",
)
async def two_known(adapter: CheckedAdapter) -> None:
    questions = [adapter.question_found(each) for each in adapter.about.people.people]
    alone = [await adapter.look_up(each) for each in questions]
    given = [(asked, told) for asked, told in zip(questions, alone, strict=True) if told.record]
    if len({told.record for _, told in given}) < 2:
        raise skip("no two people in the people's file whose records differ are simply given")
    turns = [given[turn % len(given)] for turn in range(40)]
    replies = await adapter.at_once([asked for asked, _ in turns])
    answered = [(turn, reply) for turn, reply in zip(turns, replies, strict=True) if reply.status not in _MAY_REFUSE]
    for (asked, told), reply in answered:
        if adapter.answered("LookUp", reply) != told:
            raise fail(f"of {asked.local_number} it gave another answer than when asked alone")
    if len({asked.local_number for (asked, _), _ in answered}) < 2:
        raise unknown("of 40 at once, about several people, no two about different ones were answered")


@SUBJECT.case(
    "flood",
    "Of very many at once each is answered or refused, and none mixed up",
    rule="Each is answered about the person it asks about, or refused with RESOURCE_EXHAUSTED or UNAVAILABLE",
    at="many-at-once",
    mend="Bound how many are under way and refuse the rest with RESOURCE_EXHAUSTED; never fail with another status.",
    seconds=12,
)
async def flood(adapter: CheckedAdapter) -> None:
    await _together(adapter, 400)
    await adapter.still_answers()


@SUBJECT.case(
    "given-up",
    "Callers that give up wear nothing out",
    rule="Such calls wear nothing out: the next is answered as ever",
    at="many-at-once",
    mend="Give everything that a call holds back when it ends, however it ends.",
)
async def given_up(adapter: CheckedAdapter) -> None:
    number = adapter.anybody().local_number
    for _ in range(10):
        await adapter.at_once([adapter.question(number) for _ in range(20)], seconds=0.002)
    told = await adapter.look_up(adapter.question(number))
    expect(told.outcome == adapter_pb2.LOOK_UP_OUTCOME_FOUND, "afterwards the record is not found any more")


@SUBJECT.case(
    "large",
    "Large questions are answered or refused, and end nothing",
    rule="A message that is too large is refused, and ends nothing",
    at="many-at-once",
    mend="Leave gRPC's bound on messages as it is.",
)
async def large(adapter: CheckedAdapter) -> None:
    request = adapter.question("NOBODY-0").SerializeToString()
    for size in (_MIB, _MIB + 1, 8 * _MIB):
        filler = size - len(request) - 6
        body = request + b"\xc2\x3e" + _varint(filler) + bytes(filler)
        reply = await adapter.call("LookUp", body, caller=adapter.about.node)
        if reply.status == "DEADLINE_EXCEEDED":
            raise unknown(f"{len(body)} bytes had no end in time")
        if reply.ok:
            told = adapter.parsed("LookUp", reply)
            expect(not told.record, "a large question about nobody was answered with a record")
    await adapter.still_answers()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
