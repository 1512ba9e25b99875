"""Who makes how much of the traffic, and how it is shared out among processes that cannot all be everybody.

Decides what ``--mix`` means, and which process makes which part of which user's arrivals.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

__all__ = ["parsed_mix", "shared_out"]


def parsed_mix(text: str, usual: Mapping[str, float]) -> dict[str, float]:
    """The shares that ``text`` names (``childcare_clerk=3,auditor``), the usual ones where it is empty.

    A user named without a number has one part. Raises: ValueError, in words.
    """
    if not text.strip():
        return dict(usual)
    found: dict[str, float] = {}
    for piece in text.split(","):
        name, _, number = (each.strip() for each in piece.partition("="))
        if name not in usual:
            raise ValueError(f"there is no user {name!r}; there are {', '.join(usual)}")
        found[name] = _share(name, number)
    if not sum(found.values()):
        raise ValueError("nobody has a share")
    return found


def _share(name: str, number: str) -> float:
    try:
        share = float(number) if number else 1.0
    except ValueError:
        share = -1.0
    if not 0 <= share < 1e9:
        raise ValueError(f"the share of {name} should be a number from 0 on")
    return share


def shared_out(rates: Mapping[str, float], able: Mapping[str, Collection[str]]) -> dict[str, dict[str, float]]:
    """For each process its part of each user's rate: the same for all that can be that user; ``able`` says who can."""
    found: dict[str, dict[str, float]] = {process: {} for process in able}
    for user, rate in rates.items():
        those = [process for process, users in able.items() if user in users]
        for process in those:
            found[process][user] = rate / len(those)
    return found
