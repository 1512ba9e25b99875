"""How long each party took for one call, as its caller is told where a network tells that at all.

Decides what is said, in one line of trailing metadata: for each party, from the one called on, its role, how long the call
took there and how much of that it waited for the party that it called itself; in whole milliseconds, which is as finely as a
provider that listens notes when a permit came. It says nothing of what was asked, or of whom.

A party tells it only in networks that were started so for load tests, and only to a caller that asks (docs/adr/0043). Which
part of the whole was where, is read from the differences: what a party waited for another, less what that one took, was on the
way between them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["HOPS_KEY", "Hop", "hops_from", "hops_text", "parts"]

HOPS_KEY = "warifu-timing"
"""Metadata key: any value of it in a request asks; the one in a reply tells."""

_MOST_HOPS = 4
_HOP = re.compile(r"(hub|agency) (0|[1-9][0-9]{0,6}) (0|[1-9][0-9]{0,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hop:
    """One party's time. ``waited_ms`` of ``took_ms`` it waited for the party that it called; 0 where it called none."""

    role: str
    took_ms: int
    waited_ms: int


def hops_text(hops: Sequence[Hop]) -> str:
    """The line that tells of ``hops``, the party called first in front."""
    return ", ".join(f"{hop.role} {hop.took_ms} {hop.waited_ms}" for hop in hops)


def hops_from(text: str) -> tuple[Hop, ...]:
    """What such a line tells; nothing, where it is none."""
    found = [_HOP.fullmatch(piece) for piece in text.split(", ", _MOST_HOPS)]
    if len(found) > _MOST_HOPS or None in found:
        return ()
    return tuple(Hop(each[1], int(each[2]), int(each[3])) for each in found if each)


def parts(whole_ms: float, hops: Sequence[Hop]) -> dict[str, float]:
    """Where the ``whole_ms`` went that an inquiry took: at its inquirer's node, the hub, the provider's node, and between.

    Nothing, unless all three told. Rounding may make a time on the way come out below zero; it is 0 then.
    """
    if [hop.role for hop in hops] != ["agency", "hub", "agency"]:
        return {}
    inquirer, hub, provider = hops
    return {
        "caller to inquirer": max(0.0, whole_ms - inquirer.took_ms),
        "inquirer": max(0.0, inquirer.took_ms - inquirer.waited_ms),
        "inquirer to hub": max(0.0, inquirer.waited_ms - hub.took_ms),
        "hub": max(0.0, hub.took_ms - hub.waited_ms),
        "hub to provider": max(0.0, hub.waited_ms - provider.took_ms),
        "provider": float(provider.took_ms),
    }
