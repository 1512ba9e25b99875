"""The tour names files and functions that exist, and the hub's steps as the hub numbers them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"\[`([A-Za-z_.]+)`\]\(([^)#]+\.py)\)")
STEP = re.compile(r"^- \*\*\((\d+)\) ", re.MULTILINE)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@cache
def _defined(path: Path) -> frozenset[str]:
    """What a module defines: functions, classes, their methods, and constants."""
    return frozenset(_names(ast.parse(path.read_text("utf-8")).body, ""))


def _names(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + statement.name
        elif isinstance(statement, ast.ClassDef):
            yield prefix + statement.name
            yield from _names(statement.body, f"{prefix}{statement.name}.")
        elif isinstance(statement, ast.Assign):
            yield from (prefix + target.id for target in statement.targets if isinstance(target, ast.Name))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield prefix + statement.target.id


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_name_that_a_page_links_to_a_module_is_defined_there(page: Path) -> None:
    wrong = [
        f"{name} in {target}"
        for name, target in NAMED.findall(page.read_text("utf-8"))
        if name not in _defined((page.parent / target).resolve())
    ]
    assert wrong == []


def test_the_tour_names_many_functions(pages: dict[str, str]) -> None:
    assert len(NAMED.findall(pages["docs/tour.md"])) > 40


def test_the_tour_has_the_hubs_steps_in_the_hubs_order(pages: dict[str, str]) -> None:
    source = (ROOT / "hub/warifu_hub/exchange.py").read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(source)) or ""
    steps = re.findall(r"^\s+\((\d+)\) ", docstring, re.MULTILINE)
    assert steps == [str(number) for number in range(11)]
    assert STEP.findall(pages["docs/tour.md"]) == steps


def test_every_step_that_the_tour_numbers_is_marked_in_the_hubs_code() -> None:
    source = (ROOT / "hub/warifu_hub/exchange.py").read_text("utf-8")
    code = source.partition('"""\n\nfrom __future__')[2]
    assert [number for number in range(11) if f"({number})" not in code] == []
