"""Asking in pairs how long an answer takes: a record, and something that is none, one right after the other.

Decides in two steps. The first looks whether anything is suspicious at all; the second asks anew, and only what it finds counts:
of all sorts together, of the sort that seemed to differ most, and again of those that seemed to. A party that answers all alike
fails one run in ten thousand at most, however loud the machine is (``timing`` says why); a machine too loud to tell is unknown.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import monotonic
from typing import TypeVar

from warifu.api.adapter.v1.adapter_service_pb2 import LookUpRequest
from warifu_kit.conformance.adapter_under_check import CheckedAdapter, processing_number
from warifu_kit.conformance.case import fail, unknown
from warifu_kit.conformance.timing import Timed, loud, resolution, told_apart

__all__ = ["Asked", "see_no_difference"]

Asked = Callable[[], LookUpRequest]
"""Makes a question, each time another one of its sort."""

_Some = TypeVar("_Some")

_FALSE_ALARMS = 5e-5
"""In how many runs a case may be wrong about a party that answers all alike; there are two such cases in a run."""
_ATTEMPTS = 2
_SUSPICIOUS, _SUSPICIOUS_SORT = 0.25, 0.05
_PAIRS, _FEWEST, _OF_A_SORT = 98, 28, 40
_FARTHEST, _TIMES = 5, 8
_WARM = 4
_STEP_S = 2.0
"""How long each of the two steps may ask all sorts; what takes longer is asked less often."""


@dataclass(frozen=True, slots=True)
class _Question:
    sort: str
    request: LookUpRequest

    def again(self) -> _Question:
        """The same, in another exchange."""
        request = LookUpRequest()
        request.CopyFrom(self.request)
        request.processing_number = processing_number()
        return _Question(self.sort, request)


async def see_no_difference(adapter: CheckedAdapter, record: Asked, sorts: Mapping[str, Asked]) -> None:
    """See that no sort of question takes another time than one that is answered with a record. Raises: CaseEnd."""
    pairs = _Pairs(adapter, record, sorts)
    count = await pairs.count()
    first: list[Timed] = []
    for _ in range(_ATTEMPTS):
        first, asked = await pairs.timed(pairs.fresh(count))
        if _suspicious(first):
            adapter.evidence.noted("that may be chance; asked anew, and only this counts:")
            if found := await pairs.differ(first, asked, count):
                raise fail(found)
        if not loud(first):
            return
    raise unknown(f"times vary too much here: a difference of {_ms(resolution(first))} could be missed")


def _suspicious(pairs: Sequence[Timed]) -> bool:
    if told_apart(pairs, _SUSPICIOUS) or told_apart(_farthest(pairs, pairs), _SUSPICIOUS):
        return True
    sorts = {each.sort for each in pairs}
    return any(told_apart([each for each in pairs if each.sort == sort], _SUSPICIOUS_SORT) for sort in sorts)


class _Pairs:
    """What is asked of one business system."""

    def __init__(self, adapter: CheckedAdapter, record: Asked, sorts: Mapping[str, Asked]) -> None:
        self._adapter = adapter
        self._record = record
        self._sorts = sorts

    async def count(self) -> int:
        """How many pairs there is time for, by a few that count for nothing."""
        begun = monotonic()
        for question in self.fresh(_WARM):
            await self._pair(question)
        return max(_FEWEST, min(_PAIRS, int(_STEP_S * _WARM / (monotonic() - begun))))

    def fresh(self, count: int) -> list[_Question]:
        """New questions, of each sort as many as of every other."""
        sorts = list(self._sorts)
        return [self._new(sorts[turn % len(sorts)]) for turn in range(count)]

    async def differ(self, first: Sequence[Timed], asked: Sequence[_Question], count: int) -> str:
        """How the times differ, in words, by what is asked now; empty where they do not. ``first`` says only what to ask."""
        sort, farthest = _farthest_sort(first), _farthest(first, asked)
        steps = {
            f"all {len(self._sorts)} sorts together": self.fresh(count),
            sort: [self._new(sort) for _ in range(min(count, _OF_A_SORT))],
            f"the {len(farthest)} that seemed to differ most": [each.again() for each in farthest * _TIMES],
        }
        for words, questions in steps.items():
            pairs, _ = await self.timed(questions)
            if found := told_apart(pairs, _FALSE_ALARMS / (_ATTEMPTS * len(steps))):
                return f"{words}: {found} than a record ({_medians(pairs)})"
        return ""

    async def timed(self, questions: Sequence[_Question]) -> tuple[list[Timed], list[_Question]]:
        """One pair for each, and the questions."""
        pairs = [await self._pair(each) for each in questions]
        self._adapter.evidence.noted(f"{len(pairs)} pairs: {_medians(pairs)}; {_ms(resolution(pairs))} would be seen")
        return pairs, list(questions)

    def _new(self, sort: str) -> _Question:
        return _Question(sort, self._sorts[sort]())

    async def _pair(self, question: _Question) -> Timed:
        """A coin says which is first: what comes second, or later, is so no more often the one than the other."""
        if secrets.randbits(1):
            record_s = await self._adapter.seconds_of(self._record())
            other_s = await self._adapter.seconds_of(question.request)
        else:
            other_s = await self._adapter.seconds_of(question.request)
            record_s = await self._adapter.seconds_of(self._record())
        return Timed(record_s=record_s, other_s=other_s, sort=question.sort)


def _farthest_sort(pairs: Sequence[Timed]) -> str:
    """The sort whose usual difference is the largest."""
    sorts = {each.sort for each in pairs}
    return max(sorts, key=lambda sort: abs(median(each.difference for each in pairs if each.sort == sort)))


def _farthest(pairs: Sequence[Timed], of: Sequence[_Some]) -> list[_Some]:
    """A few of ``of``, one for each pair: those whose pairs are farthest from what is usual."""
    usual = median(each.difference for each in pairs)
    places = sorted(range(len(pairs)), key=lambda place: abs(pairs[place].difference - usual))
    return [of[place] for place in places[-_FARTHEST:]]


def _medians(pairs: Sequence[Timed]) -> str:
    records, others = (median(getattr(each, name) for each in pairs) for name in ("record_s", "other_s"))
    return f"a record {_ms(records)}, the others {_ms(others)} (medians)"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
