"""A run as one HTML page that needs nothing else: evidence to hand over.

Decides that everything others wrote is shown as text, that the page loads nothing, and that SIMULATED stands on it.
"""

from __future__ import annotations

from html import escape

from warifu_kit.conformance.case import Finished, Verdict
from warifu_kit.conformance.outcome import Outcome

__all__ = ["as_page"]

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "h1{font-size:1.4rem}.notice{background:#7a1f1f;color:#fff;padding:.3rem .8rem;font-weight:600}"
    "details{border-bottom:1px solid #ddd;padding:.35rem 0}summary{cursor:pointer}"
    ".pass{color:#1d6b2f}.fail{color:#a11;font-weight:700}.unknown{color:#8a5a00;font-weight:700}.skipped,.xfail{color:#666}"
    "code{font-size:.85em;overflow-wrap:anywhere}dt{font-weight:600}dd{margin:0 0 .4rem 1rem}"
)


def as_page(outcome: Outcome) -> str:
    """The page."""
    surprises = "".join(
        f"<p>{escape(each)} passed, though expected to fail.</p>" for each in outcome.passed_unexpectedly
    )
    cases = "\n".join(_case(outcome, each) for each in outcome.finished)
    about = f"{outcome.party} at {outcome.target}; {outcome.about}; warifu {outcome.version}"
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>warifu check {escape(outcome.party)}</title>'
        f'<style>{_STYLE}</style>\n<p class="notice">SIMULATED. No statement about a real system or person.</p>\n'
        f"<h1>warifu check {escape(outcome.party)}</h1>\n<p>{escape(about)}</p>\n"
        f"<p><strong>{outcome.counted}</strong></p>\n{surprises}{cases}\n</html>\n"
    )


def _case(outcome: Outcome, finished: Finished) -> str:
    case, verdict = finished.case, outcome.shown(finished)
    opened = " open" if verdict in {Verdict.FAIL.value, Verdict.UNKNOWN.value} else ""
    steps = "".join(
        f"<dt>{escape(step.direction)}</dt><dd><code>{escape(step.words)}</code></dd>" for step in finished.steps
    )
    seen = f"<dt>seen</dt><dd>{escape(finished.words)}</dd>" if finished.words else ""
    return (
        f'<details{opened}><summary><span class="{verdict}">{verdict}</span> <code>{escape(case.case_id)}</code>'
        f" {escape(case.title)}</summary><dl><dt>rule</dt><dd>{escape(case.rule)} <code>{escape(case.place)}</code></dd>"
        f"{seen}{steps}<dt>to mend</dt><dd>{escape(case.mend)}</dd></dl></details>"
    )
