"""The classifier: two providers lay what they hold side by side and join the exchanges of one inquirer.

Decides how they go about it and what it comes to. Each exchange has a number per *clue* (when it came, where its entry stands
in the log, what its processing number is); two of one case should be near each other by it. By each clue the exchanges of
one procedure are joined one to one, nearest first and in order of the clue, and the better way counts. Pure: values and a
seeded generator in, figures out. It never sees about whom an exchange is; who is right is told by the inquirer's own book,
which no provider has.

    accuracy   how many of the first provider's exchanges are joined to one of the same case, with its 95 % interval
    chance     the same for whoever joins blindly
    auc        how often an exchange of the same case is nearer than one of another; 0.5 where the clue says nothing
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["ClueValue", "JoinedBy", "Pooled", "Share", "join"]

_NEAREST = 64
"""Candidates looked at on either side of an exchange."""

_Z = 1.96  # of a 95 % interval

Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClueValue:
    """One exchange as a provider holds it: for which procedure, and a number for each clue. ``request_id``: its name."""

    request_id: bytes
    procedure_code: str
    clues: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of a whole, 0 to 1, and the 95 % interval about it."""

    part: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedBy:
    """What one clue is worth."""

    clue: str
    accuracy: Share
    auc: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """What two providers get: of how many exchanges, by chance, and by each clue, the best one first."""

    exchanges: int
    chance: float
    clues: tuple[JoinedBy, ...]

    @property
    def best(self) -> JoinedBy | None:
        """The clue that joins most."""
        return self.clues[0] if self.clues else None


@dataclass(slots=True)
class _Tally:
    """What one clue came to over all procedures."""

    right: int = 0
    nearer: list[float] = field(default_factory=list)


def join(
    ours: Sequence[ClueValue], theirs: Sequence[ClueValue], cases: Mapping[bytes, object], rng: random.Random
) -> Pooled:
    """Join two providers' exchanges of one inquirer. ``cases`` says of each request_id which case it belongs to.

    Only exchanges that have a case count, and of ``ours`` only those of a case that ``theirs`` have too.
    """
    exchanges, by_chance, tallies = 0, 0.0, defaultdict[str, _Tally](_Tally)
    for mine, others in _by_procedure(ours, theirs, cases):
        own, other = [cases[each.request_id] for each in mine], [cases[each.request_id] for each in others]
        shared = [place for place, case in enumerate(own) if case in set(other)]
        exchanges += len(shared)
        by_chance += sum(other.count(own[place]) / len(other) for place in shared)
        for clue in mine[0].clues:
            pair = [each.clues[clue] for each in mine], [each.clues[clue] for each in others]
            tally = tallies[clue]
            tally.right += max(
                sum(own[a] == other[b] for a, b in way if own[a] in set(other))
                for way in (_nearest_first(*pair, rng), _in_order(*pair, rng))
            )
            tally.nearer += [_nearer(pair[0][place], own[place], pair[1], other) for place in shared]
    clues = [
        JoinedBy(clue=clue, accuracy=_wilson(tally.right, exchanges), auc=_mean(tally.nearer))
        for clue, tally in tallies.items()
    ]
    clues.sort(key=lambda each: (-each.accuracy.part, -each.auc.part))
    return Pooled(exchanges=exchanges, chance=by_chance / exchanges if exchanges else 0.0, clues=tuple(clues))


def _by_procedure(
    ours: Iterable[ClueValue], theirs: Iterable[ClueValue], cases: Mapping[bytes, object]
) -> Iterator[tuple[list[ClueValue], list[ClueValue]]]:
    """Both sides' exchanges of each procedure that both have."""
    mine, others = defaultdict[str, list[ClueValue]](list), defaultdict[str, list[ClueValue]](list)
    for side, held in ((mine, ours), (others, theirs)):
        for each in held:
            if each.request_id in cases:
                side[each.procedure_code].append(each)
    for procedure in sorted(mine.keys() & others.keys()):
        yield mine[procedure], others[procedure]


def _nearest_first(ours: Sequence[float], theirs: Sequence[float], rng: random.Random) -> list[Pair]:
    """Joined one to one, the nearest two first; of those equally near, any."""
    order = _sorted(theirs, rng)
    values = [theirs[place] for place in order]
    near: list[tuple[float, float, int, int]] = []
    for mine, value in enumerate(ours):
        at = bisect_left(values, value)
        candidates = range(max(0, at - _NEAREST), min(len(values), at + _NEAREST))
        near += [(abs(values[index] - value), rng.random(), mine, order[index]) for index in candidates]
    near.sort()
    taken: dict[int, int] = {}
    given: set[int] = set()
    for _, _, mine, other in near:
        if mine not in taken and other not in given:
            taken[mine] = other
            given.add(other)
    return list(taken.items())


def _in_order(ours: Sequence[float], theirs: Sequence[float], rng: random.Random) -> list[Pair]:
    """The first to the first, the second to the second, by the clue; of equal ones, any order."""
    return list(zip(_sorted(ours, rng), _sorted(theirs, rng), strict=False))


def _sorted(values: Sequence[float], rng: random.Random) -> list[int]:
    places = list(range(len(values)))
    rng.shuffle(places)
    return sorted(places, key=values.__getitem__)


def _nearer(value: float, case: object, theirs: Sequence[float], cases: Sequence[object]) -> float:
    """How often one of the same case is nearer to ``value`` than one of another; half for those equally near."""
    distances = [abs(other - value) for other in theirs]
    same = min(distance for distance, other in zip(distances, cases, strict=True) if other == case)
    others = [distance for distance, other in zip(distances, cases, strict=True) if other != case]
    if not others:
        return 0.5
    return sum((distance > same) + 0.5 * (distance == same) for distance in others) / len(others)


def _wilson(right: int, count: int) -> Share:
    if not count:
        return Share(0.0, 0.0, 1.0)
    part, spare = right / count, _Z * _Z / count
    middle = (part + spare / 2) / (1 + spare)
    reach = _Z * math.sqrt(part * (1 - part) / count + spare / (4 * count)) / (1 + spare)
    return Share(part, max(0.0, middle - reach), min(1.0, middle + reach))


def _mean(values: Sequence[float]) -> Share:
    if len(values) < 2:
        return Share(values[0] if values else 0.5, 0.0, 1.0)
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    reach = _Z * math.sqrt(variance / len(values))
    return Share(mean, max(0.0, mean - reach), min(1.0, mean + reach))
