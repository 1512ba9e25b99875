"""Who is let in where much is under way: by how much there is, and by whether it can still end in time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from warifu.errors import Reason, WarifuError
from warifu.rpc.backlog import LET_IN, Backlog

MOST = 2 * LET_IN


class Party:
    """A backlog under a clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.backlog = Backlog(where="here", now=lambda: self.now)
        self._ends: list[Callable[[], None]] = []

    def begin(self, count: int) -> None:
        self._ends += [self.backlog.begin() for _ in range(count)]

    def end(self) -> None:
        for end in self._ends:
            end()
        self._ends.clear()

    def takes(self, seconds: float) -> None:
        """Have calls take so long, until that is usual."""
        for _ in range(10):
            self.begin(MOST)
            self.now += seconds
            self.end()

    def refused(self, left: float | None) -> WarifuError | None:
        try:
            self.backlog.check(left, MOST)
        except WarifuError as error:
            return error
        return None


@pytest.fixture
def party() -> Party:
    return Party()


def test_as_many_as_there_may_be_are_let_in_and_one_more_is_told_to_come_back(party: Party) -> None:
    party.begin(MOST - 1)
    assert party.refused(None) is None
    party.begin(1)
    refused = party.refused(None)
    assert refused is not None
    assert (refused.reason, refused.where, refused.definite) == (Reason.OVERLOADED, "here", True)
    party.end()
    assert party.refused(None) is None


def test_a_call_that_cannot_end_in_time_is_refused_at_once_and_one_that_can_is_let_in(party: Party) -> None:
    party.takes(1.0)
    party.begin(LET_IN)
    assert party.refused(1.5) is not None, "the slowest take twice what calls take"
    assert party.refused(2.5) is None
    assert party.refused(None) is None, "it waits for as long as it takes"


def test_where_few_are_under_way_what_calls_took_before_keeps_nobody_out(party: Party) -> None:
    party.takes(30.0)
    party.begin(LET_IN - 1)
    assert party.refused(0.1) is None


def test_how_long_calls_take_is_learnt_anew_once_they_are_quick_again(party: Party) -> None:
    party.takes(30.0)
    party.takes(0.01)
    party.begin(LET_IN)
    assert party.refused(0.1) is None


def test_whoever_is_refused_is_told_to_come_back_when_what_is_under_way_will_have_ended(party: Party) -> None:
    for took, told in ((0.001, 0.05), (1.0, 1.0), (60.0, 5.0)):
        party.takes(took)
        party.begin(MOST)
        refused = party.refused(None)
        assert refused is not None
        assert refused.retry_after_s == pytest.approx(told, rel=0.01)
        party.end()


def test_a_call_that_fails_is_under_way_no_more(party: Party) -> None:
    with pytest.raises(ValueError, match="its own"), party.backlog.place():
        raise ValueError("its own")
    party.backlog.check(None, 1)
    with party.backlog.place(), pytest.raises(WarifuError):
        party.backlog.check(None, 1)
