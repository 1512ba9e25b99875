"""Whether something that is looked at again and again stays as large as it is, or grows.

Pure: numbers in, numbers out. A process's memory goes up and down by itself, and what it was a second ago says most of what it
is now; so what is looked at is means of stretches, far enough apart to say something each, and how surely they rise.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

STRETCHES = 20
_T = 2.101  # Student's t for 18 degrees of freedom, 95 %, both ends


@dataclass(frozen=True, slots=True)
class Growth:
    """By how much something grew from the first look to the last, by its slope, and the 95 % interval of that."""

    grown: float
    low: float
    high: float


def growth(looks: Sequence[float]) -> Growth:
    """The growth over ``looks``, taken at equal distances, at least two for each of the :data:`STRETCHES`.

    Least squares over the means of stretches (Draper and Smith, Applied Regression Analysis, 1.4).
    """
    size = len(looks) // STRETCHES
    assert size >= 2, "too few looks"
    means = [statistics.fmean(looks[place * size : (place + 1) * size]) for place in range(STRETCHES)]
    slope, start = statistics.linear_regression(range(STRETCHES), means)
    left = sum((mean - start - slope * place) ** 2 for place, mean in enumerate(means))
    spread = sum((place - (STRETCHES - 1) / 2) ** 2 for place in range(STRETCHES))
    error = math.sqrt(left / (STRETCHES - 2) / spread)
    return Growth(*(STRETCHES * each for each in (slope, slope - _T * error, slope + _T * error)))
