"""Running cases one after the other, each bounded, and the whole.

Decides that a case which takes too long, or falls over itself, is unknown; never that it passed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from warifu_kit.conformance.case import Case, CaseEnd, Finished, Verdict
from warifu_kit.conformance.evidence import Evidence, cut
from warifu_kit.conformance.pace import AT_ONCE, Pace, said_seconds

__all__ = ["run_cases"]

Prepared = Callable[[Case, Evidence], AbstractAsyncContextManager[Any]]


async def run_cases(cases: Sequence[Case], prepared: Prepared, *, within_s: float = AT_ONCE) -> AsyncIterator[Finished]:
    """Each case's end, as it comes; what is not begun within ``within_s`` seconds, or not at all, is unknown and says why.

    ``prepared`` gives what that case is handed, and tidies up after it.
    """
    begun, pace, finished, why = time.monotonic(), Pace(within_s), list[Finished](), ""
    for place, case in enumerate(cases):
        gone = time.monotonic() - begun
        why = why or pace.why_ended(finished, cases[place:], gone)
        if why:
            yield Finished(case=case, verdict=Verdict.UNKNOWN, words=why, steps=(), seconds=0.0, begun=False)
            continue
        finished.append(await _run(case, prepared, min(within_s - gone, pace.seconds_of(case))))
        yield finished[-1]


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
