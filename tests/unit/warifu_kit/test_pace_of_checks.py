"""A run ends early, and says why, where the basics are not answered or most cases would not be begun in the time."""

from __future__ import annotations

from warifu_kit.conformance.case import Case, Finished, Turn, Verdict
from warifu_kit.conformance.pace import Pace


async def looks(handed: object) -> None:
    """Never run here."""


def case(turn: Turn, name: str = "one") -> Case:
    told = {"title": "It holds", "rule": "What must hold", "place": "docs/x.md#y", "mend": "Mend it."}
    return Case(case_id=f"adapter.made-up.{name}", check=looks, turn=turn, **told)  # type: ignore[arg-type]  # all text


def ended(turn: Turn, seconds: float, verdict: Verdict = Verdict.PASS) -> Finished:
    return Finished(case=case(turn), verdict=verdict, words="no answer", steps=(), seconds=seconds)


LEFT = [case(Turn.USUAL)] * 80


def test_a_quick_target_is_asked_everything() -> None:
    assert Pace().why_ended([ended(Turn.BASIC, 0.05)] * 5, LEFT, 0.25) == ""


def test_a_slow_target_is_asked_the_basics_and_then_no_more_and_how_long_it_would_take_is_said() -> None:
    basics = [ended(Turn.BASIC, 4.0)] * 5
    assert Pace().why_ended(basics[:4], [case(Turn.BASIC), *LEFT], 16.0) == ""
    why = Pace().why_ended(basics, LEFT, 20.0)
    assert why.startswith("not begun: it is slow, and the 80 cases after the basics would take about 480 seconds")
    assert "--timeout 500" in why
    assert Pace(500).why_ended(basics, LEFT, 20.0) == ""


def test_what_went_on_after_the_basics_goes_on_to_its_end() -> None:
    finished = [ended(Turn.BASIC, 0.1), ended(Turn.USUAL, 9.0)]
    assert Pace().why_ended(finished, LEFT, 9.1) == ""


def test_a_basic_that_could_not_be_told_ends_the_run_and_is_named() -> None:
    why = Pace().why_ended([ended(Turn.BASIC, 4.0, Verdict.UNKNOWN)], [case(Turn.BASIC), *LEFT], 4.0)
    assert why == "not begun: adapter.made-up.one could not be told (no answer); mend that first"


def test_a_basic_that_failed_ends_nothing() -> None:
    assert Pace().why_ended([ended(Turn.BASIC, 0.1, Verdict.FAIL)], LEFT, 0.1) == ""


def test_the_time_ends_a_run_and_more_can_be_given() -> None:
    assert "--timeout SECONDS gives more" in Pace(10).why_ended([ended(Turn.USUAL, 11.0)], LEFT, 11.0)
    assert Pace(110).seconds_of(LEFT[0]) == 2 * Pace().seconds_of(LEFT[0]) == 2 * Pace(5).seconds_of(LEFT[0])


def test_cases_that_were_chosen_without_basics_are_asked() -> None:
    assert Pace().why_ended([ended(Turn.USUAL, 20.0)], LEFT, 20.0) == ""
