"""What an error tells: nothing personal, and that there is one."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from google.protobuf.message import Message

from warifu_kit.conformance.adapter_under_check import SERVICE, CheckedAdapter
from warifu_kit.conformance.case import Subject, expect, fail, unknown
from warifu_kit.conformance.wire.calls import Reply

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "errors", "adapter.md")


_NOBODY = "NOBODY-8815"
_OTHER_NOBODY = "NOBODY-9926"
_YEARS, _ITEMS, _DAYS = (
    (4_000_000_000, 3_999_999_999),
    ("TM99999999999999", "TM88888888888888"),
    ("no day", "2026-02-31"),
)
_OF_THE_QUESTION = (_NOBODY, _OTHER_NOBODY, *map(str, _YEARS), *_ITEMS, *_DAYS)
_SHORTEST = 4


def _faulty(adapter: CheckedAdapter, number: str, other: int = 0) -> dict[str, tuple[str, Message | bytes]]:
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
    for number in (*known[:3], _NOBODY, _OTHER_NOBODY):
        for other in (0, 1):
            for method, request in _faulty(adapter, number, other).values():
                reply = await adapter.call(method, request, caller=adapter.about.node)
                _holds_nothing(reply, (number, *_OF_THE_QUESTION))


def _holds_nothing(reply: Reply, words: Sequence[str]) -> None:
    """See that an error has none of the words, as they are or otherwise written. Raises: CaseEnd."""
    if reply.ok:
        return
    expect(
        not any(word.encode() in reply.everything for word in words), f"an error ({reply.status}) tells the question"
    )
    bare = _bare(reply.everything.decode("latin-1"))
    for word in map(_bare, words):
        if len(word) >= _SHORTEST:
            expect(word not in bare, f"an error ({reply.status}) tells the question, written otherwise")
            expect(word[::-1] not in bare, f"an error ({reply.status}) tells the question, backwards")


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
    people = [*(each.local_number for each in adapter.about.people.people), _OTHER_NOBODY]
    for other in (0, 1):
        for what, (method, request) in _faulty(adapter, _NOBODY, other).items():
            first = await adapter.call(method, request, caller=adapter.about.node)
            for number in people:
                again, asked = _faulty(adapter, number, other)[what]
                _expect_same(first, await adapter.call(again, asked, caller=adapter.about.node), what)


def _expect_same(nobody: Reply, somebody: Reply, what: str) -> None:
    for reply in (nobody, somebody):
        if reply.status in {"DEADLINE_EXCEEDED", "UNAVAILABLE"}:
            raise unknown(f"{what}: no end of its own: {reply}")
    if nobody.status != somebody.status:
        raise fail(f"{what}: {nobody.status} for somebody unknown, {somebody.status} for another")
    if nobody.ok:
        return
    expect(nobody.where == somebody.where, f"{what}: where of the error depends on the person")
    expect(nobody.words == somebody.words, f"{what}: the text of the error depends on the person")
    expect(_beside(nobody) == _beside(somebody), f"{what}: the metadata of the error depends on the person")


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
