"""Which calls are made again, how often, and when it ends."""

from __future__ import annotations

import pytest

from warifu.errors import CATALOGUE, Reason, WarifuError
from warifu_kit.demo.patience import Patience, is_worth_another_attempt


class Passing:
    """Time that passes only while somebody pauses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


class Failing:
    """A call that fails some times before it succeeds."""

    def __init__(self, reason: Reason, times: int) -> None:
        self.left = times
        self.calls = 0
        self._reason = reason

    async def __call__(self) -> str:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise WarifuError(self._reason)
        return "answered"


def _patience(passing: Passing, seconds: float = 30.0) -> Patience:
    return Patience(seconds, pause=passing.pause, clock=passing.clock)


async def test_a_call_whose_end_is_not_known_is_made_again_until_it_is() -> None:
    patience, call = _patience(Passing()), Failing(Reason.HUB_UNREACHABLE, 3)
    assert await patience.of(call) == "answered"
    assert call.calls == 4
    assert patience.retries == {Reason.HUB_UNREACHABLE: 3}


async def test_a_definite_refusal_is_final() -> None:
    patience, call = _patience(Passing()), Failing(Reason.EXCHANGE_NOT_PERMITTED, 1)
    with pytest.raises(WarifuError):
        await patience.of(call)
    assert call.calls == 1
    assert not patience.retries


async def test_patience_runs_out_after_its_seconds_and_not_before() -> None:
    passing = Passing()
    with pytest.raises(WarifuError):
        await _patience(passing, 30.0).of(Failing(Reason.HUB_UNREACHABLE, 10_000))
    assert 28.0 < passing.now <= 30.0


async def test_pauses_grow_to_a_second_and_no_further() -> None:
    passing = Passing()
    await _patience(passing).of(Failing(Reason.HUB_TIMED_OUT, 8))
    assert passing.pauses == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0]


SOMEBODY_MUST_ACT = {Reason.LOG_BEHIND, Reason.RECORDS_BEHIND}


@pytest.mark.parametrize("reason", [reason for reason in Reason if not CATALOGUE[reason].definite])
def test_a_reason_that_leaves_the_end_open_is_worth_another_attempt_unless_somebody_must_act(reason: Reason) -> None:
    assert is_worth_another_attempt(WarifuError(reason)) is (reason not in SOMEBODY_MUST_ACT)


def test_of_the_definite_ones_only_those_that_may_pass_are() -> None:
    definite = [reason for reason in Reason if CATALOGUE[reason].definite]
    again = {reason for reason in definite if is_worth_another_attempt(WarifuError(reason))}
    not_there = {Reason.PROVIDER_UNREACHABLE, Reason.ADAPTER_UNREACHABLE, Reason.NOT_CONNECTED}
    assert again == {*not_there, Reason.OVERLOADED}
