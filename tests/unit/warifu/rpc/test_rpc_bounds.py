"""What one caller may make a server hold, counted."""

from __future__ import annotations

import pytest

from warifu.errors import Reason, WarifuError
from warifu.rpc.bounds import Bounds, Holdings

BOUNDS = Bounds(calls=3, streams=2, held_bytes=100, all_calls=5, all_bytes=150)


def refused_at(begin: object) -> str:
    assert callable(begin)
    with pytest.raises(WarifuError) as refused:
        begin()
    assert refused.value.reason is Reason.OVERLOADED
    return refused.value.where


def test_a_caller_has_so_many_calls_and_another_has_its_own() -> None:
    holdings = Holdings(BOUNDS)
    first = [holdings.begin("a") for _ in range(3)]
    assert refused_at(lambda: holdings.begin("a")) == "calls"
    holdings.begin("b")
    first[0].end()
    holdings.begin("a")


def test_all_callers_together_have_so_many_calls() -> None:
    holdings = Holdings(BOUNDS)
    for caller in "aabbc":
        holdings.begin(caller)
    assert refused_at(lambda: holdings.begin("d")) == "calls"


def test_of_its_calls_so_many_are_streams_of_one_rpc() -> None:
    holdings = Holdings(BOUNDS)
    holdings.begin("a", "Follow").end()
    holdings.begin("a", "Follow", most=1)
    assert refused_at(lambda: holdings.begin("a", "Follow", most=1)) == "streams"
    holdings.begin("a", "Follow")
    assert refused_at(lambda: holdings.begin("a", "Follow")) == "streams"
    holdings.begin("a", "Other")


def test_messages_and_replies_count_until_they_are_dropped_or_the_call_ends() -> None:
    holdings = Holdings(BOUNDS)
    asks, other = holdings.begin("a"), holdings.begin("a")
    asks.take(90)
    assert refused_at(lambda: other.take(20)) == "bytes"
    asks.drop(30)
    other.take(20)
    asks.end()
    asks.end()
    assert (holdings.calls, holdings.held_bytes) == (1, 20)


def test_one_message_alone_is_never_too_much_and_a_reply_is_never_refused() -> None:
    holdings = Holdings(BOUNDS)
    call = holdings.begin("a")
    call.take(1_000)
    call.give(1_000)
    assert refused_at(lambda: holdings.begin("a").take(1)) == "bytes"
    call.end()
    assert holdings.held_bytes == 0


def test_all_callers_together_hold_so_many_bytes() -> None:
    holdings = Holdings(BOUNDS)
    holdings.begin("a").take(90)
    holdings.begin("b").take(50)
    holdings.begin("b").take(5)
    assert refused_at(lambda: holdings.begin("b").take(10)) == "bytes"


def test_nothing_is_kept_of_callers_who_have_gone_or_were_refused() -> None:
    holdings = Holdings(BOUNDS)
    for number in range(10):
        holdings.begin(number, "Follow").end()
    assert holdings._shares == {}
    for _ in range(5):
        holdings.begin(_)
    assert refused_at(lambda: holdings.begin("x")) == "calls"
    assert "x" not in holdings._shares
