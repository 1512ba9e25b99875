"""What an error tells: nothing personal, and that there is one."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from google.protobuf.message import Message

from warifu_kit.conformance.adapter_under_check import SERVICE, CheckedAdapter
from warifu_kit.conformance.case import Subject, expect, fail, unknown
from warifu_kit.conformance.wire.calls import Reply

__all__ = ["OF_THE_QUESTION", "SUBJECT", "faulty", "tells"]

SUBJECT = Subject("adapter", "errors", "adapter.md")


_NOBODY = "NOBODY-8815"
_OTHER_NOBODY = "NOBODY-9926"
_YEARS, _ITEMS, _DAYS = (
    (4_000_000_000, 3_999_999_999),
    ("TM99999999999999", "TM88888888888888"),
    ("no day", "2026-02-31"),
)
OF_THE_QUESTION = (_NOBODY, _OTHER_NOBODY, *map(str, _YEARS), *_ITEMS, *_DAYS)
_SHORTEST = 4


def faulty(adapter: CheckedAdapter, number: str, other: int = 0) -> dict[str, tuple[str, Message | bytes]]:
    """Questions about somebody with which something is wrong, by what is; ``other`` has other values wrong in the same way."""
    looked = adapter.question(number, processing_number="")
    decided = adapter.decision_question(number, "0")
    return {
        "an item that there is not": ("LookUp", adapter.question(number, item_code=_ITEMS[other])),
        "a year that there is not": ("LookUp", adapter.question(number, fiscal_year=_YEARS[other])),
        "a day that is none": ("LookUp", adapter.question(number, asked_on=_DAYS[other])),
        "no day": ("LookUp", adapter.question(number, asked_on="")),
        "no procedure": ("LookUp", adapter.question(number, procedure_code="", inquirer="", processing_number="")),
        "a procedure that is none": ("LookUp", adapter.question(number, procedure_code="JT", inquirer="9")),
        "bytes that do not parse": ("LookUp", looked.SerializeToString() + b"\xff"),
        "a decision without an item": ("GetClerkDecision", adapter.decision_question(number, item_code="")),
        "a decision of an item that there is not": (
            "GetClerkDecision",
            adapter.decision_question(number, item_code=_ITEMS[other]),
        ),
        "a decision that does not parse": ("GetClerkDecision", decided.SerializeToString() + b"\xff"),
    }


@SUBJECT.case(
    "nothing-personal",
    "No error tells anything of whom was asked about, or of what",
    rule="Neither its text nor its metadata say anything of the question or of a person",
    at="errors",
    mend="Give every error one fixed sentence; keep exceptions and their texts in your own log.",
)
async def nothing_personal(adapter: CheckedAdapter) -> None:
    known = [each.local_number for each in adapter.about.people.people]
    asked = [
        (number, *question)
        for number in (*known, _NOBODY, _OTHER_NOBODY)
        for other in (0, 1)
        for question in faulty(adapter, number, other).values()
    ]
    replies = await adapter.quietly([(method, request) for _, method, request in asked])
    for (number, method, request), reply in zip(asked, replies, strict=True):
        if told := tells(reply, (number, *OF_THE_QUESTION)):
            adapter.show(method, request, reply)
            raise fail(f"an error ({reply.status}) tells the question{told}")


def tells(reply: Reply, words: Sequence[str]) -> str:
    """How an error has one of the words, as it is or otherwise written, to be read after "tells the question"; else empty."""
    if reply.ok:
        return ""
    if any(word.encode() in reply.everything for word in words):
        return " as it is"
    bare = _bare(reply.everything.decode("latin-1"))
    written = [word for word in map(_bare, words) if len(word) >= _SHORTEST]
    if any(word in bare for word in written):
        return ", written otherwise"
    return ", backwards" if any(word[::-1] in bare for word in written) else ""


def _bare(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", text).lower() if each.isalnum())


@SUBJECT.case(
    "same-for-everybody",
    "What is wrong with a question is said in the same words whoever it is about",
    rule="The same fault has the same status, text and metadata, whoever is asked about",
    at="errors",
    mend="Look at the question before the person, and give every fault one fixed sentence; put no name, row or id into it.",
)
async def same_for_everybody(adapter: CheckedAdapter) -> None:
    people = [_NOBODY, *(each.local_number for each in adapter.about.people.people), _OTHER_NOBODY]
    for other in (0, 1):
        asked = [faulty(adapter, number, other) for number in people]
        for what in asked[0]:
            questions = [each[what] for each in asked]
            replies = await adapter.quietly(questions)
            for question, reply in zip(questions[1:], replies[1:], strict=True):
                if differs := _differs(replies[0], reply):
                    adapter.show(*questions[0], replies[0])
                    adapter.show(*question, reply)
                    raise fail(f"{what}: {differs}")


def _differs(nobody: Reply, somebody: Reply) -> str:
    """What of two errors is not the same, in words; else empty. Raises: CaseEnd, unknown, where there is no end of its own."""
    for reply in (nobody, somebody):
        if reply.status in {"DEADLINE_EXCEEDED", "UNAVAILABLE"}:
            raise unknown(f"no end of its own: {reply}")
    if nobody.status != somebody.status:
        return f"{nobody.status} for somebody unknown, {somebody.status} for another"
    if nobody.ok:
        return ""
    if nobody.words != somebody.words:
        return "the text of the error depends on the person"
    if nobody.where != somebody.where:
        return "where of the error depends on the person"
    return "" if _beside(nobody) == _beside(somebody) else "the metadata of the error depends on the person"


def _beside(reply: Reply) -> list[tuple[str, bytes]]:
    return sorted((name, value) for name, value in reply.metadata if name != "date")


@SUBJECT.case(
    "garbled",
    "What does not parse is an error, and ends nothing",
    rule="A request that does not parse is an error",
    at="errors",
    mend="Let the library parse the request, and answer an error when it cannot.",
)
async def garbled(adapter: CheckedAdapter) -> None:
    reply = await adapter.call("LookUp", b"\xff\xff\xff", caller=adapter.about.node)
    if reply.status == "DEADLINE_EXCEEDED":
        raise unknown("no end in time")
    expect(not reply.ok, "it was answered")
    await adapter.still_answers()


@SUBJECT.case(
    "no-such-method",
    "A method that there is not is UNIMPLEMENTED",
    rule="A method that there is not is an error (UNIMPLEMENTED)",
    at="errors",
    mend="Leave unknown methods to the gRPC library.",
)
async def no_such_method(adapter: CheckedAdapter) -> None:
    reply = await adapter.call("ListEverybody", b"", caller=adapter.about.node)
    if reply.status == "DEADLINE_EXCEEDED":
        raise unknown(f"{SERVICE}/ListEverybody had no end in time")
    expect(reply.status == "UNIMPLEMENTED", f"it ended with {reply}")
