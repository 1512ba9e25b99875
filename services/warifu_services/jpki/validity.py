"""Until when a card and its certificates are good. Pure.

Decides by birthdays, as the rules do: a card ends at the tenth birthday after it was asked for, a minor's at the fifth; a certificate at
the fifth (the sixth when it follows one that would have ended within three months), and never after the card, nor the one for signing
after the one for authentication. Days are days in Japan. Sources: rules of JPKI, articles 13 and 49; the cities' pages.
"""

from __future__ import annotations

import datetime
from typing import Final

__all__ = ["ADULT", "LEAST_AGE_TO_SIGN", "age_on", "card_last_day", "certificate_last_day", "end_of_day"]

LEAST_AGE_TO_SIGN: Final = 15
"""Years of age below which there is no certificate for signing, as a rule."""

ADULT: Final = 18

_JAPAN: Final = datetime.timezone(datetime.timedelta(hours=9))
_RENEWED_EARLY: Final = 92
"""Days that three months have at most."""


def age_on(birth_date: datetime.date, day: datetime.date) -> int:
    """Years of age on ``day``."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def card_last_day(birth_date: datetime.date, asked: datetime.date) -> datetime.date:
    """The last day of a card asked for on a day."""
    years = 10 if age_on(birth_date, asked) >= ADULT else 5
    return _birthday_after(birth_date, asked, years)


def certificate_last_day(
    birth_date: datetime.date, issued: datetime.date, card: datetime.date, *, follows: datetime.date | None = None
) -> datetime.date:
    """The last day of a certificate issued on a day for a card whose last day is ``card``; ``follows``: of the one before."""
    is_early = follows is not None and issued <= follows <= issued + datetime.timedelta(days=_RENEWED_EARLY)
    return min(_birthday_after(birth_date, issued, 6 if is_early else 5), card)


def end_of_day(day: datetime.date) -> datetime.datetime:
    """The last second of a day in Japan, in UTC."""
    last = datetime.time(23, 59, 59, tzinfo=_JAPAN)
    return datetime.datetime.combine(day, last).astimezone(datetime.UTC)


def _birthday_after(birth_date: datetime.date, day: datetime.date, count: int) -> datetime.date:
    """The ``count``-th birthday after ``day``; of 29 February, the first of March in other years."""
    year = day.year + (_birthday_in(birth_date, day.year) <= day) + count - 1
    return _birthday_in(birth_date, year)


def _birthday_in(birth_date: datetime.date, year: int) -> datetime.date:
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return datetime.date(year, 3, 1)
