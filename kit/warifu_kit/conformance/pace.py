"""When a run ends before its last case: the basics were not answered, or everything takes too long for all to be asked.

Decides from the cases that have ended alone. A run that is stopped says why and what to do, in each case that was not begun.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from warifu_kit.conformance.case import Case, Finished, Turn, Verdict

__all__ = ["AT_ONCE", "Pace", "said_seconds"]

AT_ONCE = 55.0
"""Seconds that all cases together may take where nothing else is said."""

_OF_A_BASIC = 1.5
"""How much longer than one of the basics another case takes, about: it asks more."""
_WHOLE = 10
"""From so many seconds on none is told in parts."""
_TOO_FEW = 0.5
"""Which part of the cases has to fit into the time for a run to go on."""


@dataclass(frozen=True, slots=True)
class Pace:
    """``within_s`` is how long all cases together may take. More than usual of it is more for each case as well."""

    within_s: float = AT_ONCE

    def seconds_of(self, case: Case) -> float:
        """How long that case may take at most."""
        return case.seconds * max(1.0, self.within_s / AT_ONCE)

    def why_ended(self, finished: Sequence[Finished], left: Sequence[Case], gone_s: float) -> str:
        """Why none of ``left`` is begun, in a sentence; empty to go on. ``gone_s`` is how long the run took so far."""
        if gone_s >= self.within_s:
            words = f"not begun: the {len(finished)} cases before it took {said_seconds(self.within_s)}"
            return f"{words}; --timeout SECONDS gives more"
        basics = [each for each in finished if each.case.turn is Turn.BASIC]
        if not_told := _not_told(basics):
            return not_told
        only_basics_ended = basics and len(basics) == len(finished) and left[0].turn is not Turn.BASIC
        return self._too_slow(basics, left, gone_s) if only_basics_ended else ""

    def _too_slow(self, basics: Sequence[Finished], left: Sequence[Case], gone_s: float) -> str:
        """Looked at once, after the basics: what goes on then goes on to its end."""
        each_s = _OF_A_BASIC * sum(each.seconds for each in basics) / len(basics)
        wanted_s = each_s * len(left)
        if wanted_s * _TOO_FEW <= self.within_s - gone_s:
            return ""
        whole_s = math.ceil((gone_s + wanted_s) / 10) * 10
        return (
            f"not begun: it is slow, and the {len(left)} cases after the basics would take about {said_seconds(wanted_s)};"
            f" run it with --timeout {whole_s}, or a part with --only"
        )


def _not_told(basics: Sequence[Finished]) -> str:
    for each in basics:
        if each.verdict is Verdict.UNKNOWN:
            return f"not begun: {each.case.case_id} could not be told ({each.words}); mend that first"
    return ""


def said_seconds(seconds: float) -> str:
    """So many seconds in words: "55 seconds", "1 second", "0.4 seconds", never none."""
    shown = f"{seconds:.0f}" if seconds >= _WHOLE else f"{seconds:.2g}"
    return f"{shown} second{'' if shown == '1' else 's'}"
