"""Asking a business system what it was asked before, as its node, one call after the other.

Decides that nothing is asked of whoever cannot be reached as itself, and that a system which has answered nothing three times
running is asked no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from pkgutil import iter_modules

import warifu.api.record.v1
from warifu_kit.conformance.adapter_under_check import SERVICE, AdapterUnderCheck
from warifu_kit.conformance.checking import reach
from warifu_kit.conformance.wire.calls import Wire
from warifu_kit.faults.rpcs import every_rpc
from warifu_kit.recording.comparing import NO_ANSWER, Compared, Ended, Verdict, compare
from warifu_kit.recording.recorded import RecordedCall
from warifu_kit.recording.recording_file import Recording
from warifu_kit.recording.replayed import Replayed, ReplayOutcome, replayable

__all__ = ["replay"]

_SECONDS = 10.0
_UNANSWERED_RUNNING = 3


async def replay(
    recording: Recording,
    about: AdapterUnderCheck,
    *,
    paced: bool = False,
    ended: Callable[[Replayed], None],
    wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> ReplayOutcome:
    """Ask ``about`` all that can be asked again; ``ended`` hears of each. ``paced`` keeps the pauses between calls.

    Raises: FILE_INVALID when nothing can; what :func:`reach` raises.
    """
    for module in iter_modules(warifu.api.record.v1.__path__, f"{warifu.api.record.v1.__name__}."):
        import_module(module.name)  # so that records can be looked into
    calls, rpcs, unanswered, at_ms = replayable(recording), every_rpc(), 0, 0
    replayed: list[Replayed] = []
    await reach(about)
    wire = Wire(about.endpoint, about.system, about.root_pem)
    try:
        for line, call in calls.items():
            if call.rpc not in rpcs:
                compared = Compared(Verdict.SKIPPED, words="the contract has no such RPC")
            elif unanswered >= _UNANSWERED_RUNNING:
                compared = Compared(Verdict.SKIPPED, words=f"not asked: {unanswered} calls before had no answer")
            else:
                if paced and replayed:
                    await wait((call.at_ms - at_ms) / 1000)
                at_ms = call.at_ms
                now = await _asked(wire, about, call)
                unanswered = unanswered + 1 if now.status in NO_ANSWER else 0
                before = Ended(status=call.status, reason=call.reason, reply=call.reply)
                compared = compare(rpcs[call.rpc].reply, before, now)
            replayed.append(Replayed(line, call.rpc, compared))
            ended(replayed[-1])
    finally:
        await wire.close()
    left = len(recording.calls) - len(calls)
    return ReplayOutcome(recording=recording, target=about.endpoint, replayed=tuple(replayed), left=left)


async def _asked(wire: Wire, about: AdapterUnderCheck, call: RecordedCall) -> Ended:
    method = call.rpc.partition(".")[2]
    reply = await wire.call(f"{SERVICE}/{method}", call.request, about.node, seconds=_SECONDS)
    return Ended(status=reply.status, reason=reply.reason, reply=reply.body)
