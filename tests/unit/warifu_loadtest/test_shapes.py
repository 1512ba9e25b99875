"""Each shape ends, keeps to its time and rate, and says by what came of its stages where the knee is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from warifu_loadtest.deciding.histogram import Histogram
from warifu_loadtest.deciding.stage import Outcome, Part, Stage, put_together
from warifu_loadtest.deciding.tally import ANSWERED, End, Tally
from warifu_loadtest.deciding.verdict import Thresholds, missed
from warifu_loadtest.shapes import SHAPES, Asked, Saturation

ASKED = Asked(
    rate=60.0,
    seconds=120.0,
    step_s=10.0,
    mix={"childcare_clerk": 3.0, "code_officer": 1.0},
    thresholds=Thresholds(p99_ms=500, failed_share=0.0, achieved_share=0.95),
)
KNEE = 700.0


def _came(stage: Stage, *, most: float = KNEE, p99_ms: float = 5.0, lost: tuple[str, ...] = ()) -> Outcome:
    """What comes of a stage at a network that takes ``most`` a second."""
    due = round(stage.rate * stage.seconds)
    ended = min(due, round(most * stage.seconds))
    tally = Tally()
    tally.add(End("childcare_clerk", "Inquire", ANSWERED, True), round(p99_ms * 1000))
    part = Part(seconds=stage.seconds, due=due, ended=ended, tally=tally, late=Histogram())
    return put_together(stage, [part], lost)


def _played(shape_name: str, most: float = KNEE) -> list[Outcome]:
    shape, outcomes = SHAPES[shape_name](ASKED), list[Outcome]()
    while (stage := shape.next_stage(outcomes)) is not None:
        outcomes.append(_came(stage, most=most))
        assert len(outcomes) < 100
    return outcomes


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "saturation"])
def test_a_shape_lasts_as_long_as_asked_and_never_asks_more_than_the_peak(name: str) -> None:
    stages = [outcome.stage for outcome in _played(name)]
    assert sum(stage.seconds for stage in stages) == pytest.approx(ASKED.seconds)
    assert max(stage.rate for stage in stages) == pytest.approx(ASKED.rate)


def test_the_tax_season_peaks_in_june_and_people_move_in_in_march() -> None:
    stages = {outcome.stage.name: outcome.stage for outcome in _played("tax-season")}
    assert len(stages) == 12
    assert max(stages, key=lambda month: stages[month].rate) == "June"
    moving = {month: stage.rates["code_officer"] / stage.rate for month, stage in stages.items()}
    assert max(moving, key=lambda month: moving[month]) == "March"


def test_the_search_for_saturation_stops_by_itself_with_the_knee_in_its_interval() -> None:
    outcomes = _played("saturation")
    shape = SHAPES["saturation"](ASKED)
    assert isinstance(shape, Saturation)
    knee = shape.knee(outcomes)
    assert knee.held is not None
    assert knee.not_held is not None
    assert knee.held <= KNEE / ASKED.thresholds.achieved_share * 1.001
    assert knee.not_held > KNEE


def test_a_threshold_that_is_missed_is_said_with_both_numbers() -> None:
    outcome = _came(Stage(name="one", rates={"childcare_clerk": 100.0}, seconds=10.0), most=50.0, p99_ms=900.0)
    assert missed(ASKED.thresholds, [outcome]) == [
        "p99 of 900.0 ms is above 500 ms",
        "50.0% of what was due ended in time, less than 95.0%",
    ]
    assert (outcome.asked, outcome.achieved, outcome.open_at_end) == (100.0, 50.0, 500)


def test_how_long_a_row_of_a_file_takes_is_measured_and_not_judged() -> None:
    outcome = _came(Stage(name="one", rates={"batch_officer": 1.0}, seconds=10.0), p99_ms=5.0)
    outcome.whole.tally.add(End("batch_officer", "Inquire", ANSWERED, True), 60_000_000)
    patient = replace(ASKED.thresholds, patient=frozenset({"batch_officer"}))
    assert missed(patient, [outcome]) == []
    assert missed(ASKED.thresholds, [outcome]) != []


def test_a_process_that_said_nothing_is_a_miss_whatever_the_others_saw() -> None:
    outcome = _came(Stage(name="one", rates={"childcare_clerk": 1.0}, seconds=10.0), lost=("worker-1",))
    assert missed(ASKED.thresholds, [outcome]) == ["worker-1: said nothing of a stage: lost"]


def test_a_run_without_a_call_is_not_good() -> None:
    stage = Stage(name="one", rates={}, seconds=10.0)
    assert missed(ASKED.thresholds, [put_together(stage, [Part(seconds=10.0)])]) == ["no call was made"]
