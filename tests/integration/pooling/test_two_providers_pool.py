"""Two real providers that keep the rules and listen lay what they hold side by side. The residents' seed is 1."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from warifu_kit.pooling.held import provisions_held
from warifu_kit.pooling.measure import measure
from warifu_kit.pooling.pooled import Pooling, pooling_lines

RESIDENTS, SEED, RATE = 120, 1, 10.0


def _measured(folder: Path, *, spread: float = 0.0, waiting: bool = False, bulk: bool = False) -> list[Pooling]:
    found = measure(folder, residents=RESIDENTS, seed=SEED, rate=RATE, spread=spread, waiting=waiting, bulk=bulk)
    print("seed", SEED, *pooling_lines(found), sep="\n")  # noqa: T201  # shown when a test fails
    assert [each.inquirer for each in found] == ["childcare", "insurance"]
    return found


def _joined(found: Sequence[Pooling], clue: str) -> float:
    """The part of all exchanges that is joined by one clue."""
    right = sum(
        each.pooled.exchanges * next(by.accuracy.part for by in each.pooled.clues if by.clue == clue) for each in found
    )
    return right / sum(each.pooled.exchanges for each in found)


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Pooling]]:
    """A network whose offices submit both questions at once, as they come."""
    folder = tmp_path_factory.mktemp("pooling") / "net"
    return folder, _measured(folder)


def test_without_a_spread_nearly_every_case_is_joined_by_when_it_came(at_once: tuple[Path, list[Pooling]]) -> None:
    _, found = at_once
    assert _joined(found, "time of arrival") > 0.8
    assert _joined(found, "position in the log") > 0.8


def test_numbers_join_nothing(at_once: tuple[Path, list[Pooling]]) -> None:
    _, found = at_once
    for clue in ("processing number", "request_id"):
        assert _joined(found, clue) < 0.25  # chance is below a tenth


def test_the_command_says_what_it_found(at_once: tuple[Path, list[Pooling]]) -> None:
    folder, found = at_once
    words = [sys.executable, "-m", "warifu_kit.cli", "audit", "pooling", str(folder)]
    told = json.loads(subprocess.run([*words, "--json"], capture_output=True, check=True, text=True).stdout)
    assert [each["exchanges"] for each in told["poolings"]] == [each.pooled.exchanges for each in found]
    shown = subprocess.run(words, capture_output=True, check=True, text=True).stdout
    assert "residence and tax about childcare" in shown


def test_with_a_spread_few_cases_are_joined_by_anything(tmp_path: Path) -> None:
    found = _measured(tmp_path / "net", spread=6.0)
    for clue in found[0].pooled.clues:
        assert _joined(found, clue.clue) < 0.3, clue.clue


def test_of_what_is_asked_in_bulk_case_after_case_few_are_joined_by_anything(tmp_path: Path) -> None:
    found = _measured(tmp_path / "net", bulk=True)
    for clue in found[0].pooled.clues:
        assert _joined(found, clue.clue) < 0.3, clue.clue


@pytest.mark.slow
def test_what_an_office_waits_for_is_not_spread(tmp_path: Path) -> None:
    found = _measured(tmp_path / "net", spread=600.0, waiting=True)
    assert _joined(found, "time of arrival") > 0.8


def test_what_providers_keep_says_the_minute_and_no_more(at_once: tuple[Path, list[Pooling]]) -> None:
    folder, _ = at_once
    for party in ("residence", "tax"):
        held = [each for some in provisions_held(folder, party).values() for each in some]
        assert held
        assert {each.clues["time in the record"] % 60_000 for each in held} == {0.0}
