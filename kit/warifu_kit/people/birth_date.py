"""A date of birth as a register holds it: a day, or only a month or a year where no more is known.

Decides which days such a date may mean, and so which ages. Registers have people of whom the day of birth, or month and
day, is unknown (生年月日不詳); no day is ever made up for them: whoever asks for an age is told the least and the most
it can be.
"""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass
from typing import Final, Self

__all__ = ["BirthDate"]

_FIRST_YEAR, _LAST_YEAR = 1900, 2099
_FORMS: Final = (
    re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", re.ASCII),
    re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})", re.ASCII),
)


@dataclass(frozen=True, slots=True)
class BirthDate:
    """Year, month and day; ``day`` or both ``month`` and ``day`` are None where unknown. The year is always known.

    Raises: ValueError for a date that no calendar has, a year before 1900 or after 2099, or a day without its month.
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if not _FIRST_YEAR <= self.year <= _LAST_YEAR:
            raise ValueError("the year is 1900 to 2099")
        if self.month is None and self.day is not None:
            raise ValueError("a day without its month is no date")
        datetime.date(self.year, self.month or 1, self.day or 1)

    @classmethod
    def on(cls, day: datetime.date) -> Self:
        """The date that is known to the day."""
        return cls(day.year, day.month, day.day)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``YYYY-MM-DD`` or ``YYYY/M/D``; ``00`` (or ``0``) for a day, or for month and day, that is unknown.

        Raises: ValueError for anything else.
        """
        found = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
        if found is None:
            raise ValueError("not YYYY-MM-DD or YYYY/M/D")
        year, month, day = map(int, found.groups())
        return cls(year, month or None, day or None)

    @property
    def earliest(self) -> datetime.date:
        """The first day that it may mean."""
        return datetime.date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> datetime.date:
        """The last day that it may mean."""
        month = self.month or 12
        return datetime.date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    def ages(self, on: datetime.date) -> tuple[int, int]:
        """The least and the most completed years of age on a day; the same twice where the day of birth is known."""
        return _completed_years(self.latest, on), _completed_years(self.earliest, on)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month or 0:02d}-{self.day or 0:02d}"


def _completed_years(born: datetime.date, on: datetime.date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
