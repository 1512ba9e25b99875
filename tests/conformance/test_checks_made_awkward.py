"""Whoever is honest passes every case also when the kit's calls are awkward on purpose, time after time."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.conftest import CheckedAdapters, CheckedInquirers, CheckedNodes
from tests.conformance.honest_adapter import HonestAdapter
from tests.conformance.honest_inquirer import HonestInquirer
from tests.conformance.honest_node import HonestNode
from tests.conformance.test_real_nodes import IN_JAVASCRIPT, LONG, OURS
from typer.testing import CliRunner

from warifu_kit.cli import app
from warifu_kit.conformance.case import Verdict
from warifu_kit.conformance.outcome import Outcome
from warifu_kit.network.creation import create_network

ROOT = Path(__file__).resolve().parents[2]
SEEDS = range(1, 21)
AMISS = {Verdict.FAIL, Verdict.UNKNOWN}
NODES = {
    "ours": OURS,
    "in JavaScript": IN_JAVASCRIPT,
}


def amiss(outcome: Outcome) -> dict[str, str]:
    """What did not go well, with why: as nothing should."""
    return {each.case.case_id: each.words for each in outcome.finished if each.verdict in AMISS}


@pytest.fixture
def honest_ones(
    checked: CheckedAdapters, checked_node: CheckedNodes, checked_inquirer: CheckedInquirers
) -> dict[str, Callable[[int], Awaitable[Outcome]]]:
    """Each of the tests' honest ones, checked by a seed."""
    return {
        "adapter": lambda seed: checked(HonestAdapter, seed=seed),
        "node": lambda seed: checked_node(HonestNode, seed=seed),
        "inquirer": lambda seed: checked_inquirer(HonestInquirer, seed=seed),
    }


@pytest.fixture
def checked_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Runs `warifu check` on a network of its own by a seed; the result as it is told to machines."""
    monkeypatch.setenv("NODE_PATH", str(ROOT / ".node" / "node_in_javascript" / "node_modules"))
    beside, program = Path(sys.executable), ROOT / "examples" / "node_in_javascript" / "node.js"

    def check(kind: str, party: str, start: str, seed: int) -> dict[str, Any]:
        create_network(tmp_path / "net")
        names = {
            "warifu": beside.with_name("warifu"),
            "node": beside.with_name("node"),
            "program": program,
            "python": sys.executable,
        }
        told = tmp_path / "told.json"
        words = [
            "--start",
            start.format(party=party, **names),
            "--json",
            str(told),
            "--awkward",
            "--seed",
            str(seed),
            "--timeout",
            LONG,
        ]
        result = CliRunner().invoke(app, ["check", kind, str(tmp_path / "net"), party, *words])
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(told.read_text("utf-8"))
        return found

    return check


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["adapter", "node", "inquirer"])
async def test_an_honest_one_passes_though_calls_are_awkward(honest_ones: dict[str, Any], kind: str) -> None:
    outcome = await honest_ones[kind](7)
    assert amiss(outcome) == {}
    assert outcome.about.endswith(", AWKWARD: --awkward --seed 7")
    noted = [step.words for each in outcome.finished for step in each.steps if step.words.startswith("awkward: ")]
    assert len(noted) > len(outcome.finished) // 10, "hardly anything was awkward"


@pytest.mark.awkward
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["adapter", "node", "inquirer"])
async def test_an_honest_one_passes_by_every_seed(honest_ones: dict[str, Any], kind: str, seed: int) -> None:
    assert amiss(await honest_ones[kind](seed)) == {}


@pytest.mark.awkward
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("kind", "party"), [("node", "tax"), ("inquirer", "childcare")])
@pytest.mark.parametrize("whose", NODES)
def test_a_node_passes_by_every_seed(
    checked_by_command: Callable[..., dict[str, Any]], kind: str, party: str, whose: str, seed: int
) -> None:
    told = checked_by_command(kind, party, NODES[whose], seed)
    assert (told["counts"]["fail"], told["counts"]["unknown"]) == (0, 0)
