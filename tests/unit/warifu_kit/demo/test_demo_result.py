"""Counts, percentiles, checks, and the JSON they become."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu_kit.audit.logged_exchanges import Difference
from warifu_kit.audit.reconciliation import Ending, Reconciliation
from warifu_kit.blindness.needles import Secret
from warifu_kit.blindness.search import BlindnessSearch
from warifu_kit.demo.checks import population_check, procedure_check, refusal_checks
from warifu_kit.demo.outside import blindness_check, control_check, reconciliation_check
from warifu_kit.demo.plan import make_plan
from warifu_kit.demo.population import Population
from warifu_kit.demo.result import (
    SCHEMA,
    Check,
    DemoResult,
    Outcome,
    ProcedureResult,
    RefusalResult,
    count_answers,
    latency_of,
    to_json,
    write_json,
)
from warifu_kit.people.residents import AS_OF, generate


def _procedure(*ended: tuple[Outcome, str, float], pending: int = 0) -> ProcedureResult:
    total = count_answers("", "", ended)
    return ProcedureResult(
        procedure="Child allowance",
        procedure_code="JT99000000000001",
        inquirer="childcare",
        applications=1,
        decided=1,
        decisions={},
        certificates=[],
        expected_pending=pending,
        first_answer_unix_s=None,
        seconds=1.0,
        inquirers=[],
        questions=[],
        total=total,
    )


def _result(*checks: Check) -> DemoResult:
    return DemoResult(
        network="sim-1",
        suite=2,
        proofs="always",
        seed=7,
        residents=2,
        residents_file=None,
        first_exchange_unix_s=None,
        seconds={"total": 1.0},
        retries={},
        restarts={},
        procedures=[_procedure((Outcome.ANSWERED, "", 0.01))],
        refusals=[RefusalResult(name="a", expected="x", got="y", steps=["one"])],
        checks=list(checks),
    )


def test_counts_keep_answers_waits_refusals_and_failures_apart() -> None:
    ended = [
        (Outcome.ANSWERED, "", 0.1),
        (Outcome.PENDING, "", 0.2),
        (Outcome.REFUSED, "RECORD_NOT_HELD", 0.3),
        (Outcome.FAILED, "HUB_UNREACHABLE", 30.0),
        (Outcome.REFUSED, "RECORD_NOT_HELD", 0.3),
    ]
    counts = count_answers("tax", "TM00000000000002", ended)
    assert (counts.asked, counts.answered, counts.pending, counts.refused, counts.failed) == (5, 1, 1, 2, 1)
    assert counts.reasons == {"HUB_UNREACHABLE": 1, "RECORD_NOT_HELD": 2}


def test_percentiles_are_values_that_occurred() -> None:
    latency = latency_of([number / 1000 for number in range(1, 101)])
    assert (latency.p50_ms, latency.p99_ms) == (50.0, 99.0)


def test_nothing_asked_has_no_latency() -> None:
    assert latency_of([]) == latency_of([0.0])


@given(st.lists(st.floats(0, 100), min_size=1))
def test_half_of_the_inquiries_are_not_slower_than_the_median(seconds: list[float]) -> None:
    median = latency_of(seconds).p50_ms
    assert 2 * sum(round(1000 * each, 1) <= median for each in seconds) >= len(seconds)


def test_a_result_holds_only_if_every_check_does() -> None:
    good, bad = Check(name="a", holds=True, detail=""), Check(name="b", holds=False, detail="")
    assert _result(good).holds
    assert not _result(good, bad).holds


def test_the_json_begins_with_its_layout_and_that_it_is_simulated() -> None:
    told = json.loads(to_json(_result(Check(name="a", holds=False, detail="no"))))
    assert list(told)[:3] == ["schema", "simulated", "holds"]
    assert (told["schema"], told["simulated"], told["holds"]) == (SCHEMA, True, False)
    assert told["refusals"][0]["holds"] is False
    assert told["procedures"][0]["total"]["latency"] == {"p50_ms": 10.0, "p99_ms": 10.0}


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(WarifuError) as raised:
        write_json(tmp_path / "missing" / "demo.json", _result())
    assert raised.value.reason is Reason.PATH_UNUSABLE


def test_a_procedure_holds_when_all_are_answered_but_those_that_must_wait() -> None:
    answered, waiting = (Outcome.ANSWERED, "", 0.1), (Outcome.PENDING, "", 0.1)
    assert procedure_check(_procedure(answered, waiting, pending=1)).holds
    assert not procedure_check(_procedure(answered, waiting)).holds
    assert not procedure_check(_procedure(answered, answered, pending=1)).holds


def test_a_procedure_that_does_not_hold_says_for_which_reasons() -> None:
    check = procedure_check(_procedure((Outcome.REFUSED, "RECORD_NOT_HELD", 0.1)))
    assert not check.holds
    assert "1 RECORD_NOT_HELD" in check.detail


def test_a_refusal_that_came_otherwise_says_what_was_expected() -> None:
    (check,) = refusal_checks([RefusalResult(name="a", expected="x", got="y", steps=[])])
    assert not check.holds
    assert check.detail == "y; expected x"


def test_a_code_that_was_not_acquired_is_a_check_that_does_not_hold() -> None:
    plan = make_plan(generate(1, 3), 1, AS_OF)
    count = sum(len(agency.people) for agency in plan.agencies.values())
    numbers = {resident.resident_number: "" for resident in plan.residents}
    whole = Population(my_numbers=numbers, codes=count, replicas=count, not_acquired={})
    assert population_check(plan, whole).holds
    short = Population(
        my_numbers=numbers, codes=count - 1, replicas=count - 1, not_acquired={"NUMBER_NOT_DESIGNATED": 1}
    )
    check = population_check(plan, short)
    assert not check.holds
    assert "1 NUMBER_NOT_DESIGNATED" in check.detail


def test_a_difference_between_the_sides_is_shown() -> None:
    difference = Difference(subject="1" * 20, side="provider", what="record", found="none", expected="one")
    found = Reconciliation(counts={Ending.ANSWERED: 3, Ending.PENDING: 0}, differences=(difference,))
    check = reconciliation_check(found)
    assert not check.holds
    assert "1 differences in 3 exchanges: 3 answered" in check.detail
    assert "provider record is none, not one" in check.detail


def test_the_hub_is_blind_when_nothing_is_found_and_not_when_something_is() -> None:
    secret = Secret(kind="my_number", owner="resident 1", value="123456789018")
    clean, leaking = BlindnessSearch([secret]), BlindnessSearch([secret])
    clean.blob("hub: party.log", b"nothing of interest")
    leaking.blob("hub: party.log", b"asked about 123456789018")
    assert blindness_check(clean.report()).holds
    check = blindness_check(leaking.report())
    assert not check.holds
    assert "my_number of resident 1 as raw in hub: party.log" in check.detail
    assert "123456789018" not in check.detail


def test_a_search_that_finds_nothing_where_it_must_proves_nothing() -> None:
    secret = Secret(kind="my_number", owner="resident 1", value="123456789018")
    blind, seeing = BlindnessSearch([secret]), BlindnessSearch([secret])
    blind.blob("node: node.sqlite3", b"")
    seeing.blob("node: node.sqlite3", b"123456789018")
    assert not control_check(blind.report()).holds
    assert control_check(seeing.report()).holds
