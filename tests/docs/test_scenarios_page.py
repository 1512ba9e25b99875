"""The page about scenarios says of every measure that a file can expect in which unit its bound is, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from warifu_kit.scenario.file.expectations import MEASURES, expectation

ROW = re.compile(r"^\| (`[a-z].*`) \| .*`\"(.+)\"` \|$", re.MULTILINE)


@pytest.mark.parametrize("page", ["docs/guide/scenarios.md", "docs/ja/guide/scenarios.md"])
def test_every_measure_is_on_the_page_with_a_bound_of_its_unit(tree: Path, page: str) -> None:
    rows = ROW.findall((tree / page).read_text("utf-8"))
    bounds = {name: bound for names, bound in rows for name in re.findall(r"`(\w+)`", names)}
    assert bounds.keys() == MEASURES.keys()
    assert len(expectation(bounds)) == len(MEASURES)
