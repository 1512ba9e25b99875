"""Costs by visit: what was measured comes out again, and what is no calibration is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import WarifuError
from warifu_kit.scenario.calibrating.arithmetic import COUNTED, arithmetic_us, fdatasync_ms, of_visits_us
from warifu_kit.scenario.calibrating.deriving import costs_from
from warifu_kit.scenario.calibrating.live import Level, Measured
from warifu_kit.scenario.virtual.costs import SHIPPED, TOGETHER, VISITS, Visit, load_calibration

COSTS_US = st.floats(50, 5_000)
FUNCTIONS = {"multiply": 54.0, "base": 16.0, "add": 13.0, "sign": 16.0, "verify": 48.0, "set_up": 45.0, "box": 4.0}


def level(inquirer: float, hub: float, provider: float) -> Level:
    latencies = tuple(8.0 + 0.01 * number for number in range(100))
    return Level(
        exchanges=100, rate=50, cpu_us={"inquirer": inquirer, "hub": hub, "provider": provider}, latencies_ms=latencies
    )


@given(st.tuples(COSTS_US, COSTS_US, COSTS_US), st.floats(0.2, 1.0))
def test_visits_add_up_to_what_a_party_took_alone_and_with_many(alone: tuple[float, float, float], less: float) -> None:
    """Unless many cost more than alone, which no sharing explains."""
    many = tuple(each * less for each in alone)
    measured = Measured(alone=level(*alone), many=level(*many), hub_mb=80)
    visits = costs_from(measured, of_visits_us(FUNCTIONS), 0.4, {}, {}).visits
    for parts, took_alone, took_many in (
        (("inquirer_asks", "inquirer_opens"), alone[0], many[0]),
        (("hub_permits", "hub_relays"), alone[1], many[1]),
        (("provider_answers",), alone[2], many[2]),
    ):
        if less < 1 / 16:
            continue
        assert sum(visits[part].seconds(0) for part in parts) * 1e6 == pytest.approx(took_alone, rel=0.01)
        assert sum(visits[part].seconds(15) for part in parts) * 1e6 == pytest.approx(took_many, rel=0.01)


def test_an_exchange_alone_takes_as_long_as_it_was_seen_to() -> None:
    measured = Measured(alone=level(1_300, 2_000, 1_600), many=level(450, 700, 620), hub_mb=80)
    costs = costs_from(measured, of_visits_us(FUNCTIONS), 0.3, {}, {})
    whole = sum(costs.visits[name].seconds(0) * 1e3 + costs.visits[name].disk_ms for name in VISITS)
    assert whole + 4 * costs.line_ms == pytest.approx(measured.alone.median_ms, rel=0.01)


def test_those_who_are_served_together_share_up_to_a_limit() -> None:
    visit = Visit(each_us=100, shared_us=3_200, disk_ms=0, variation=0.1)
    assert [round(visit.seconds(waiting) * 1e6) for waiting in (0, 1, 3, TOGETHER - 1, 10_000)] == [
        3300,
        1700,
        900,
        200,
        200,
    ]


def test_the_counts_are_those_that_a_test_holds_the_parties_to() -> None:
    page = (Path(__file__).parents[4] / "docs" / "performance.md").read_text("utf-8")
    roles = {
        "inquirer": ("inquirer_asks", "inquirer_opens"),
        "hub": ("hub_permits", "hub_relays"),
        "provider": ("provider_answers",),
    }
    for line, what in (
        ("multiplications of a point", "multiply"),
        ("multiplications of the generator", "base"),
        ("additions and subtractions", "add"),
        ("signatures made", "sign"),
        ("signatures verified", "verify"),
        ("set-ups of HPKE", "set_up"),
        ("boxes sealed or opened", "box"),
    ):
        cells = [
            cell.strip() for cell in next(row for row in page.splitlines() if row.startswith(f"| {line} |")).split("|")
        ]
        for cell, visits in zip(cells[2:5], roles.values(), strict=True):
            each, _, shared = cell.partition(" + ")
            counted = [COUNTED[visit].get(what, (0, 0)) for visit in visits]
            assert (int(each), int(shared or 0)) == tuple(map(sum, zip(*counted, strict=True))), (line, cell)


def test_functions_and_the_disk_are_timed_here(tmp_path: Path) -> None:
    timed = arithmetic_us(2)
    assert timed.keys() == FUNCTIONS.keys()
    assert min(timed.values()) > 0
    assert fdatasync_ms(tmp_path) > 0


def test_the_shipped_calibration_names_its_machine_and_says_simulated() -> None:
    shipped = load_calibration()
    assert {"cpu", "cores", "memory", "python"} <= shipped.machine.keys()
    assert "SIMULATED" in json.loads(SHIPPED.read_text("utf-8"))
    assert tuple(shipped.visits) == VISITS


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"SIMULATED": ""}', "no json", '{"SIMULATED": "", "visits": {}}'])
def test_what_is_no_calibration_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "costs.json"
    file.write_text(text, "utf-8")
    with pytest.raises(WarifuError, match="is no calibration"):
        load_calibration(file)


def test_a_calibration_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "costs.json"
    file.write_text(load_calibration().as_json(), "utf-8")
    assert load_calibration(file) == load_calibration()
