"""A node that is killed and started again: what it answered, it still knows."""

from __future__ import annotations

import asyncio

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.errors import Reason
from warifu_kit.conformance.business_side import own_records
from warifu_kit.conformance.case import Subject, Turn, expect, skip, unknown
from warifu_kit.conformance.cast import CLERK, KNOWN, SECOND, STRANGER
from warifu_kit.conformance.hands import processing_number
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "restart", "checks.md")
_READY_S, _LOOK_S = 10.0, 0.1
_NOT_YET = frozenset({Reason.RECORDS_BEHIND.value, Reason.LOG_BEHIND.value})


async def _ready_again(node: CheckedNode) -> None:
    """Kill it and wait until it answers a new permit: it compares with the hub's log first, as it should. Raises: CaseEnd."""
    await node.restart()
    loop = asyncio.get_running_loop()
    end = loop.time() + _READY_S
    while loop.time() < end:
        reply = await node.provide(node.hands.permit(node.asked(SECOND)))
        if reply.ok:
            return
        expect(not reply.reason or reply.reason in _NOT_YET, f"after it was started again it refuses: {reply}")
        await asyncio.sleep(_LOOK_S)
    raise unknown(f"{_READY_S:.0f} seconds after it was started again it answered nothing")


@SUBJECT.case(
    "answers",
    "Killed and started again, it gives what it answered again, byte for byte, and nothing anew",
    rule="record and answer are on disk, in one write; the same permit gets the stored answer, byte for byte",
    at="the-provider",
    mend="Write permit, answer and record, and have them on disk (fsync), before the answer leaves.",
    seconds=40,
    turn=Turn.LAST,
)
async def answers(node: CheckedNode) -> None:
    if node.about.restarts is None:
        raise skip("somebody else started the node; say how to with --start, and it is killed and started again")
    asked = [node.asked(person) for person in (KNOWN, STRANGER, CLERK)]
    before: list[tuple[ProvisionPermit, SignedAnswer]] = []
    for each in asked:
        permit = node.hands.permit(each)
        before.append((permit, await node.answer(permit)))
    await _ready_again(node)
    for permit, answer in before:
        expect((await node.answer(permit)) == answer, "after it was killed and started again the answer is another one")
    await node.refused(node.hands.permit(asked[0], number=processing_number()), Reason.PERMIT_REUSED)
    if node.about.business is not None:
        records = await own_records(node)
        lost = sum(permit.inquiry.context[2:18] not in records for permit, _ in before)
        expect(not lost, f"of {len(before)} exchanges that it answered before, it has no record of {lost}")
