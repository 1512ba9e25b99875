"""The search for the knee ends whatever it is told, and its interval holds the knee of a network that has one."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from warifu_loadtest.deciding.knee import Knee, Probe, Search, knee_of, next_rate

MOST_PROBES = 150
SEARCHES = st.builds(lambda start, gap: Search(start=start, gap=gap), st.floats(1, 5_000), st.floats(1.02, 2.0))


def _searched(search: Search, holds: Callable[[float], bool]) -> list[Probe]:
    probes: list[Probe] = []
    while (rate := next_rate(search, probes)) is not None:
        assert search.least <= rate <= search.most
        probes.append(Probe(rate, holds(rate)))
        assert len(probes) <= MOST_PROBES, "the search does not end"
    return probes


@given(SEARCHES, st.floats(2, 90_000))
def test_the_interval_holds_the_knee_and_is_as_small_as_asked(search: Search, knee: float) -> None:
    found = knee_of(_searched(search, lambda rate: rate <= knee))
    assert found.held is not None
    assert found.not_held is not None
    assert found.held <= knee < found.not_held
    assert found.not_held / found.held <= search.gap


@given(SEARCHES, st.integers(0, 10_000))
def test_it_ends_whatever_comes_of_its_probes(search: Search, seed: int) -> None:
    coin = random.Random(seed)
    found = knee_of(_searched(search, lambda _: coin.random() < 0.5))
    assert found.held is None or found.not_held is None or found.held < found.not_held


@given(SEARCHES, st.floats(100, 20_000), st.integers(1, 200))
def test_one_bad_moment_does_not_move_the_interval(search: Search, knee: float, bad: int) -> None:
    asked = 0

    def holds(rate: float) -> bool:
        nonlocal asked
        asked += 1
        return rate <= knee and asked != bad

    found = knee_of(_searched(search, holds))
    assert found.held is not None
    assert found.not_held is not None
    assert found.held <= knee < found.not_held


@given(SEARCHES)
def test_a_network_that_takes_everything_is_asked_for_the_most_and_no_more(search: Search) -> None:
    probes = _searched(search, lambda _: True)
    assert knee_of(probes) == Knee(search.most, None)


@given(SEARCHES)
def test_a_network_that_takes_nothing_has_no_knee(search: Search) -> None:
    assert knee_of(_searched(search, lambda _: False)).held is None
