"""What an error tells: nothing personal, and that there is one."""

from __future__ import annotations

from warifu_kit.conformance.adapter_under_check import SERVICE, CheckedAdapter
from warifu_kit.conformance.case import Subject, expect, unknown
from warifu_kit.conformance.wire.calls import Reply

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "errors", "adapter.md")


@SUBJECT.case(
    "nothing-personal",
    "No error tells anything of whom was asked about",
    rule="Neither its text nor its metadata say anything of the question or of a person",
    at="errors",
    mend="Give every error one fixed sentence; keep exceptions and their texts in your own log.",
)
async def nothing_personal(adapter: CheckedAdapter) -> None:
    known = next((each.local_number for each in adapter.about.people.people), "NOBODY-8815")
    for number in (known, "NOBODY-8815"):
        asked = (
            adapter.question(number),
            adapter.question(number, item_code="TM99999999999999"),
            adapter.question(number, fiscal_year=4_000_000_000),
            adapter.question(number, asked_on="no day"),
            adapter.question(number, procedure_code="", inquirer="", processing_number=""),
        )
        for request in asked:
            _holds_nothing(await adapter.call("LookUp", request, caller=adapter.about.node), number)
        garbled = request.SerializeToString() + b"\xff"
        _holds_nothing(await adapter.call("LookUp", garbled, caller=adapter.about.node), number)


def _holds_nothing(reply: Reply, number: str) -> None:
    if not reply.ok:
        expect(number.encode() not in reply.everything, f"an error ({reply.status}) tells the local number")


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
