"""How long an answer takes: what the hub sees of it must not tell whether a person is known."""

from __future__ import annotations

from statistics import median

from warifu_kit.conformance.case import Subject, expect
from warifu_kit.conformance.cast import KNOWN, LATER, STRANGER, CastPerson
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "pace", "checks.md")
_TURNS = 9
_GAP_S = 0.025


@SUBJECT.case(
    "strangers",
    "Somebody unknown or unpublished is answered about as quickly as somebody known",
    rule="What a provider may not tell: whether the person exists, by outcome, size or time",
    at="the-provider",
    mend="Do the same work for everybody: no early end, no search elsewhere, no retry for whoever is not there.",
    seconds=20,
)
async def strangers(node: CheckedNode) -> None:
    for other in (STRANGER, LATER):
        if await _apart(node, other):
            node.evidence.noted("that differs; once more, for it may have been chance:")
            found = await _apart(node, other)
            expect(not found, f"in each of {2 * _TURNS} turns the one took longer: {found}")


async def _apart(node: CheckedNode, other: CastPerson) -> str:
    """How known and other differ, in words, where each of the one kind took longer than every other; else empty."""
    took: dict[str, list[float]] = {KNOWN.name: [], other.name: []}
    for turn in range(_TURNS):
        for person in (KNOWN, other) if turn % 2 else (other, KNOWN):
            reply = await node.provide(node.hands.permit(node.asked(person)))
            node.answered(reply)
            took[person.name].append(reply.seconds)
    quick, slow = sorted(took.values(), key=median)
    shown = ", ".join(f"{name} {1000 * median(times):.0f} ms" for name, times in took.items())
    apart = sorted(slow)[1] > sorted(quick)[-2] + _GAP_S and median(slow) > 2 * median(quick)
    return shown if apart else ""
