"""A run as one JSON object, for machines."""

from __future__ import annotations

from typing import Any

from warifu_kit.conformance.case import Finished, Verdict
from warifu_kit.conformance.outcome import Outcome

__all__ = ["as_json"]


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Every case with its rule and evidence; ``exit_status`` is the command's."""
    return {
        "notice": "SIMULATED",
        "party": outcome.party,
        "target": outcome.target,
        "about": outcome.about,
        "version": outcome.version,
        "exit_status": outcome.exit_status,
        "counts": {each.value: outcome.counts[each] for each in Verdict},
        "little_looked_at": outcome.little_looked_at,
        "failed_as_expected": [each.case.case_id for each in outcome.finished if outcome.is_expected(each)],
        "passed_unexpectedly": outcome.passed_unexpectedly,
        "cases": [_case(outcome, each) for each in outcome.finished],
    }


def _case(outcome: Outcome, finished: Finished) -> dict[str, Any]:
    case = finished.case
    return {
        "case": case.case_id,
        "title": case.title,
        "rule": case.rule,
        "place": case.place,
        "verdict": finished.verdict.value,
        "expected_to_fail": case.case_id in outcome.expected,
        "seen": finished.words,
        "evidence": [{"direction": step.direction, "words": step.words} for step in finished.steps],
        "mend": case.mend,
        "seconds": round(finished.seconds, 3),
    }
