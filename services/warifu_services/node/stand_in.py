"""A local number that nobody has, for a look-up about nobody.

Decides its shape: that of a number the agency uses, so that a business system takes as long over it and refuses it no
sooner. The hub sees how long an answer took, and must not see from that whether the person asked about is here. Pure.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Final

__all__ = ["LONGEST", "stand_in"]

LONGEST: Final = 64
"""Characters in the longest local number."""

_ALPHABETS: Final = (string.digits, string.ascii_uppercase, string.ascii_lowercase)


def stand_in(like: str, draw: Callable[[int], int], *, longer: int = 0) -> str:
    """A local number in the shape of ``like``, its letters and digits drawn anew, with ``longer`` digits more.

    ``draw(n)`` gives a number below ``n``.
    """
    drawn = "".join(_redrawn(character, draw) for character in like)
    return (drawn + "".join(_redrawn("0", draw) for _ in range(longer)))[-LONGEST:]


def _redrawn(character: str, draw: Callable[[int], int]) -> str:
    for alphabet in _ALPHABETS:
        if character in alphabet:
            return alphabet[draw(len(alphabet))]
    return character
