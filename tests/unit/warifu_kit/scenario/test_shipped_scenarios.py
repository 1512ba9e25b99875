"""Every scenario that comes with this tree: it opens with its question, it runs at small size, and it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # altair brings it
import pytest
from ruamel.yaml import YAML

from warifu_kit.scenario.file.reading import SCHEMA_ID, load_scenario
from warifu_kit.scenario.running import run_into
from warifu_kit.scenario.told.summary import sentences
from warifu_kit.scenario.virtual.costs import load_calibration

SCENARIOS = sorted((Path(__file__).parents[4] / "scenarios").glob("*.yaml"))
SMALL = {"national_day": 0.002, "national_peak": 0.01, "tax_season": 0.02}


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_a_shipped_scenario_runs_at_small_size_and_what_it_expects_holds(
    file: Path, tmp_path: Path, silent: Callable[..., Any]
) -> None:
    scale = SMALL.get(file.stem, 0.15)
    told = run_into(tmp_path / "run", load_scenario(file), load_calibration(), silent, scale, draw=False)
    assert told["exchanges"] > 100
    assert told["scale"] == scale
    assert told["holds"], sentences(told)
    for fault in told["faults"]:
        assert fault["met"] or fault["met"] is None, "a fault that nobody met"


@pytest.mark.slow  # nine seconds each where it draws as well, all of it; the same runs without pictures are above
@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_a_shipped_scenario_is_drawn(file: Path, tmp_path: Path, silent: Callable[..., Any]) -> None:
    run_into(tmp_path / "run", load_scenario(file), load_calibration(), silent, SMALL.get(file.stem, 0.15))
    assert {each.name for each in (tmp_path / "run").iterdir()} >= {"latency.png", "ends.png", "report.html"}


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_a_shipped_scenario_opens_with_its_question_and_says_simulated(file: Path) -> None:
    lines = file.read_text("utf-8").splitlines()
    assert lines[0].startswith("# SIMULATED.")
    first = next(line for line in lines if not line.startswith("#"))
    assert first.startswith("question:")
    assert first.endswith('?"')


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_the_published_schema_lets_a_shipped_scenario_through_and_no_misspelt_one(file: Path) -> None:
    schema = json.loads((SCENARIOS[0].parents[1] / "docs" / "schema" / SCHEMA_ID).read_text("utf-8"))
    told = YAML(typ="safe", pure=True).load(file)
    jsonschema.validate(told, schema)
    told["general"]["sed"] = told["general"].pop("seed")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, schema)


def test_all_questions_are_different_and_there_are_enough_of_them() -> None:
    questions = {load_scenario(file).file.question for file in SCENARIOS}
    assert len(questions) == len(SCENARIOS) >= 9
