"""Every row of the threats page names a test that plays it."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAYING = runpy.run_path(str(ROOT / "tools" / "play_threats.py"))
ROWS = list(PLAYING["rows"](PLAYING["PAGE"].read_text("utf-8")))


def test_each_party_alone_and_each_coalition_of_two_has_its_rows() -> None:
    who = {row.who for row in ROWS}
    assert {"hub", "provider", "inquirer", "authority"} <= who
    assert {
        "hub and inquirer",
        "hub and provider",
        "hub and authority",
        "inquirer and provider",
        "two providers",
    } <= who
    assert {"authority and an agency, either side", "two inquirers"} <= who


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.who}: {row.act[:40]}")
def test_a_row_names_tests_that_are_there(row: Any) -> None:
    assert row.tests
    for test in row.tests:
        assert "def test_" in (ROOT / test).read_text("utf-8"), test
