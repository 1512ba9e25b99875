"""A run as one HTML page that needs nothing else: evidence to hand over.

Decides that everything others wrote is shown as text, that the page loads nothing, that SIMULATED stands on it, and that whoever
opens it sees first of whom and of when it is, and what failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape

from warifu_kit.conformance.case import Finished, Verdict
from warifu_kit.conformance.outcome import Outcome
from warifu_kit.conformance.output.table import little_lines

__all__ = ["as_page"]

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "h1{font-size:1.4rem}.notice{background:#7a1f1f;color:#fff;padding:.3rem .8rem;font-weight:600}"
    "details{border-bottom:1px solid #ddd;padding:.35rem 0}summary{cursor:pointer}"
    ".pass{color:#1d6b2f}.fail{color:#a11;font-weight:700}.unknown{color:#8a5a00;font-weight:700}.skipped,.xfail{color:#666}"
    "table{border-collapse:collapse}th{text-align:left;padding-right:1rem}nav{background:#f5f0f0;padding:.3rem .8rem}"
    "code{font-size:.85em;overflow-wrap:anywhere}dt{font-weight:600}dd{margin:0 0 .4rem 1rem}"
)


def as_page(outcome: Outcome, *, ended: datetime) -> str:
    """The page of a run that ended then."""
    surprises = "".join(
        f"<p>{escape(each)} passed, though expected to fail.</p>" for each in outcome.passed_unexpectedly
    )
    cases = "\n".join(_case(outcome, each) for each in outcome.finished)
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>warifu check {escape(outcome.party)}: {escape(outcome.target)}, {_minute(ended)}</title>"
        f'<style>{_STYLE}</style>\n<p class="notice">SIMULATED. No statement about a real system or person.</p>\n'
        f"<h1>warifu check {escape(outcome.party)}</h1>\n{_about(outcome, ended)}\n"
        f"<p><strong>{outcome.counted}</strong></p>\n{_little(outcome)}{surprises}{''.join(_jumps(outcome))}{cases}\n</html>\n"
    )


def _about(outcome: Outcome, ended: datetime) -> str:
    told = {
        "target": outcome.target,
        "ended": _minute(ended),
        "about": outcome.about,
        "warifu": outcome.version,
        "expected to fail": ", ".join(sorted(outcome.expected)) or "nothing",
    }
    rows = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in told.items())
    return f"<table>{rows}</table>"


def _little(outcome: Outcome) -> str:
    """How little was looked at, where it was."""
    told = "".join(f"<li>{escape(line.strip())}</li>" for line in little_lines(outcome) if line)
    return f'<nav class="fail"><ul>{told}</ul></nav>\n' if outcome.little_looked_at else ""


def _jumps(outcome: Outcome) -> Iterator[str]:
    """To what is amiss, first what nobody expected."""
    unexpected = [each for each in outcome.finished if each.verdict is Verdict.FAIL and not outcome.is_expected(each)]
    for heading, amiss in (
        ("Failed", unexpected),
        ("Failed, as expected", [each for each in outcome.finished if outcome.is_expected(each)]),
        ("Unknown", [each for each in outcome.finished if each.verdict is Verdict.UNKNOWN]),
    ):
        links = "".join(
            f'<li><a href="#{escape(each.case.case_id)}"><code>{escape(each.case.case_id)}</code></a>'
            f" {escape(each.case.title)}</li>"
            for each in amiss
        )
        if links:
            yield f"<nav><strong>{heading}</strong><ul>{links}</ul></nav>\n"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _case(outcome: Outcome, finished: Finished) -> str:
    case, verdict = finished.case, outcome.shown(finished)
    opened = " open" if verdict in {Verdict.FAIL.value, Verdict.UNKNOWN.value} else ""
    steps = "".join(
        f"<dt>{escape(step.direction)}</dt><dd><code>{escape(step.words)}</code></dd>" for step in finished.steps
    )
    seen = f"<dt>seen</dt><dd>{escape(finished.words)}</dd>" if finished.words else ""
    return (
        f'<details id="{escape(case.case_id)}"{opened}><summary><span class="{verdict}">{verdict}</span> <code>{escape(case.case_id)}</code>'
        f" {escape(case.title)}</summary><dl><dt>rule</dt><dd>{escape(case.rule)} <code>{escape(case.place)}</code></dd>"
        f"{seen}{steps}<dt>to mend</dt><dd>{escape(case.mend)}</dd></dl></details>"
    )
