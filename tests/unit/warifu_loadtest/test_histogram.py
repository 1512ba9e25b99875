"""Percentiles read from a histogram are those of the samples, to a thousandth; parts put together are the whole."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warifu_loadtest.deciding.histogram import PERCENTILES, Histogram

TIMES = st.lists(st.one_of(st.integers(0, 5_000), st.integers(0, 3_600_000_000)), min_size=1, max_size=300)


@given(TIMES, st.sampled_from([0.0, 1.0, *PERCENTILES, 100.0]))
def test_a_percentile_is_that_of_the_samples_and_at_most_a_thousandth_longer(times: list[int], percent: float) -> None:
    exact = sorted(times)[max(1, math.ceil(round(len(times) * percent / 100, 9))) - 1]
    found = Histogram.of(times).percentile(percent)
    assert exact <= found <= exact * 1.001 + 1


@given(TIMES)
def test_count_mean_least_and_greatest_are_exact(times: list[int]) -> None:
    found = Histogram.of(times)
    assert (found.count, found.least, found.greatest) == (len(times), min(times), max(times))
    assert found.mean == pytest.approx(sum(times) / len(times))
    assert found.percentile(100) == max(times)


@given(TIMES, st.integers(0, 300))
def test_parts_of_several_processes_put_together_are_the_whole_of_one(times: list[int], cut: int) -> None:
    first, second = Histogram.of(times[:cut]), Histogram.of(times[cut:])
    sent = Histogram.read(second.told())
    first.merge(sent)
    assert first.told() == Histogram.of(times).told()


@given(TIMES)
def test_it_needs_few_buckets_for_whatever_spread(times: list[int]) -> None:
    assert len(Histogram.of(times).buckets()) <= min(len(times), 32 * 1024)


def test_of_no_sample_every_figure_is_zero() -> None:
    none = Histogram()
    assert (none.percentile(99), none.mean, none.greatest) == (0, 0.0, 0)


def test_a_negative_time_is_none() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Histogram().add(-1)
