"""Picks the group that a suite byte names.

The byte names the group everywhere on the wire; a network has exactly one, for good. Suite 2 is there on every machine.
Suite 1 needs the system's libsodium: it is loaded only when asked for, and never replaced by the other when it is missing.
"""

from __future__ import annotations

from typing import Final

from warifu.curve.edwards25519 import SUITE_2
from warifu.curve.group import Group
from warifu.errors import Reason, WarifuError

__all__ = ["available_suites", "group_of"]

_SUITE_1: Final = 1


def group_of(suite: int) -> Group:
    """The group that a suite byte names.

    Raises: ``SUITE_UNKNOWN``; ``CONFIG_INVALID`` when this machine lacks the library of suite 1, saying what to install.
    """
    if suite == SUITE_2.suite:
        return SUITE_2
    if suite != _SUITE_1:
        raise WarifuError(Reason.SUITE_UNKNOWN)
    from warifu.curve.ristretto255 import ristretto255

    return ristretto255()


def available_suites() -> tuple[int, ...]:
    """The suites that this machine can calculate in, the cheapest first."""
    try:
        group_of(_SUITE_1)
    except WarifuError:
        return (SUITE_2.suite,)
    return _SUITE_1, SUITE_2.suite
