"""Which moments come of an arrival process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from warifu_loadtest.shapes.tax_season import MONTHS as MONTHS_OF_LOAD_TEST

from warifu.errors import WarifuError
from warifu_kit.scenario.file.scenario import Scenario
from warifu_kit.scenario.virtual import workload as workloads
from warifu_kit.scenario.virtual.arrivals import HOURS, MONTHS, moments
from warifu_kit.scenario.virtual.costs import Calibration
from warifu_kit.scenario.virtual.workload import HELD, HELD_BACK, NOT_HELD, workload

Asked = Callable[..., Scenario]


@pytest.fixture
def drawn(asked: Asked) -> Callable[..., Any]:
    """The moments of one stream."""

    def draw(arrivals: str, *lines: str, scale: float = 1.0, beside: str = "", **options: Any) -> Any:
        traffic = f"traffic: [{{row: R02, provider: residence, {beside} arrivals: {{{arrivals}}}}}]"
        scenario = asked(traffic, *lines, **options)
        generator = np.random.Generator(np.random.SFC64(scenario.seed))
        return moments(scenario, scenario.streams[0], generator, scale)

    return draw


def test_constant_arrivals_are_even(drawn: Callable[..., Any]) -> None:
    found = drawn("process: constant, rate: 4/s")
    assert len(found) == 240
    np.testing.assert_allclose(np.diff(found), 0.25)


@pytest.mark.parametrize(
    "arrivals",
    ["process: poisson, rate: 50/s", "process: diurnal, rate: 50/s", "process: june_peak, rate: 80/s"],
)
def test_random_arrivals_come_in_order_within_the_run_as_often_as_asked(
    drawn: Callable[..., Any], arrivals: str
) -> None:
    duration = "1d" if "diurnal" in arrivals else "60s"
    rate = 80 * np.mean(MONTHS) if "june" in arrivals else 50
    found = drawn(arrivals, duration=duration, scale=0.01 if "diurnal" in arrivals else 1.0)
    expected = rate * (86_400 * 0.01 if "diurnal" in arrivals else 60)
    assert len(found) == pytest.approx(expected, abs=5 * np.sqrt(expected))
    assert (np.diff(found) >= 0).all()
    assert 0 <= found[0] <= found[-1] < (86_400 if "diurnal" in arrivals else 60)


def test_gaps_of_a_poisson_process_vary_as_much_as_they_last(drawn: Callable[..., Any]) -> None:
    gaps = np.diff(drawn("process: poisson, rate: 100/s"))
    assert gaps.std() / gaps.mean() == pytest.approx(1.0, abs=0.1)


def test_offices_are_busy_in_the_morning_and_not_at_night(drawn: Callable[..., Any]) -> None:
    by_hour = np.bincount((drawn("process: diurnal, rate: 1/s", duration="1d") // 3600).astype(int), minlength=24)
    assert by_hour[10] > 10 * by_hour[3] > 0
    np.testing.assert_allclose(by_hour / by_hour.sum(), np.array(HOURS) / sum(HOURS), atol=0.01)


def test_a_run_that_starts_at_nine_begins_with_the_hour_of_nine(drawn: Callable[..., Any]) -> None:
    head = 'question: "From nine on?"\ngeneral: {{seed: 7, duration: 2h, starts: "09:00"}}\nnetwork: {{members: two-of-each}}\n'
    found = drawn("process: diurnal, rate: 1/s", head=head)
    assert len(found) == pytest.approx(3600 * 24 * (HOURS[9] + HOURS[10]) / sum(HOURS), rel=0.05)


def test_june_has_most_of_a_year(drawn: Callable[..., Any]) -> None:
    found = drawn("process: june_peak, rate: 200/s", duration="120s")
    by_month = np.bincount((found // 10).astype(int), minlength=12)
    assert by_month.argmax() == 5
    assert by_month[5] == pytest.approx(2000, rel=0.1)


def test_the_months_are_those_of_the_load_test() -> None:
    assert tuple(share for _, share, _ in MONTHS_OF_LOAD_TEST) == MONTHS


def test_a_file_is_asked_by_one_office_at_night(asked: Asked, costs: Calibration) -> None:
    head = 'question: "One night?"\ngeneral: {{seed: 7, duration: 1d, starts: "12:00"}}\nnetwork: {{members: two-of-each}}\n'
    night = "traffic: [{row: R01, provider: tax, arrivals: {process: batch_nights, files: 5, rows: 40}}]"
    load = workload(asked(night, head=head), costs)
    assert len(load) == 5 * 40
    assert set(np.unique(load.at, return_counts=True)[1].tolist()) == {40}
    hours = load.at / 3600 + 12
    assert ((hours >= 22) & (hours < 30)).all()
    for at in np.unique(load.at):
        assert len(set(load.inquirer[load.at == at].tolist())) == 1
        assert len(set(load.provider[load.at == at].tolist())) == 2
    assert load.bulk.all()


def test_people_who_move_are_as_many_as_the_population_says(drawn: Callable[..., Any]) -> None:
    people = "population: {people: 1000000, household: 3, life_events: {move: 4%}}"
    found = drawn("process: life_events, event: move", people, duration="100d")
    assert len(found) == pytest.approx(1_000_000 * 0.04 * 100 / 365, rel=0.07)
    assert len(found) / len(np.unique(found)) == pytest.approx(3, rel=0.1)


def test_replayed_moments_are_those_of_the_file(drawn: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("at_s,who\n30,x\n2.5,y\n500,z\n", "utf-8")
    assert drawn("process: replay, file: calls.csv").tolist() == [2.5, 30.0]
    assert drawn("process: replay, file: calls.csv, faster: 10").tolist() == [0.25, 3.0, 50.0]


def test_a_stream_may_be_for_a_while(drawn: Callable[..., Any]) -> None:
    found = drawn("process: constant, rate: 1/s", beside="at: 20s, for: 10s,")
    assert (found[0], len(found), found[-1]) == (20.0, 10, 29.0)


def test_a_share_of_the_people_is_not_held_or_held_back(asked: Asked, costs: Calibration) -> None:
    scenario = asked(
        "traffic: [{row: R01, provider: tax, arrivals: {process: constant, rate: 200/s}}]",
        "population: {not_held: 20%, held_back: 10%}",
    )
    shares = np.bincount(workload(scenario, costs).person, minlength=3) / 12_000
    assert shares[[HELD, NOT_HELD, HELD_BACK]] == pytest.approx([0.7, 0.2, 0.1], abs=0.02)


def test_work_is_what_was_measured_on_average_and_varies_so(asked: Asked, costs: Calibration) -> None:
    scenario = asked("traffic: [{row: R01, provider: tax, arrivals: {process: constant, rate: 400/s}}]")
    work = workload(scenario, costs).work
    assert work.mean(axis=1) == pytest.approx(np.ones(5), rel=0.02)
    assert work.std(axis=1) == pytest.approx(np.full(5, 0.5), rel=0.05)


def test_more_exchanges_than_memory_was_tried_for_are_refused(
    asked: Asked, costs: Calibration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workloads, "MOST_EXCHANGES", 5_999)
    scenario = asked("traffic: [{row: R01, provider: tax, arrivals: {process: constant, rate: 100/s}}]")
    with pytest.raises(WarifuError, match=r"6,000 exchanges; 5,999 are the most"):
        workload(scenario, costs)
