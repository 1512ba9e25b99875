"""A call's time runs from when it should have started, and what it counts as is for whoever made it to mean."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from warifu_loadtest.deciding.tally import ANSWERED, CUT_OFF, UNMEANT_ANSWER, End
from warifu_loadtest.driving.visit import Visit

from warifu.errors import Reason, WarifuError

SEEN = list[tuple[End, int]]


def _visit(due_s: float, clock: Iterator[int]) -> tuple[Visit, SEEN]:
    seen: SEEN = []
    return Visit("clerk", due_s, lambda: float(next(clock)), lambda end, took, _: seen.append((end, took))), seen


def _refused() -> str:
    raise WarifuError(Reason.ASSESSMENT_NOT_IN_FORCE)


def test_the_first_call_counts_from_the_due_time_however_late_it_was_made() -> None:
    visit, seen = _visit(3.0, count(10))
    assert visit.call("Inquire", lambda: "answer") == "answer"
    assert seen == [(End("clerk", "Inquire", ANSWERED, True), 7_000_000)]


def test_a_call_that_needs_another_counts_from_the_end_of_that_one_and_one_beside_it_does_not() -> None:
    visit, seen = _visit(0.0, count(10, 10))
    visit.call("first", lambda: "", together=True)  # ends at 10, due at 0
    visit.call("beside", lambda: "")  # ends at 20, due at 0; the clock is then read at 30
    visit.call("after", lambda: "")  # ends at 40, due at 30
    assert [took for _, took in seen] == [10_000_000, 20_000_000, 10_000_000]


@pytest.mark.parametrize(("meant", "is_meant"), [((), False), ({Reason.ASSESSMENT_NOT_IN_FORCE}, True)])
def test_a_refusal_is_a_failure_unless_it_was_meant(meant: set[Reason], is_meant: bool) -> None:
    visit, seen = _visit(0.0, count())
    assert visit.call("Inquire", _refused, meant=meant) is None
    assert seen[0][0] == End("clerk", "Inquire", "ASSESSMENT_NOT_IN_FORCE", is_meant)


def test_an_answer_where_a_refusal_was_meant_is_a_failure() -> None:
    visit, seen = _visit(0.0, count())
    visit.call("Inquire", lambda: "answer", meant={Reason.CODE_NOT_ACQUIRED}, refused=True)
    assert seen[0][0] == End("clerk", "Inquire", UNMEANT_ANSWER, False)


def test_a_call_that_is_open_when_all_is_over_counts_as_open_and_not_once_more_when_it_ends() -> None:
    visit, seen = _visit(0.0, count(1))

    def cut_off_meanwhile() -> str:
        visit.cut_off()
        return "late"

    visit.call("Inquire", cut_off_meanwhile)
    assert seen == [(End("clerk", "Inquire", CUT_OFF, False), 1_000_000)]
