"""Whether answers of two kinds take the same time, told from pairs of which a coin says who is asked first.

Decides by sign tests. Whatever a machine does to times it does to both of a pair alike, so that where the kinds take the same
time the coin alone says which of the two took longer: how often a test is wrong is the coin's, and not the machine's. Nothing
below a margin is told of. Pure: it is handed seconds, and knows no call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median, quantiles

__all__ = ["MARGIN_S", "Timed", "least_majority", "loud", "margin", "resolution", "told_apart"]

MARGIN_S = 0.002
"""A difference of less is not told of: finding a row and finding none differ by something, and so do their sizes."""

_MARGIN_SHARE = 0.1
_LOUD_S, _LOUD_SHARE = 0.025, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One pair: how long a record took, and how long ``other`` did, which is no record; ``sort`` says which."""

    record_s: float
    other_s: float
    sort: str

    @property
    def difference(self) -> float:
        """How much longer the other one took."""
        return self.other_s - self.record_s


def margin(pairs: Sequence[Timed]) -> float:
    """The difference from which on it counts: two milliseconds, or a tenth of what a record takes where that is more."""
    return max(MARGIN_S, _MARGIN_SHARE * median(each.record_s for each in pairs))


def least_majority(count: int, alarm: float) -> int | None:
    """Of so many fair coins, how many have to fall on one side, whichever, to be chance in ``alarm`` runs of one at most.

    None where not even all of them are enough.
    """
    tail, whole = 0, 2**count
    for heads in range(count, count // 2, -1):
        tail += comb(count, heads)
        if 2 * tail > alarm * whole:
            return heads + 1 if heads < count else None
    return count // 2 + 1


def told_apart(pairs: Sequence[Timed], alarm: float) -> str:
    """How the others differ, in words: all of them, or some; empty where chance would do as much. Each of two tests has half of ``alarm``."""
    if not pairs:
        return ""
    least = margin(pairs)
    usual = median(each.difference for each in pairs)
    if abs(usual) > least:  # half of them differ, or more: what is usual is no difference, then, and not theirs
        usual = 0.0
    return _mostly(pairs, least, alarm / 2) or _partly(pairs, usual, least, alarm / 2)


def _mostly(pairs: Sequence[Timed], least: float, alarm: float) -> str:
    """Whether most differ by more than the margin, all in one direction."""
    needed = least_majority(len(pairs), alarm)
    for words, count in _counted(pairs, 0.0, least).items():
        if needed is not None and count >= needed:
            return f"{count} of {len(pairs)} took {words} by more than {_ms(least)}"
    return ""


def _partly(pairs: Sequence[Timed], usual: float, least: float, alarm: float) -> str:
    """Whether those that are far from what is usual are all on one side."""
    counts = _counted(pairs, usual, least)
    far = sum(counts.values())
    needed = least_majority(far, alarm)
    for words, count in counts.items():
        if needed is not None and count >= needed:
            return f"of {far} that were far from the rest {count} took {words}"
    return ""


def _counted(pairs: Sequence[Timed], usual: float, least: float) -> dict[str, int]:
    """How many are beyond the margin on either side of what is usual."""
    off = [each.difference - usual for each in pairs]
    return {"longer": sum(each > least for each in off), "less time": sum(each < -least for each in off)}


def resolution(pairs: Sequence[Timed]) -> float:
    """From which difference on, about, all of these pairs would have told it: the margin, and what times vary by."""
    usual = median(each.difference for each in pairs)
    off = [abs(each.difference - usual) for each in pairs]
    return margin(pairs) + quantiles(off, n=20)[15]


def loud(pairs: Sequence[Timed]) -> bool:
    """Whether times vary so much that even a difference which everybody would see could have been missed."""
    usual = median(each.record_s for each in pairs)
    return resolution(pairs) > max(_LOUD_S, _LOUD_SHARE * usual)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
