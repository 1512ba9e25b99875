"""What is told of times is read as it was written, and whatever else stands there tells nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.rpc.hops import Hop, hops_from, hops_text, parts

MS = st.integers(0, 9_999_999)
HOPS = st.lists(st.builds(Hop, st.sampled_from(["hub", "agency"]), MS, MS), min_size=1, max_size=4)


@given(HOPS)
def test_what_is_written_is_read(hops: list[Hop]) -> None:
    assert hops_from(hops_text(hops)) == tuple(hops)


@given(HOPS)
def test_a_line_holds_roles_and_whole_numbers_and_nothing_else(hops: list[Hop]) -> None:
    assert set(hops_text(hops)) <= set("abcdefghijklmnopqrstuvwxyz0123456789, ")


@pytest.mark.parametrize(
    "text",
    [
        *("", "hub", "hub 1", "hub 1 2 3", "hub 1.5 0", "hub -1 0", "hub 01 0", "police 1 0", "hub 1 0,hub 1 0"),
        *("hub \u0661 0", "hub 99999999 0", ", ".join(["hub 1 0"] * 5), "hub 1 0, x" * 50_000),
    ],
)
def test_a_line_that_tells_something_else_tells_nothing(text: str) -> None:
    assert hops_from(text) == ()


@given(st.text(max_size=40))
def test_no_line_whatever_is_an_error(text: str) -> None:
    assert len(hops_from(text)) <= 4


def test_the_differences_are_where_the_time_went_and_add_up_to_the_whole() -> None:
    told = parts(20.5, [Hop("agency", 18, 15), Hop("hub", 12, 9), Hop("agency", 7, 0)])
    assert told == {
        "caller to inquirer": 2.5,
        "inquirer": 3,
        "inquirer to hub": 3,
        "hub": 3,
        "hub to provider": 2,
        "provider": 7,
    }
    assert sum(told.values()) == 20.5


@given(st.floats(0, 1e6), HOPS)
def test_no_part_is_below_zero_and_there_are_all_six_or_none(whole_ms: float, hops: list[Hop]) -> None:
    told = parts(whole_ms, hops)
    assert len(told) in (0, 6)
    assert all(took >= 0 for took in told.values())
