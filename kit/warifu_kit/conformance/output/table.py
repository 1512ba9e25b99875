"""A run as lines of text: what is told while it goes on, and a table of what was not passed at its end; and the cases there are."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator

from warifu_kit.conformance.case import Case, Finished, Verdict
from warifu_kit.conformance.outcome import XFAIL, Outcome, foretold

__all__ = ["case_lines", "little_lines", "progress_line", "summary_lines"]

_WIDTH, _INDENT = 80, "    "
"""Columns of a list: of any terminal."""
_MOST_REASONS = 4

_MARKS = {Verdict.PASS: "pass", Verdict.FAIL: "FAIL", Verdict.UNKNOWN: "unknown", Verdict.SKIPPED: "skipped"}


def case_lines(case: Case) -> Iterator[str]:
    """One case of a list: its name, what must hold, and where that is written, which is whole on its line to be copied."""
    yield case.case_id
    yield from textwrap.wrap(case.title, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
    yield f"{_INDENT}{case.place}"


def progress_line(finished: Finished, expected: frozenset[str] = frozenset()) -> str:
    """One line for a case that has just ended; ``expected`` are names of cases that may fail."""
    why = f": {finished.words}" if finished.words else ""
    mark = XFAIL.upper() if foretold(finished, expected) else _MARKS[finished.verdict]
    return f"{mark:8} {finished.case.case_id}{why}"


def summary_lines(outcome: Outcome) -> Iterator[str]:
    """Of what failed all that helps to mend it, of what failed as expected a line, why cases were not begun, the counts."""
    for each in outcome.finished:
        if outcome.is_expected(each):
            yield progress_line(each, outcome.expected)
        elif each.verdict is Verdict.FAIL:
            yield from _failure(each)
    yield from _not_begun(outcome)
    for case_id in outcome.passed_unexpectedly:
        yield f"{case_id} passed, though it is on the list of expected failures: take it off"
    if outcome.little_looked_at:
        yield from little_lines(outcome)
    yield f"SIMULATED  {outcome.party} at {outcome.target}: {outcome.counted}"


def little_lines(outcome: Outcome) -> Iterator[str]:
    """How little was looked at, for want of what, and what would help."""
    skipped = outcome.skipped_for
    yield ""
    yield f"LITTLE WAS LOOKED AT: {skipped.total()} of {len(outcome.finished)} cases were skipped. Nothing is said of their rules."
    for why, count in skipped.most_common(_MOST_REASONS):
        yield f"{_INDENT}{count:4} {why}"
    if len(skipped) > _MOST_REASONS:
        rest = skipped.total() - sum(count for _, count in skipped.most_common(_MOST_REASONS))
        yield f"{_INDENT}{rest:4} for other reasons"
    if outcome.advice:
        yield f"{_INDENT}{outcome.advice}"


def _not_begun(outcome: Outcome) -> Iterator[str]:
    for why, count in Counter(each.words for each in outcome.finished if not each.begun).items():
        yield f"{count} cases were {why}"


def _failure(finished: Finished) -> Iterator[str]:
    case = finished.case
    yield ""
    yield f"{case.case_id}  {case.title}"
    yield f"  rule       {case.rule} ({case.place})"
    yield f"  seen       {finished.words}"
    for step in finished.steps[-6:]:
        yield f"  {step.direction:9}  {step.words}"
    yield f"  to mend    {case.mend}"
