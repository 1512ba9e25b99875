"""Checking a node from beginning to end: the stage, the node that comes to it, its people, then case by case."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from warifu.errors import Reason, WarifuError
from warifu_kit.conformance.awkward import Awkward, awkward_in, said_of
from warifu_kit.conformance.case import Case, Finished
from warifu_kit.conformance.evidence import Evidence
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer, InquirerUnderCheck
from warifu_kit.conformance.node_under_check import CheckedNode, NodeUnderCheck
from warifu_kit.conformance.outcome import Outcome
from warifu_kit.conformance.rotating import KeyChanges
from warifu_kit.conformance.runner import run_cases
from warifu_kit.conformance.stage import Stage, known_by_node_service, staged
from warifu_kit.conformance.wire.spoken import why_no_grpc

__all__ = ["Staging", "check_node", "run_inquirer_cases", "run_node_cases"]

Ended = Callable[[Finished], None]
_STOP_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """How a node is brought to the stage.

    ``start`` is a command, in which {hub}, {authority} and {dir} are replaced; without one somebody else starts the node within ``wait_s`` seconds.
    ``write_people`` is for one that serves no NodeService: it is told there whom to know. ``asks``: it is checked as
    the one who asks. With a ``seed`` the kit's calls are awkward on purpose. ``changes`` are how its keys are changed.
    """

    hub_at: str = "127.0.0.1:0"
    authority_at: str = "127.0.0.1:0"
    wait_s: float = 60.0
    start: str = ""
    write_people: Path | None = None
    asks: bool = False
    seed: int | None = None
    changes: KeyChanges


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
        async with _started(stage, staging.start) as process:
            endpoint = await _announced(stage, process, staging.wait_s)
            if staging.write_people is None:
                await known_by_node_service(stage, endpoint)
            if asks:
                inquirer = stage.inquirer_under_check(endpoint)
                return await run_inquirer_cases(inquirer, cases, ended=ended, expected=expected, seed=staging.seed)
            about = stage.under_check(endpoint)
            await _speaks_grpc(about)
            return await run_node_cases(about, cases, ended=ended, expected=expected, seed=staging.seed)


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
) -> Outcome:
    """Run ``cases`` against a node that stands on a stage and knows the cast."""
    words = f"provider {about.identity.uri}, suite {about.hands.directory.suite}"
    told = _Told(party="node", target=about.endpoint, about=words, expected=expected, seed=seed)
    return await _run(cases, lambda evidence, awkward: CheckedNode(about, evidence, awkward), told, ended)


async def run_inquirer_cases(
    about: InquirerUnderCheck,
    cases: Sequence[Case],
    *,
    ended: Ended,
    expected: frozenset[str] = frozenset(),
    seed: int | None = None,
) -> Outcome:
    """The same as the one who asks."""
    words = f"inquirer {about.uri}, suite {about.hands.directory.suite}"
    told = _Told(party="inquirer", target=about.endpoint, about=words, expected=expected, seed=seed)
    return await _run(cases, lambda evidence, awkward: CheckedInquirer(about, evidence, awkward), told, ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    party: str
    target: str
    about: str
    expected: frozenset[str]
    seed: int | None


async def _run(
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
    async for each in run_cases(cases, prepared):
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


@asynccontextmanager
async def _started(stage: Stage, command: str) -> AsyncIterator[asyncio.subprocess.Process | None]:
    """The node as a process, where a command was given; stopped at the end. Raises: PARTY_NOT_STARTED, CONFIG_INVALID."""
    if not command:
        yield None
        return
    words = _words(stage, command)
    try:
        process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.DEVNULL)
    except OSError as error:
        raise WarifuError(Reason.PARTY_NOT_STARTED, where=f"--start {words[0]}: {error.strerror}") from error
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await _ended(process.wait(), process.kill)


def _words(stage: Stage, command: str) -> list[str]:
    """The command with the places filled in; braces that are none of them stay."""
    places = {
        "{hub}": stage.hub_endpoint,
        "{authority}": stage.authority.endpoint,
        "{dir}": str(stage.path / stage.party),
    }
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"--start: {error}") from None
    for place, value in places.items():
        words = [word.replace(place, value) for word in words]
    if not words:
        raise WarifuError(Reason.CONFIG_INVALID, where="--start: no program")
    return words


async def _announced(stage: Stage, process: asyncio.subprocess.Process | None, wait_s: float) -> str:
    """Where the node listens. Raises: NOT_CONNECTED; PARTY_NOT_STARTED when its process ended before it came."""
    announced = asyncio.ensure_future(stage.announced(wait_s))
    if process is None:
        return await announced
    gone = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait({announced, gone}, return_when=asyncio.FIRST_COMPLETED)
        if announced.done():
            return announced.result()
        where = f"--start: the program ended with status {gone.result()} before a node came to the hub"
        raise WarifuError(Reason.PARTY_NOT_STARTED, where=where)
    finally:
        for task in (announced, gone):
            task.cancel()
        await asyncio.gather(announced, gone, return_exceptions=True)


async def _ended(waiting: Awaitable[int], kill: Callable[[], None]) -> None:
    task = asyncio.ensure_future(waiting)
    done, _ = await asyncio.wait({task}, timeout=_STOP_S)
    if not done:
        with suppress(ProcessLookupError):
            kill()
        await task
