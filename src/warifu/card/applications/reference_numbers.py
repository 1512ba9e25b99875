"""The numbers printed on a card that open it without a PIN: reference numbers A and B (照合番号), and the birth date by era.

Decides how they are made. Source: a survey of real cards. A is the My Number; B is the year of the Japanese era, month and day
of birth, the year in which the card ends, and the security code: 6, 4 and 4 digits. Eras: their first days by law.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from warifu.card.secrets import Pin
from warifu.identifiers import MyNumber

__all__ = ["birth_by_era", "reference_a", "reference_b"]

_ERAS: Final = (date(2019, 5, 1), date(1989, 1, 8), date(1926, 12, 25), date(1912, 7, 30), date(1868, 10, 23))


def birth_by_era(born: date) -> str:
    """Year of the era, month and day: ``020704`` for 4 July of Reiwa 2. Which era, it does not say.

    Raises: ValueError for a day before Meiji.
    """
    first = next((each for each in _ERAS if each <= born), None)
    if first is None:
        raise ValueError("nobody alive was born before Meiji")
    return f"{born.year - first.year + 1:02}{born.month:02}{born.day:02}"


def reference_a(number: MyNumber) -> Pin:
    """照合番号A: twelve digits."""
    return Pin.of(number.digits)


def reference_b(born: date, expires: date, security_code: Pin) -> Pin:
    """照合番号B: fourteen digits."""
    return Pin.of(f"{birth_by_era(born)}{expires.year:04}{security_code.sent.decode('ascii')}")
