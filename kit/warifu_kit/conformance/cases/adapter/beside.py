"""Nothing beside an answer: looked for in every answer of the whole run, whichever case asked for it."""

from __future__ import annotations

from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Subject, Turn, fail

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "beside", "adapter.md")


async def _ask_everything(adapter: CheckedAdapter) -> None:
    """Each call about everybody, so that there is something to look at where this case is run alone."""
    await adapter.readiness()
    for number in (*(each.local_number for each in adapter.about.people.people), "NOBODY-0"):
        for released in (False, True):
            await adapter.call("LookUp", adapter.question(number, released=released), caller=adapter.about.node)
        await adapter.call("GetClerkDecision", adapter.decision_question(number), caller=adapter.about.node)
    for each in adapter.about.people.people:
        await adapter.call("LookUp", adapter.question_found(each), caller=adapter.about.node)


def _see_none(adapter: CheckedAdapter, *, fields: bool) -> None:
    seen = {what: method for what, method in adapter.watch.seen.items() if (": " in what) is fields}
    if seen:
        raise fail("; ".join(f"{what}, with an answer to {method}" for what, method in seen.items()))


@SUBJECT.case(
    "metadata",
    "No answer of the whole run has metadata beside it",
    rule="With an answer comes its message and what gRPC itself sends: no metadata of your own",
    at="beside-an-answer",
    mend="Set neither initial nor trailing metadata on an answer; keep timings and row counts in your log.",
    turn=Turn.LAST,
)
async def metadata(adapter: CheckedAdapter) -> None:
    await _ask_everything(adapter)
    _see_none(adapter, fields=False)


@SUBJECT.case(
    "fields",
    "No answer of the whole run, and no record in one, has fields that its message has not",
    rule="In the message, and in the record, are the fields of the contract and no other, each once",
    at="beside-an-answer",
    mend="Make messages from the contract's protos; take over no unknown fields of what you read, and join no two messages.",
    turn=Turn.LAST,
)
async def fields(adapter: CheckedAdapter) -> None:
    await _ask_everything(adapter)
    _see_none(adapter, fields=True)
