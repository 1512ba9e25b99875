"""Checking a node from beginning to end: the stage, the node that comes to it, its people, then case by case."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from warifu.errors import Reason, WarifuError
from warifu_kit.conformance.awkward import Awkward, awkward_in, said_of
from warifu_kit.conformance.case import Case, Finished
from warifu_kit.conformance.changes import NetworkChanges
from warifu_kit.conformance.evidence import Evidence
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer, InquirerUnderCheck
from warifu_kit.conformance.node_process import NodeProcess
from warifu_kit.conformance.node_under_check import CheckedNode, NodeUnderCheck
from warifu_kit.conformance.outcome import Outcome
from warifu_kit.conformance.pace import AT_ONCE
from warifu_kit.conformance.runner import run_cases
from warifu_kit.conformance.stage import known_by_node_service, staged
from warifu_kit.conformance.wire.sockets import somebody_listens
from warifu_kit.conformance.wire.spoken import why_no_grpc

__all__ = ["Staging", "check_node", "run_inquirer_cases", "run_node_cases"]

Ended = Callable[[Finished], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """How a node is brought to the stage.

    ``start`` is a command, in which {hub}, {authority}, {dir} and {clock} are replaced; without one somebody else starts the node within ``wait_s`` seconds.
    ``write_people`` is for one that serves no NodeService: it is told there whom to know. ``asks``: it is checked as
    the one who asks. With a ``seed`` the kit's calls are awkward on purpose. All cases together may take ``within_s`` seconds. ``changes`` are how the network is changed.
    """

    hub_at: str = "127.0.0.1:0"
    authority_at: str = "127.0.0.1:0"
    wait_s: float = 60.0
    start: str = ""
    write_people: Path | None = None
    asks: bool = False
    seed: int | None = None
    within_s: float = AT_ONCE
    changes: NetworkChanges


async def check_node(
    path: Path,
    party: str,
    staging: Staging,
    cases: Sequence[Case],
    *,
    said: Callable[[str], None],
    ended: Ended,
    expected: frozenset[str] = frozenset(),
) -> Outcome:
    """Run ``cases`` against the node of ``party``; ``ended`` hears of each, ``said`` of what is waited for.

    Raises: NOT_CONNECTED when no node comes; what the node says when it does not take the people; as :func:`staged`.
    """
    hub_at, authority_at, people = staging.hub_at, staging.authority_at, staging.write_people
    asks = staging.asks
    async with staged(
        path,
        party,
        hub_at=hub_at,
        authority_at=authority_at,
        changes=staging.changes,
        write_people=people,
        asks=asks,
    ) as stage:
        said(f"hub at {stage.hub_endpoint}, authority at {stage.authority.endpoint}; waiting for {stage.party}")
        async with NodeProcess(stage, staging.start, staging.wait_s) as process:
            endpoint = await process.announced()
            if staging.write_people is None:
                await known_by_node_service(stage, endpoint)
            if asks:
                inquirer = stage.inquirer_under_check(endpoint)
                return await run_inquirer_cases(
                    inquirer, cases, ended=ended, expected=expected, seed=staging.seed, within_s=staging.within_s
                )
            about = replace(
                stage.under_check(endpoint),
                has_folder="{dir}" in staging.start,
                restarts=process.killed_and_started if staging.start else None,
            )
            await _speaks_grpc(about)
            return await run_node_cases(
                about, cases, ended=ended, expected=expected, seed=staging.seed, within_s=staging.within_s
            )


async def _speaks_grpc(about: NodeUnderCheck) -> None:
    """See that a gRPC server answers the hub there, be it with an error. Raises: NOT_CONNECTED."""
    async with CheckedNode(about, Evidence()) as checked:
        why = why_no_grpc(await checked.provide(b""))
    if why:
        raise WarifuError(Reason.NOT_CONNECTED, where=f"node at {about.endpoint}: {why}")


async def run_node_cases(
    about: NodeUnderCheck,
    cases: Sequence[Case],
    *,
    ended: Ended,
    expected: frozenset[str] = frozenset(),
    seed: int | None = None,
    within_s: float = AT_ONCE,
) -> Outcome:
    """Run ``cases`` against a node that stands on a stage and knows the cast."""
    words = f"provider {about.identity.uri}, suite {about.hands.directory.suite}"
    told = _Told(party="node", target=about.endpoint, about=words, expected=expected, seed=seed, within_s=within_s)
    return await _run(about, cases, lambda evidence, awkward: CheckedNode(about, evidence, awkward), told, ended)


async def run_inquirer_cases(
    about: InquirerUnderCheck,
    cases: Sequence[Case],
    *,
    ended: Ended,
    expected: frozenset[str] = frozenset(),
    seed: int | None = None,
    within_s: float = AT_ONCE,
) -> Outcome:
    """The same as the one who asks."""
    words = f"inquirer {about.uri}, suite {about.hands.directory.suite}"
    told = _Told(party="inquirer", target=about.endpoint, about=words, expected=expected, seed=seed, within_s=within_s)
    return await _run(about, cases, lambda evidence, awkward: CheckedInquirer(about, evidence, awkward), told, ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    party: str
    target: str
    about: str
    expected: frozenset[str]
    seed: int | None
    within_s: float


async def _run(
    about: NodeUnderCheck | InquirerUnderCheck,
    cases: Sequence[Case],
    handed: Callable[[Evidence, Awkward | None], CheckedNode | CheckedInquirer],
    told: _Told,
    ended: Ended,
) -> Outcome:
    @asynccontextmanager
    async def prepared(case: Case, evidence: Evidence) -> AsyncIterator[CheckedNode | CheckedInquirer]:
        async with handed(evidence, awkward_in(case, evidence, told.seed)) as checked:
            yield checked

    finished = []
    async for each in run_cases(
        cases, prepared, within_s=told.within_s, is_there=lambda: somebody_listens(about.endpoint)
    ):
        finished.append(each)
        ended(each)
    return Outcome(
        party=told.party,
        target=told.target,
        about=f"{told.about}{said_of(told.seed)}",
        version=version("warifu"),
        finished=tuple(finished),
        expected=told.expected,
    )
