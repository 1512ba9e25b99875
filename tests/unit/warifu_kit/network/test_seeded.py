"""From one seed comes the same for everybody each time, and nothing that two parties share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warifu_kit.network.seeded import numbers_from, seeded

SEEDS = st.integers(min_value=0, max_value=10**18 - 1)


@given(SEEDS, st.lists(st.integers(min_value=1, max_value=80), min_size=1, max_size=8))
def test_the_same_seed_gives_a_party_the_same_bytes_again(seed: int, sizes: list[int]) -> None:
    first, again = seeded(seed)("tax"), seeded(seed)("tax")
    drawn = [first(size) for size in sizes]
    assert drawn == [again(size) for size in sizes]
    assert [len(each) for each in drawn] == sizes


@given(SEEDS, SEEDS)
def test_no_two_parties_and_no_two_seeds_share_a_stream(one: int, other: int) -> None:
    assert seeded(one)("tax")(32) != seeded(one)("residence")(32)
    assert (seeded(one)("tax")(32) == seeded(other)("tax")(32)) is (one == other)


def test_what_is_drawn_twice_is_two_things() -> None:
    draw = seeded(7)("hub")
    assert draw(32) != draw(32)


def test_an_entry_has_the_same_number_in_whatever_order_entries_come() -> None:
    forwards, backwards = numbers_from(7), numbers_from(7)
    first = {entry: forwards(entry)(16) for entry in (b"a", b"b", b"c")}
    assert first == {entry: backwards(entry)(16) for entry in (b"c", b"b", b"a")}
    assert len(set(first.values())) == 3


def test_an_entry_whose_number_was_taken_gets_another() -> None:
    stream_of = numbers_from(7)
    assert stream_of(b"a")(16) != stream_of(b"a")(16)
