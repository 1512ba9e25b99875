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
STEP = re.compile(r"^- \*\*\((\d\.\d+(?:-\d\.\d+)?)\) ", re.MULTILINE)
INQUIRER = "services/warifu_services/node/inquirer.py"
HUB = "hub/warifu_hub/exchange.py"
PROVIDER = "services/warifu_services/node/provider.py"
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


def _numbered(path: str) -> list[str]:
    """The numbers of the steps that a module's docstring lists, in its order."""
    docstring = ast.get_docstring(ast.parse((ROOT / path).read_text("utf-8"))) or ""
    return re.findall(r"^\s+\((\d\.\d+(?:-\d\.\d+)?)\) ", docstring, re.MULTILINE)


def test_the_hub_numbers_its_steps_as_the_design_does() -> None:
    assert _numbered(HUB) == [f"3.{number}" for number in range(11)]


def test_the_tour_has_every_step_of_inquirer_hub_and_provider_in_the_order_of_an_exchange(
    pages: dict[str, str],
) -> None:
    inquirer = _numbered(INQUIRER)
    before, after = ([step for step in inquirer if step.startswith(part)] for part in ("2.", "5."))
    assert before + after == inquirer
    assert STEP.findall(pages["docs/tour.md"]) == [*before, *_numbered(HUB), *_numbered(PROVIDER), *after]


@pytest.mark.parametrize("path", [INQUIRER, HUB, PROVIDER])
def test_every_numbered_step_is_marked_in_the_code(path: str) -> None:
    code = (ROOT / path).read_text("utf-8").partition('"""\n\nfrom __future__')[2]
    marked = set(re.findall(r"\b(\d\.\d+)\b", code))
    assert [step for step in _numbered(path) if not set(step.split("-")) <= marked] == []


def test_readme_and_tour_send_a_reader_to_the_same_five_files(pages: dict[str, str]) -> None:
    links = {
        page: [target.removeprefix("../") for target in re.findall(r"\]\(([^)]+)\)", _paragraph(pages[page], starts))]
        for page, starts in (("README.md", "To understand it:"), ("docs/tour.md", "To read the code along"))
    }
    assert links["README.md"][:4] == ["docs/tour.md", *links["docs/tour.md"][1:]]
    assert links["docs/tour.md"][0] == "README.md"
    assert len(links["docs/tour.md"]) == 4  # and the tour itself


def _paragraph(page: str, starts: str) -> str:
    return next(each for each in page.split("\n\n") if each.startswith(starts))
