"""Checking one party from beginning to end: is it there, then case by case.

Decides that nothing is run, and no verdict is given, where the party cannot be reached as itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version

from warifu.errors import Reason, WarifuError
from warifu.rpc.address import check_address
from warifu.rpc.probe import Peer, find_certificate
from warifu_kit.conformance.adapter_under_check import AdapterUnderCheck, CheckedAdapter
from warifu_kit.conformance.awkward import awkward_in, said_of
from warifu_kit.conformance.case import Case, Finished
from warifu_kit.conformance.evidence import Evidence
from warifu_kit.conformance.outcome import Outcome
from warifu_kit.conformance.pace import AT_ONCE
from warifu_kit.conformance.runner import run_cases
from warifu_kit.conformance.watch import Watch
from warifu_kit.conformance.wire.sockets import somebody_listens
from warifu_kit.conformance.wire.spoken import why_no_grpc

__all__ = ["check_adapter", "reach"]

_ADVICE = "Say which made-up people it knows: --people FILE (docs/guide/prove.md)."
_CONNECT_S = 5.0
_READY_S = 5.0

Ended = Callable[[Finished], None]


async def check_adapter(
    about: AdapterUnderCheck,
    cases: Sequence[Case],
    *,
    ended: Ended,
    expected: frozenset[str] = frozenset(),
    within_s: float = AT_ONCE,
    seed: int | None = None,
) -> Outcome:
    """Run ``cases`` within so many seconds; ``ended`` hears of each. With a ``seed`` the kit's calls are awkward on purpose.

    Raises: what :func:`reach` raises.
    """
    await reach(about)
    watch = Watch()

    @asynccontextmanager
    async def prepared(case: Case, evidence: Evidence) -> AsyncIterator[CheckedAdapter]:
        async with CheckedAdapter(about, evidence, watch, awkward_in(case, evidence, seed)) as checked:
            yield checked

    finished = []
    async for each in run_cases(cases, prepared, within_s=within_s, is_there=lambda: somebody_listens(about.endpoint)):
        finished.append(each)
        ended(each)
    people = len(about.people.people)
    return Outcome(
        party="adapter",
        target=about.endpoint,
        about=f"business system {about.system.uri}, {people} known people{said_of(seed)}",
        version=version("warifu"),
        finished=tuple(finished),
        expected=expected,
        advice="" if people else _ADVICE,
    )


async def reach(about: AdapterUnderCheck) -> None:
    """See that the business system is there, as itself, and answers calls.

    Raises: NOT_CONNECTED, PEER_NOT_TRUSTED when nobody, or somebody else, answers there; ADAPTER_TIMED_OUT,
        ADAPTER_ANSWER_INVALID when what answers there answers no call; CONFIG_INVALID for no address.
    """
    check_address(about.endpoint, where=f"--target {about.endpoint}")
    peer = Peer(target=about.endpoint, expect=about.system, root_pem=about.root_pem)
    await find_certificate(peer, frozenset(), _CONNECT_S)
    await _answers_calls(about)


async def _answers_calls(about: AdapterUnderCheck) -> None:
    """See that a gRPC server answers, be it with an error."""
    async with CheckedAdapter(about, Evidence()) as checked:
        reply = await checked.call("GetReadiness", b"", caller=about.node, seconds=_READY_S)
    whom = f"business system at {about.endpoint}"
    if reply.status == "DEADLINE_EXCEEDED":
        raise WarifuError(
            Reason.ADAPTER_TIMED_OUT, where=f"{whom}: connected, and no answer within {_READY_S:.0f} seconds"
        )
    if why := why_no_grpc(reply):
        raise WarifuError(Reason.ADAPTER_ANSWER_INVALID, where=f"{whom}: {why}")
    if reply.status == "UNIMPLEMENTED":
        raise WarifuError(Reason.ADAPTER_ANSWER_INVALID, where=f"{whom}: no AdapterService answers: {reply.status}")
