"""A run as lines of text: what is told while it goes on, and a table of what was not passed at its end; and the cases there are."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from warifu_kit.conformance.case import Case, Finished, Verdict
from warifu_kit.conformance.outcome import Outcome

__all__ = ["case_lines", "progress_line", "summary_lines"]

_WIDTH, _INDENT = 80, "    "
"""Columns of a list: of any terminal."""

_MARKS = {Verdict.PASS: "pass", Verdict.FAIL: "FAIL", Verdict.UNKNOWN: "unknown", Verdict.SKIPPED: "skipped"}


def case_lines(case: Case) -> Iterator[str]:
    """One case of a list: its name, what must hold, and where that is written, which is whole on its line to be copied."""
    yield case.case_id
    yield from textwrap.wrap(case.title, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
    yield f"{_INDENT}{case.place}"


def progress_line(finished: Finished) -> str:
    """One line for a case that has just ended."""
    why = f": {finished.words}" if finished.words else ""
    return f"{_MARKS[finished.verdict]:8} {finished.case.case_id}{why}"


def summary_lines(outcome: Outcome) -> Iterator[str]:
    """Of what failed all that helps to mend it, then the counts."""
    for each in outcome.finished:
        if each.verdict is Verdict.FAIL:
            yield from _failure(each, "as expected" if outcome.is_expected(each) else "")
    for case_id in outcome.passed_unexpectedly:
        yield f"{case_id} passed, though it is on the list of expected failures: take it off"
    counts = ", ".join(f"{outcome.counts[each]} {each.value}" for each in Verdict)
    yield f"SIMULATED  {outcome.party} at {outcome.target}: {counts}"


def _failure(finished: Finished, remark: str) -> Iterator[str]:
    case = finished.case
    yield ""
    yield f"{case.case_id}  {case.title}{f'  ({remark})' if remark else ''}"
    yield f"  rule       {case.rule} ({case.place})"
    yield f"  seen       {finished.words}"
    for step in finished.steps[-6:]:
        yield f"  {step.direction:9}  {step.words}"
    yield f"  to mend    {case.mend}"
