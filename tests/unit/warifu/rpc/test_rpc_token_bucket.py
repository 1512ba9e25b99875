"""How often something may happen."""

from __future__ import annotations

from warifu.rpc.token_bucket import Buckets, Rate


def test_it_may_happen_so_often_at_once_and_then_so_often_a_second() -> None:
    buckets = Buckets(Rate(per_second=2.0, burst=3))
    assert [buckets.take("a", 100.0) for _ in range(4)] == [True, True, True, False]
    assert [buckets.take("a", 100.5), buckets.take("a", 100.5)] == [True, False]
    assert [buckets.take("a", 900.0) for _ in range(4)] == [True, True, True, False]


def test_each_member_has_its_own() -> None:
    buckets = Buckets(Rate(per_second=1.0, burst=1))
    assert buckets.take("a", 0.0)
    assert not buckets.take("a", 0.0)
    assert buckets.take("b", 0.0)


def test_looking_takes_nothing() -> None:
    buckets = Buckets(Rate(per_second=1.0, burst=1))
    assert [buckets.level("a", 0.0) for _ in range(3)] == [1.0] * 3
    buckets.take("a", 0.0)
    assert buckets.level("a", 0.25) == 0.25


def test_full_ones_are_forgotten() -> None:
    buckets = Buckets(Rate(per_second=1.0, burst=1))
    for member in range(5_000):
        buckets.take(member, float(member))
    assert len(buckets) <= 1025


def test_what_is_taken_too_much_is_owed() -> None:
    buckets = Buckets(Rate(per_second=1.0, burst=10))
    assert buckets.take("one", 0.0, 25)
    assert not buckets.take("one", 15.0)
    assert buckets.take("one", 16.0)


def test_what_may_happen_later_is_told_when_and_counts_already() -> None:
    buckets = Buckets(Rate(per_second=4.0, burst=2))
    assert [buckets.owe("one", 0.0) for _ in range(4)] == [0.0, 0.0, 0.25, 0.5]
    assert buckets.owe("one", 1.0) == 0.0
    assert buckets.owe("another", 0.0) == 0.0
