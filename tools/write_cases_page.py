#!/usr/bin/env python3
"""Writes the lists of cases in docs/guide/cases.md from the cases that there are.

With ``--check`` nothing is written and a page that differs is an error.

Usage::

    .venv/bin/python tools/write_cases_page.py
    .venv/bin/python tools/write_cases_page.py --check
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from warifu_kit.conformance.registry import PARTIES, cases_of

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "guide" / "cases.md"


def _lines() -> Iterator[str]:
    yield "# The cases of `warifu check`"
    yield ""
    yield "**SIMULATED.** Written by `tools/write_cases_page.py` from the cases themselves; [how to run them](prove.md)."
    for party in PARTIES:
        cases = cases_of(party)
        if cases:
            yield ""
            yield f"## `warifu check {party}`: {len(cases)} cases"
            yield ""
            yield "| case | what must hold | the rule |"
            yield "|---|---|---|"
        for case in cases:
            link = case.place.removeprefix("docs/")
            yield f"| `{case.case_id}` | {_cell(case.title)} | [{_cell(case.rule)}](../{link}) |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def page() -> str:
    """The page as it has to be."""
    return "".join(f"{line}\n" for line in _lines())


def main() -> int:
    """Write the page, or with ``--check`` compare it. Returns the exit status."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), "utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text("utf-8") != page():
        print(f"{PAGE.relative_to(ROOT)} is stale; run: .venv/bin/python tools/{Path(__file__).name}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
