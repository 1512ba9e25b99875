"""The report in a terminal of 80 columns, and progress in a pipe."""

from __future__ import annotations

import io

import pytest

from warifu_kit.demo.progress import teller
from warifu_kit.demo.report import print_report
from warifu_kit.demo.result import Check, DemoResult, Outcome, ProcedureResult, RefusalResult, count_answers
from warifu_kit.output import Terminal


def _procedure(count: int) -> ProcedureResult:
    ended = [(Outcome.ANSWERED, "", 1.234)] * count + [(Outcome.REFUSED, "RECORD_NOT_HELD", 0.1)]
    return ProcedureResult(
        procedure="Insurance benefit (健康保険給付)",
        procedure_code="JT99000000000004",
        inquirer="insurance",
        applications=count,
        decided=count,
        decisions={"category A": count},
        certificates=["Copy of the resident record (住民票の写し)"],
        expected_pending=0,
        first_answer_unix_s=1.0,
        seconds=2.0,
        inquirers=[],
        questions=[count_answers("residence", "TM99000000000001", ended)],
        total=count_answers("", "", ended),
    )


def _shown(*checks: Check, proofs: str = "always") -> str:
    result = DemoResult(
        network="sim-12345678",
        suite=2,
        proofs=proofs,
        seed=7,
        residents=100_000,
        residents_file=None,
        first_exchange_unix_s=1.0,
        seconds={"total": 12.3, "first_exchange": 4.5},
        retries={"HUB_UNREACHABLE": 3},
        restarts={"hub": 1},
        procedures=[_procedure(10_000)],
        refusals=[RefusalResult(name="no permission row", expected="NO", got="NO", steps=["asked [once]: NO"])],
        checks=list(checks),
    )
    console = Terminal(file=io.StringIO(), width=80)
    print_report(console, result)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_no_number_is_cut_off_at_eighty_columns() -> None:
    shown = _shown(Check(name="log", holds=True, detail=""))
    assert "…" not in shown
    for text in ("10001", "10000", "1234.0", "1 RECORD_NOT_HELD", "category A", "住民票の写し"):
        assert text in shown


def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    assert "asked [once]: NO" in _shown()


@pytest.mark.parametrize("proofs", ["always", "sampled:16"])
def test_the_report_says_what_the_hub_proves(proofs: str) -> None:
    shown = _shown(proofs=proofs)
    assert f"proofs {proofs}" in " ".join(shown.split())
    assert "PROOFS OFF" not in shown


def test_without_proofs_the_report_begins_and_ends_with_it() -> None:
    lines = _shown(proofs="off").rstrip().splitlines()
    said = [number for number, line in enumerate(lines) if line.startswith("PROOFS OFF: nothing that the hub converts")]
    assert len(said) == 2
    assert said[0] < 4
    assert said[1] >= len(lines) - 2


def test_restarts_and_repeated_questions_are_told() -> None:
    shown = _shown()
    assert "started again: hub × 1" in shown
    assert "asked again: 3 × HUB_UNREACHABLE" in shown


def test_what_does_not_hold_is_listed_at_the_end() -> None:
    shown = _shown(Check(name="log", holds=True, detail=""), Check(name="blind", holds=False, detail="3 hits"))
    assert "1 of 2 checks do not hold:" in shown
    assert shown.rstrip().endswith("- blind: 3 hits")
    assert "Everything holds" not in shown


def test_in_a_pipe_a_finished_phase_is_one_line() -> None:
    console = Terminal(file=io.StringIO(), width=80)
    with teller(console) as telling, telling.phase("codes acquired", 3) as phase:
        phase.advance(2)
        phase.advance()
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().startswith("codes acquired: 3/3 in ")


def test_on_a_terminal_bars_are_drawn_and_notes_go_between_them() -> None:
    console = Terminal(file=io.StringIO(), width=100, force_terminal=True, legacy_windows=False)
    with teller(console) as telling, telling.phase("codes acquired", 3) as phase:
        phase.advance(3)
        telling.note("hub: died (signal 9)")
    assert isinstance(console.file, io.StringIO)
    assert "3/3" in console.file.getvalue()
    assert "hub: died (signal 9)" in console.file.getvalue()
