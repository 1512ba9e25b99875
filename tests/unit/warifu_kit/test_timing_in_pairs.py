"""Times in pairs: what chance does is told hardly ever, a difference is, and what cannot be told is loud."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from warifu_kit.conformance.timing import Timed, least_majority, loud, margin, resolution, told_apart

Noise = Callable[[Random], float]
QUIET: Noise = lambda draw: draw.expovariate(1 / 0.0003)  # noqa: E731  # three tenths of a millisecond
LOUD: Noise = lambda draw: draw.expovariate(1 / 0.003) + (draw.random() < 0.1) * draw.expovariate(1 / 0.05)  # noqa: E731


def pairs(
    draw: Random, noise: Noise, count: int = 98, *, longer_s: float = 0.0, of_all: float = 1.0, base_s: float = 0.001
) -> list[Timed]:
    """As they come from a machine that is so loud; of so many of the others each takes longer."""
    return [
        Timed(
            record_s=base_s + noise(draw),
            other_s=base_s + noise(draw) + (draw.random() < of_all) * longer_s,
            sort=f"sort {turn % 7}",
        )
        for turn in range(count)
    ]


@pytest.mark.parametrize(("count", "alarm", "least"), [(20, 1e-4, 19), (5, 0.25, 5), (14, 1e-4, None), (98, 1e-4, 69)])
def test_a_majority_is_as_rare_as_it_has_to_be(count: int, alarm: float, least: int | None) -> None:
    assert least_majority(count, alarm) == least


@pytest.mark.parametrize("noise", [QUIET, LOUD], ids=["quiet", "loud"])
def test_equal_times_are_told_apart_no_more_often_than_is_said(noise: Noise) -> None:
    draw, runs, alarm = Random(7), 3_000, 0.02
    wrong = sum(bool(told_apart(pairs(draw, noise, 40), alarm)) for _ in range(runs))
    assert wrong <= 1.5 * alarm * runs


@pytest.mark.parametrize("longer_s", [0.006, -0.006])
def test_a_few_milliseconds_are_told_though_the_machine_is_loud(longer_s: float) -> None:
    found = [told_apart(pairs(Random(seed), LOUD, longer_s=longer_s, base_s=0.008), 3e-5) for seed in range(20)]
    assert all(found)
    assert all(("longer" in words) is (longer_s > 0) for words in found)


@pytest.mark.parametrize("of_all", [0.35, 0.5, 0.65])
def test_some_that_take_longer_are_told_as_half_of_them_and_most_are(of_all: float) -> None:
    assert all(told_apart(pairs(Random(seed), QUIET, longer_s=0.012, of_all=of_all), 3e-5) for seed in range(20))


def test_less_than_the_margin_is_not_told_and_the_margin_grows_with_what_a_record_takes() -> None:
    assert told_apart(pairs(Random(1), QUIET, longer_s=0.001), 3e-5) == ""
    slow = pairs(Random(1), QUIET, base_s=0.1)
    assert margin(slow) == pytest.approx(0.01, rel=0.1)
    assert margin(pairs(Random(1), QUIET)) == 0.002


def test_what_could_be_missed_is_said_and_too_much_of_it_is_loud() -> None:
    quiet, noisy = pairs(Random(3), QUIET), pairs(Random(3), lambda draw: draw.expovariate(1 / 0.05))
    assert resolution(quiet) < 0.004 < resolution(noisy)
    assert not loud(quiet)
    assert loud(noisy)


def test_of_nothing_nothing_is_told() -> None:
    assert told_apart([], 1e-4) == ""
