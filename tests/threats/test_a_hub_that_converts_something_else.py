"""A hub that sends a provider something else than the conversion of what was asked: it is refused, and convicted.

The hub knows everything but the agencies' keys. What it could learn by is what a provider does: here it does the same thing
whoever is asked about, before it has looked anybody up.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from warifu_kit.cli import app

CHEATS = ["another", "another_under_this_proof", "difference", "total", "unproven"]


def _judged(file: Path, root: Path) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["audit", "evidence", str(file), "--root", str(root), "--json"])
    return {"exit_code": result.exit_code, **json.loads(result.stdout)}


def _looked_up(path: Path) -> int:
    """How often the tax office found nobody under a code that it was asked about."""
    with closing(sqlite3.connect(f"{(path / 'tax' / 'node.sqlite3').as_uri()}?mode=ro", uri=True)) as store:
        return int(store.execute("SELECT COALESCE(SUM(miss_count), 0) FROM miss").fetchone()[0])


@pytest.mark.parametrize("cheat", CHEATS)
def test_it_is_refused_alike_for_the_same_person_and_for_another_and_convicted_by_what_it_signed(
    town_with: Callable[[str], Any], cheat: str
) -> None:
    with town_with(cheat) as town:
        one, other, *_ = town.people()
        first, same, another = town.ask(one, one, other)
        assert first in {"INQUIRY_STATE_ANSWERED", "INQUIRY_STATE_NOT_HELD"}, "the first is converted as it should be"
        assert same == another == "PROVIDER_FAILED provider: CONVERSION_NOT_PROVEN"
        files = sorted((town.path / "tax" / "evidence").glob("*.json"))
        assert len(files) == 2
        root = town.path / "root" / "root.pem"
        for file in files:
            assert _judged(file, root) == {"exit_code": 0, "convicts": True, "processing_number": file.stem}
        assert _looked_up(town.path) == 0
        status = json.loads(CliRunner().invoke(app, ["status", str(town.path), "--json"]).stdout)
        assert {(told["party"], told["kind"]) for told in status["warnings"]} == {("tax", "CONVERSION_NOT_PROVEN")}
