"""Running cases one after the other, each bounded, and the whole.

Decides that a case which takes too long, or falls over itself, is unknown; never that it passed. Of a party that is not there
any more nothing is asked: what it does not answer then is no fault of its.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

from warifu_kit.conformance.case import Case, CaseEnd, Finished, Verdict
from warifu_kit.conformance.evidence import Evidence, cut
from warifu_kit.conformance.pace import AT_ONCE, Pace, said_seconds

__all__ = ["IsThere", "always_there", "run_cases"]

_IN_DOUBT = frozenset({Verdict.FAIL, Verdict.UNKNOWN})

Prepared = Callable[[Case, Evidence], AbstractAsyncContextManager[Any]]
IsThere = Callable[[], Awaitable[bool]]


async def always_there() -> bool:
    """Of a party that nobody looks for."""
    return True


async def run_cases(
    cases: Sequence[Case], prepared: Prepared, *, within_s: float = AT_ONCE, is_there: IsThere = always_there
) -> AsyncIterator[Finished]:
    """Each case's end, as it comes; what is not begun within ``within_s`` seconds, or not at all, is unknown and says why.

    ``prepared`` gives what that case is handed, and tidies up after it. ``is_there`` is asked after each case that did not pass,
    and before each one from then on until the party is there again.
    """
    begun, pace, finished, why = time.monotonic(), Pace(within_s), list[Finished](), ""
    lost = ""
    for place, case in enumerate(cases):
        gone = time.monotonic() - begun
        why = why or pace.why_ended(finished, cases[place:], gone)
        lost = "" if not lost or await is_there() else lost
        if words := why or lost:
            yield Finished(case=case, verdict=Verdict.UNKNOWN, words=words, steps=(), seconds=0.0, begun=False)
            continue
        ended = await _run(case, prepared, min(within_s - gone, pace.seconds_of(case)))
        if ended.verdict in _IN_DOUBT and not await is_there():
            lost = f"not begun: nobody listens there any more, since {case.case_id}"
            ended = replace(ended, words=f"{ended.words}; after it nobody listens there any more")
        finished.append(ended)
        yield ended


async def _run(case: Case, prepared: Prepared, bound: float) -> Finished:
    evidence, begun = Evidence(), time.monotonic()
    verdict, words = await _end(case, prepared, evidence, bound)
    seconds = time.monotonic() - begun
    return Finished(case=case, verdict=verdict, words=cut(words), steps=evidence.steps(), seconds=seconds)


async def _end(case: Case, prepared: Prepared, evidence: Evidence, bound: float) -> tuple[Verdict, str]:
    try:
        async with asyncio.timeout(bound), prepared(case, evidence) as handed:
            await case.check(handed)
    except CaseEnd as end:
        return end.verdict, end.words
    except TimeoutError:
        rest = ", all that was left of --timeout" if bound < case.seconds else ""
        return Verdict.UNKNOWN, f"no end within {said_seconds(bound)}{rest}"
    except Exception as error:  # noqa: BLE001  # a case that falls over says nothing about the party
        return Verdict.UNKNOWN, f"the check itself fell over: {type(error).__name__}: {error}"
    return Verdict.PASS, ""
