"""Who makes how much, and which process makes which part of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warifu_loadtest.deciding.mix import parsed_mix, shared_out

USUAL = {"clerk": 5.0, "auditor": 1.0}
USERS = ["clerk", "auditor", "officer"]


def test_a_mix_names_users_with_their_parts() -> None:
    assert parsed_mix("clerk=3, auditor", USUAL) == {"clerk": 3.0, "auditor": 1.0}
    assert parsed_mix(" ", USUAL) == USUAL


@pytest.mark.parametrize("text", ["nobody", "clerk=-1", "clerk=many", "clerk=nan", "clerk=inf", "clerk=0", "clerk,,"])
def test_a_mix_that_means_nothing_is_said_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"nobody|should be|there is no user"):
        parsed_mix(text, USUAL)


@given(
    st.dictionaries(st.sampled_from(USERS), st.floats(0.1, 1000)),
    st.dictionaries(st.text(min_size=1, max_size=3), st.sets(st.sampled_from(USERS)), max_size=5),
)
def test_each_rate_is_made_whole_by_those_who_can_and_by_nobody_else(
    rates: dict[str, float], able: dict[str, set[str]]
) -> None:
    shared = shared_out(rates, able)
    assert set(shared) == set(able)
    for user, rate in rates.items():
        parts = [part[user] for part in shared.values() if user in part]
        assert sum(parts) == pytest.approx(rate if any(user in users for users in able.values()) else 0.0)
    assert all(set(part) <= able[process] for process, part in shared.items())
