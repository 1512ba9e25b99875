"""Carrying out what a call meets, whatever carries the call.

Decides the order: wait, deliver as often as the plan says, one after the other, then end. How a request reaches the party,
and how time passes, it is told; it knows no gRPC.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf.message import DecodeError

from warifu_kit.faults.deciding import Meeting
from warifu_kit.faults.draws import Draws
from warifu_kit.faults.plan import Edit, End
from warifu_kit.faults.rpcs import Rpc

__all__ = ["Answered", "Deliver", "Outcome", "PartysOwn", "carry_out", "edited"]


@dataclass(frozen=True, slots=True)
class Answered:
    """The party replied."""

    reply: bytes


@dataclass(frozen=True, slots=True)
class PartysOwn:
    """The party itself ended the call, in the way of whatever carries it."""

    end: Any


Outcome: TypeAlias = Answered | PartysOwn | End
Deliver: TypeAlias = Callable[[bytes], Awaitable[Answered | PartysOwn]]


async def carry_out(
    meeting: Meeting,
    rpc: Rpc,
    request: bytes,
    *,
    deliver: Deliver,
    wait: Callable[[float], Awaitable[object]],
    made: bool = False,
) -> Outcome:
    """What comes of a call of ``rpc``, which the party serves, or which is ``made`` by it.

    ``wait`` takes seconds; ``deliver`` takes one request to whoever serves it, and brings the outcome.
    """
    plan = meeting.plan
    if plan.wait_ms:
        await wait(plan.wait_ms / 1000)
    edits = plan.edit_sent if made else plan.edit_request
    given = edited(rpc.request, request, edits, meeting.draws)
    outcomes = [await deliver(given) for _ in range(plan.deliveries)]
    if plan.end is not None:
        return plan.end
    first = outcomes[0]
    if isinstance(first, Answered) and not made:
        return Answered(edited(rpc.reply, first.reply, plan.edit_sent, meeting.draws))
    return first


def edited(kind: type[Any], message: bytes, edits: Sequence[Edit], draws: Draws) -> bytes:
    """``message`` with ``edits`` made; as it is where there are none, or it is none of its ``kind``."""
    if not edits:
        return message
    try:
        parsed = kind.FromString(message)
    except DecodeError:
        return message
    for edit in edits:
        edit(parsed, draws)
    return bytes(parsed.SerializeToString())
