"""The two engines of the virtual clock give every exchange the same times; and both wait as long as queueing theory says."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import simpy

from warifu_kit.scenario.file.scenario import Scenario
from warifu_kit.scenario.virtual.behaviour.play import play_behaviour
from warifu_kit.scenario.virtual.behaviour.station import Station
from warifu_kit.scenario.virtual.costs import Calibration
from warifu_kit.scenario.virtual.kernel import play
from warifu_kit.scenario.virtual.national import is_kernel_enough, play_kernel
from warifu_kit.scenario.virtual.workload import workload

Asked = Callable[..., Scenario]

BUSY = (
    "traffic:",
    "  - {row: R01, provider: tax, arrivals: {process: poisson, rate: 180/s}}",
    "  - {row: R02, provider: residence, arrivals: {process: june_peak, rate: 300/s}}",
    "population: {not_held: 3%, held_back: 2%}",
)
SEEDS, CUSTOMERS, MEAN = 20, 1_500, 0.010


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_on_a_busy_day_both_end_every_exchange_at_the_same_moment(
    asked: Asked, costs: Calibration, silent: Callable[..., Any], workers: int
) -> None:
    head = (
        'question: "Are both the same?"\ngeneral: {{seed: {seed}, duration: 8s, deadline: 1h}}\n'
        f"network: {{{{members: two-of-each, hub_workers: {workers}}}}}\n"
    )
    scenario = asked(*BUSY, head=head)
    slow = play_behaviour(scenario, workload(scenario, costs), costs, silent)
    quick = play_kernel(scenario, workload(scenario, costs), costs)
    assert len(slow.load) > 2_000
    assert slow.waited.min() > 0.1, "nobody waited, and nothing was compared"
    np.testing.assert_allclose(slow.done_at, quick.done_at, rtol=0, atol=1e-9)
    np.testing.assert_allclose(slow.visits, quick.visits, rtol=0, atol=1e-6)
    np.testing.assert_allclose([slow.waited, slow.worked], [quick.waited, quick.worked], rtol=1e-5)
    assert slow.end.tolist() == quick.end.tolist()


def test_the_kernel_is_not_asked_what_it_does_not_know(asked: Asked) -> None:
    poisson = "traffic: [{row: R01, provider: tax, arrivals: {process: poisson, rate: 5/s}}]"
    crash = "faults: [{at: 1s, for: 1s, who: hub, what: crash}]"
    bulk = "traffic: [{row: R01, provider: tax, arrivals: {process: batch_nights, files: 1, rows: 1}}]"
    assert is_kernel_enough(asked(poisson))
    assert not is_kernel_enough(asked(poisson, crash))
    assert not is_kernel_enough(asked(bulk))


def _erlang_c_wait(rate: float, mean: float, servers: int) -> float:
    """The mean wait of M/M/c (Erlang C)."""
    load = rate * mean
    busy = load**servers / math.factorial(servers) * servers / (servers - load)
    all_busy = busy / (sum(load**k / math.factorial(k) for k in range(servers)) + busy)
    return all_busy * mean / (servers - load)


def _drawn(seed: int, rate: float) -> tuple[Any, Any]:
    draw = np.random.Generator(np.random.SFC64(seed))
    return np.cumsum(draw.exponential(1 / rate, CUSTOMERS)), draw.exponential(1.0, CUSTOMERS)


def _kernel_wait(seed: int, rate: float, servers: int) -> float:
    """Mean wait at the hub alone: everything else takes no time."""
    at, work = _drawn(seed, rate)
    works = np.zeros((5, CUSTOMERS), np.float32)
    works[1] = work
    means = np.array([0.0, MEAN, 0.0, 0.0, 0.0])
    nobody = np.arange(CUSTOMERS, dtype=np.int32) % 50
    played = play(at, nobody, nobody, works, means, np.zeros(5), np.zeros(5), 1, 50, servers, 1.0, 1)
    return float(played[1][1]) / CUSTOMERS


def _station_wait(seed: int, rate: float, servers: int) -> float:
    clock = simpy.Environment()
    station = Station(clock, "hub", servers)
    served = []

    def comes(at: float, takes: float) -> Any:
        yield clock.timeout(at)
        served.append(station.serve(lambda _: takes * MEAN))

    for at, takes in zip(*_drawn(seed, rate), strict=True):
        clock.process(comes(float(at), float(takes)))
    clock.run()
    return statistics.fmean(work.waited for work in served)


@pytest.mark.parametrize("mean_wait", [_kernel_wait, _station_wait])
@pytest.mark.parametrize(("servers", "busy"), [(1, 0.5), (1, 0.8), (4, 0.7)])
def test_waiting_is_what_theory_says_within_its_interval(
    mean_wait: Callable[[int, float, int], float], servers: int, busy: float
) -> None:
    rate = busy * servers / MEAN
    waits = [mean_wait(seed, rate, servers) for seed in range(SEEDS)]
    half = 3.883 * statistics.stdev(waits) / math.sqrt(SEEDS)  # Student's t, 19 degrees of freedom, 99.9 %
    theory = _erlang_c_wait(rate, MEAN, servers)
    assert statistics.fmean(waits) == pytest.approx(theory, abs=half)
    assert half < theory / 2, "an interval that holds anything"
