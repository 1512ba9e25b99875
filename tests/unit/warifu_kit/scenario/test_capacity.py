"""The capacity answer: its intervals, the fewest workers that keep a target, and the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import WarifuError
from warifu_kit.scenario.capacity import answer as answers
from warifu_kit.scenario.capacity.answer import answer
from warifu_kit.scenario.capacity.seeds import interval, many_seeds, played
from warifu_kit.scenario.capacity.sizing import busiest_hour, sized
from warifu_kit.scenario.file.scenario import Scenario
from warifu_kit.scenario.virtual.costs import Calibration, Visit

Asked = Callable[..., Scenario]

TRAFFIC = "traffic: [{row: R02, provider: residence, arrivals: {process: diurnal, rate: 20/s}}]"
SEEDS = range(7, 13)


@contextmanager
def threads() -> Iterator[ProcessPoolExecutor]:
    """The pool's interface on threads: what is tested is no matter of processes."""
    with ThreadPoolExecutor(2) as pool:
        yield cast(ProcessPoolExecutor, pool)


@pytest.fixture
def day(asked: Asked) -> Scenario:
    return asked(TRAFFIC, duration="2h")


def test_of_twenty_the_sixth_to_the_fifteenth_hold_the_median() -> None:
    found = interval([float(number) for number in range(1, 21)])
    assert (found.low, found.median, found.high) == (6, 10.5, 15)
    assert found.level == pytest.approx(0.9586, abs=0.0001)


def test_of_few_the_whole_range_is_told_with_what_it_is_worth() -> None:
    assert interval([3.0, 1.0, 2.0, 5.0, 4.0]).level == pytest.approx(1 - 2 / 2**5)
    assert interval([1.0]).level == 0.0


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_an_interval_holds_its_median_and_lies_within_its_values(values: list[float]) -> None:
    found = interval(values)
    assert min(values) <= found.low <= found.median <= found.high <= max(values)
    assert 0 <= found.level < 1


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    draw = np.random.Generator(np.random.SFC64(1))
    truth, held, times = math.log(2), 0, 2_000
    for _ in range(times):
        found = interval(draw.exponential(1.0, 20).tolist())
        held += found.low <= truth <= found.high
    assert held / times == pytest.approx(0.9586, abs=0.015)


def test_seeds_differ_and_the_same_seed_does_not(day: Scenario, costs: Calibration) -> None:
    with threads() as pool:
        runs = many_seeds(pool, day, costs, [7, 8, 7], lambda _: None)
    assert runs[0] == runs[2] == played(day, costs, 7)
    assert runs[0] != runs[1]


def test_the_busiest_hour_has_the_rate_of_the_busiest_hour(day: Scenario, costs: Calibration) -> None:
    runs = [played(day, costs, seed) for seed in SEEDS]
    peak = busiest_hour(day, runs, 2.0, workers=3)
    assert peak.file.network.hub_workers == 3
    assert peak.duration == 600
    found = played(peak, costs, 7)
    assert sum(found.by_stream) == pytest.approx(2 * sum(runs[0].by_stream), rel=0.1)


@pytest.mark.parametrize(("multiple", "least"), [(1.0, 1), (20.0, 2)])
def test_the_fewest_workers_keep_the_target_and_one_fewer_does_not(
    day: Scenario, costs: Calibration, multiple: float, least: int
) -> None:
    """Only the hub costs anything, so that only its workers matter."""
    free = Visit(each_us=0, shared_us=0, disk_ms=0.1, variation=0.5)
    dear = Visit(each_us=45_000, shared_us=15_000, disk_ms=0.1, variation=0.5)
    visits = {name: dear if name.startswith("hub") else free for name in costs.visits}
    costs = replace(costs, visits=visits)
    runs = [played(day, costs, seed) for seed in SEEDS]
    with threads() as pool:
        found = sized(pool, day, costs, runs, multiple, list(SEEDS), 0.5)
    assert found.keeps
    assert found.workers >= least
    assert found.p99.high <= 0.5
    if found.workers > 1:
        fewer = played(busiest_hour(day, runs, multiple, found.workers - 1), costs, SEEDS[0])
        assert fewer.p99 > 0.5


def test_no_worker_helps_whom_its_own_node_keeps_waiting(day: Scenario, costs: Calibration) -> None:
    visits = {**costs.visits, "provider_answers": Visit(each_us=1_000_000, shared_us=0, disk_ms=0.1, variation=0.5)}
    costs = replace(costs, visits=visits)
    runs = [played(day, costs, seed) for seed in SEEDS]
    with threads() as pool:
        found = sized(pool, day, costs, runs, 20.0, list(SEEDS), 0.05)
    assert not found.keeps


def test_the_page_says_simulated_what_was_run_and_an_interval_for_each_figure(
    day: Scenario, costs: Calibration, silent: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "workers", threads)
    monkeypatch.setattr(answers, "MULTIPLES", (1,))
    page = answer(day, costs, 6, 0.25, silent)
    assert page.splitlines()[2].startswith("**SIMULATED.**")
    assert "$ warifu capacity scenarios/asked.yaml --seeds 6 --target 250ms" in page
    assert page.count(" to ") >= 8
    assert "30,290,000" in page


def test_a_day_with_faults_is_no_answer_to_capacity(
    asked: Asked, costs: Calibration, silent: Callable[..., Any]
) -> None:
    scenario = asked(TRAFFIC, "faults: [{at: 1s, for: 1s, who: hub, what: crash}]")
    with pytest.raises(WarifuError, match="has faults or bulk files"):
        answer(scenario, costs, 6, 0.25, silent)


def test_the_written_page_is_of_the_shipped_scenario_and_calibration(tree_page: str) -> None:
    from warifu_kit.scenario.virtual.costs import load_calibration

    shipped = load_calibration()
    assert str(shipped.machine["cpu"]) in tree_page
    assert f"suite {shipped.network['suite']}" in tree_page
    assert "[national_day](../scenarios/national_day.yaml)" in tree_page


@pytest.fixture
def tree_page() -> str:
    from pathlib import Path

    return (Path(__file__).parents[4] / "docs" / "capacity.md").read_text("utf-8")
