"""Play every dishonest act of docs/threats.md: run the tests that each row names, and show the rows with what came of them.

    python tools/play_threats.py [-k EXPRESSION …]

Words are passed on to pytest. The exit status is 0 when every row holds, 1 when one does not.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich import box
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "threats.md"

_TEST = re.compile(r"\]\(\.\./(tests/[^)#]+\.py)\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Row:
    """One row of a table: who, the act or what they gain, and the test files that play it."""

    who: str
    act: str
    tests: tuple[str, ...]


def rows(page: str) -> Iterator[Row]:
    """The rows of the page's tables. A table whose text names its file has it for each row."""
    named: tuple[str, ...] = ()
    for line in page.splitlines():
        tests = tuple(dict.fromkeys(_TEST.findall(line)))
        if not line.startswith("|"):
            named = () if line.startswith("#") else named + tests
        elif not line.startswith(("| who ", "| together ", "|---")):
            who, act = (_LINK.sub(r"\1", cell).strip() for cell in line.strip("|").split("|")[:2])
            yield Row(who, act, tests + tuple(each for each in named if each not in tests))


def _outcomes(report: Path) -> dict[str, Counter[str]]:
    """How many tests of each file passed, failed, were left out."""
    found: dict[str, Counter[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):  # pytest wrote it
        file = case.get("classname", "").replace(".", "/") + ".py"
        what = "failed" if case.find("failure") is not None or case.find("error") is not None else "passed"
        found.setdefault(file, Counter())["left out" if case.find("skipped") is not None else what] += 1
    return found


def main(words: list[str]) -> int:
    """Run, and show. The exit status."""
    played = list(rows(PAGE.read_text("utf-8")))
    files = sorted({test for row in played for test in row.tests})
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        pytest.main(["-q", "--rootdir", str(ROOT), f"--junit-xml={report}", *files, *words])
        outcomes = _outcomes(report)
    table = Table("who", "act, or gain of two", "tests", "", title="SIMULATED: threats played", box=box.SIMPLE)
    holds = True
    for row in played:
        total = sum((outcomes.get(test, Counter()) for test in row.tests), Counter[str]())
        row_holds = total["passed"] > 0 and not total["failed"]
        holds = holds and row_holds
        table.add_row(row.who, row.act, str(total.total()), "[green]holds[/]" if row_holds else "[red]does not hold[/]")
    Console().print(table)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
