"""How long an answer takes: what the hub sees of it must not tell whether a person is known."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Subject, expect

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "times", "adapter.md")
_TURNS = 9
_GAP_S = 0.025


@SUBJECT.case(
    "strangers",
    "Somebody unknown is answered about as quickly as somebody known",
    rule="NOT_HELD takes as long as a record does",
    at="what-is-not-there",
    mend="Do the same work for everybody: look up first, decide afterwards; no early end, no search elsewhere, no retry.",
)
async def strangers(adapter: CheckedAdapter) -> None:
    known, nobody = adapter.question_found(adapter.anybody()), adapter.question("NOBODY-0")
    if not await _differ(adapter, known, nobody):
        return
    adapter.evidence.noted("that differs; once more, for it may have been chance:")
    differ = await _differ(adapter, known, nobody)
    expect(not differ, f"in each of {2 * _TURNS} turns the one took longer: {differ}")


async def _differ(adapter: CheckedAdapter, known: adapter_pb2.LookUpRequest, nobody: adapter_pb2.LookUpRequest) -> str:
    """Ask both in turn; how they differ, in words, where every one of the one kind took longer than every other. Else empty."""
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(_TURNS):
        for place in (turn % 2, 1 - turn % 2):
            reply = await adapter.call("LookUp", (known, nobody)[place], caller=adapter.about.node)
            adapter.answered("LookUp", reply)
            took[place].append(reply.seconds)
    shown = f"known {_ms(took[0])}, unknown {_ms(took[1])} (medians)"
    quick, slow = sorted(took, key=median)
    apart = sorted(slow)[1] > sorted(quick)[-2] + _GAP_S and median(slow) > 2 * median(quick)
    return shown if apart else ""


def _ms(seconds: Sequence[float]) -> str:
    return f"{1000 * median(seconds):.0f} ms"
