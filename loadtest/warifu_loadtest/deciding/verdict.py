"""Whether a run was good enough, by thresholds that whoever runs it sets; and whether a stage kept up.

Decides from counts and times alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warifu_loadtest.deciding.stage import Outcome
from warifu_loadtest.deciding.tally import Tally

__all__ = ["Thresholds", "keeps_up", "missed", "whole_tally"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """``p99_ms`` milliseconds at most; shares from 0 to 1. A stage *keeps up* within all three.

    How long calls of ``patient`` users take is measured and not judged: nobody waits for the rows of a file one by one.
    """

    p99_ms: float
    failed_share: float
    achieved_share: float
    patient: frozenset[str] = frozenset()


def whole_tally(outcomes: Sequence[Outcome]) -> Tally:
    """All calls of a run."""
    whole = Tally()
    for outcome in outcomes:
        whole.merge(outcome.whole.tally)
    return whole


def missed(thresholds: Thresholds, outcomes: Sequence[Outcome]) -> list[str]:
    """Each threshold that a run misses, in a sentence; none where it is good."""
    found = [f"{name}: said nothing of a stage: lost" for outcome in outcomes for name in outcome.lost]
    tally = whole_tally(outcomes)
    if not tally.calls:
        return [*found, "no call was made"]
    due = sum(outcome.whole.due for outcome in outcomes)
    achieved = sum(outcome.whole.ended for outcome in outcomes) / due if due else 0.0
    return found + _missed(thresholds, tally, achieved)


def keeps_up(thresholds: Thresholds, outcome: Outcome) -> bool:
    """Whether the network kept up with one stage."""
    tally = outcome.whole.tally
    return tally.calls > 0 and not outcome.lost and not _missed(thresholds, tally, outcome.share_achieved)


def _missed(thresholds: Thresholds, tally: Tally, achieved: float) -> list[str]:
    found = []
    p99_ms = tally.took(without=thresholds.patient).percentile(99) / 1000
    failed = tally.failures / tally.calls
    if p99_ms > thresholds.p99_ms:
        found.append(f"p99 of {p99_ms:,.1f} ms is above {thresholds.p99_ms:,g} ms")
    if failed > thresholds.failed_share:
        found.append(f"{tally.failures} of {tally.calls} calls failed, more than {thresholds.failed_share:.2%}")
    if achieved < thresholds.achieved_share:
        found.append(f"{achieved:.1%} of what was due ended in time, less than {thresholds.achieved_share:.1%}")
    return found
