"""When calls should start is decided before the first is made, and by nothing that the network does."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from warifu_loadtest.deciding.arrivals import arrivals, schedule

RATES = st.dictionaries(st.sampled_from(["clerk", "auditor", "officer"]), st.floats(0, 200), max_size=3)
SECONDS = st.floats(0.1, 20)


@given(RATES, SECONDS, st.text(max_size=5))
def test_arrivals_come_in_order_inside_their_stage(rates: dict[str, float], seconds: float, seed: str) -> None:
    planned = schedule(rates, seconds, seed)
    moments = [each.due_s for each in planned]
    assert moments == sorted(moments)
    assert all(0 <= moment < seconds for moment in moments)
    assert {each.user for each in planned} <= {user for user, rate in rates.items() if rate}


@given(RATES, SECONDS, st.text(max_size=5))
def test_the_same_seed_gives_the_same_arrivals(rates: dict[str, float], seconds: float, seed: str) -> None:
    assert schedule(rates, seconds, seed) == schedule(rates, seconds, seed)


@given(st.floats(50, 500), st.integers(0, 10_000))
def test_there_are_as_many_as_the_rate_says_within_six_deviations(rate: float, seed: int) -> None:
    expected = rate * 20
    assert abs(len(list(arrivals(rate, 20, str(seed)))) - expected) < 6 * math.sqrt(expected)


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_processes_that_share_a_rate_make_as_many_together_as_one(seed: int, processes: int) -> None:
    together = sum(len(list(arrivals(300 / processes, 20, f"{seed}/{each}"))) for each in range(processes))
    assert abs(together - 6_000) < 6 * math.sqrt(6_000)


@given(st.integers(0, 1_000))
def test_gaps_vary_as_those_of_people_who_do_not_know_of_each_other(seed: int) -> None:
    moments = list(arrivals(100, 100, str(seed)))
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    mean = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert 0.9 < deviation / mean < 1.1  # exponential: the two are the same


def test_no_rate_is_no_arrival() -> None:
    assert list(arrivals(0, 10, "any")) == []
