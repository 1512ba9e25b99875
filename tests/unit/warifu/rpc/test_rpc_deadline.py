from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.rpc.deadline import kept_back, pass_on

SECONDS = st.floats(min_value=0, max_value=1e6)


@given(left=SECONDS, margin=SECONDS)
def test_what_is_passed_on_leaves_the_margin_and_is_never_too_little(left: float, margin: float) -> None:
    assume(left - kept_back(left, margin) >= 0.1)
    timeout = pass_on(left, margin, at_least=0.1, at_most=60)
    assert 0.1 <= timeout <= 60
    assert timeout <= left - kept_back(left, margin)


@given(left=SECONDS, margin=SECONDS)
def test_a_tenth_is_kept_back_where_that_is_more_than_the_margin_and_a_second_at_most(
    left: float, margin: float
) -> None:
    kept = kept_back(left, margin)
    assert kept >= margin
    assert kept == pytest.approx(max(margin, min(left / 10, 1.0)))


def test_without_a_deadline_the_next_hop_gets_the_most_there_is() -> None:
    assert pass_on(None, 1.0, at_most=7.5) == 7.5


@pytest.mark.parametrize("left", [0.0, -1.0, 0.29])
def test_too_little_time_is_refused_at_once(left: float) -> None:
    with pytest.raises(WarifuError) as refused:
        pass_on(left, 0.2, at_least=0.1)
    assert (refused.value.reason, refused.value.where) == (Reason.DEADLINE_TOO_SHORT, "deadline")
