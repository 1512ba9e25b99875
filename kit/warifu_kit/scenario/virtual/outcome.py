"""What came of every exchange of a run, in arrays by the order of arrival; the same from both engines.

Decides the ends there are. What they come to, ``told.measures`` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from warifu_kit.scenario.virtual.workload import Floats, Workload

__all__ = ["ANSWERED", "ENDS", "PENDING", "REFUSED", "UNKNOWN", "Outcome"]

ENDS = ("answered", "pending", "refused", "unknown")
"""Answered; waiting for a clerk; ended with a definite reason; ended without anybody knowing whether it happened."""

ANSWERED, PENDING, REFUSED, UNKNOWN = range(len(ENDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``done_at`` (float64, s), ``end`` (int8), ``attempts`` (int16), ``reason`` (int16, position in ``reasons``, 0 for none).

    ``visits`` has the seconds of each visit, waiting included, one row a visit; of the last attempt. ``waited`` and ``worked`` are the
    seconds of all, by visit. ``seen``: by ``tick`` seconds, who waited at the hub, at all nodes, and was served at the hub.
    ``met`` counts faults by the number of the fault.
    """

    engine: str
    load: Workload
    done_at: Floats
    end: Floats
    attempts: Floats
    reason: Floats
    reasons: tuple[str, ...]
    visits: Floats
    waited: Floats
    worked: Floats
    seen: Floats
    tick: float
    met: Mapping[int, int] = field(default_factory=dict)
    ledger: tuple[dict[str, Any], ...] = ()
    refused_attempts: Mapping[str, int] = field(default_factory=dict)

    @property
    def took(self) -> Floats:
        """Seconds of each exchange, from when it was due."""
        found: Floats = self.done_at - self.load.at
        return found
