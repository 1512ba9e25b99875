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

__all__ = ["WITHIN_S", "run_cases"]

WITHIN_S = 55.0
"""How long all cases together may take; what has not begun by then is unknown."""

Prepared = Callable[[Evidence], AbstractAsyncContextManager[Any]]


async def run_cases(
    cases: Sequence[Case], prepared: Prepared, *, within_s: float = WITHIN_S
) -> AsyncIterator[Finished]:
    """Each case's end, as it comes. ``prepared`` gives what a case is handed, and tidies up after it."""
    give_up = time.monotonic() + within_s
    for case in cases:
        left = give_up - time.monotonic()
        if left <= 0:
            words = f"not begun: the cases before it took {within_s:.0f} seconds"
            yield Finished(case=case, verdict=Verdict.UNKNOWN, words=words, steps=(), seconds=0.0)
        else:
            yield await _run(case, prepared, min(left, case.seconds))


async def _run(case: Case, prepared: Prepared, bound: float) -> Finished:
    evidence, begun = Evidence(), time.monotonic()
    verdict, words = await _end(case, prepared, evidence, bound)
    seconds = time.monotonic() - begun
    return Finished(case=case, verdict=verdict, words=cut(words), steps=evidence.steps(), seconds=seconds)


async def _end(case: Case, prepared: Prepared, evidence: Evidence, bound: float) -> tuple[Verdict, str]:
    try:
        async with asyncio.timeout(bound), prepared(evidence) as handed:
            await case.check(handed)
    except CaseEnd as end:
        return end.verdict, end.words
    except TimeoutError:
        return Verdict.UNKNOWN, f"no end within {bound:.0f} seconds"
    except Exception as error:  # noqa: BLE001  # a case that falls over says nothing about the party
        return Verdict.UNKNOWN, f"the check itself fell over: {type(error).__name__}: {error}"
    return Verdict.PASS, ""
