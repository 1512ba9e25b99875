"""Joining and digesting values without ambiguity."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.canonical import digest, length_prefixed

values = st.lists(st.binary(max_size=40), max_size=5)


def test_each_item_stands_behind_its_length_in_two_big_endian_bytes() -> None:
    assert length_prefixed(b"ab", b"", b"x" * 258) == b"\x00\x02ab" + b"\x00\x00" + b"\x01\x02" + b"x" * 258


@given(values, values)
def test_different_lists_never_give_the_same_bytes(left: list[bytes], right: list[bytes]) -> None:
    assert (length_prefixed(*left) == length_prefixed(*right)) == (left == right)


@given(values, values)
def test_different_lists_never_give_the_same_digest(left: list[bytes], right: list[bytes]) -> None:
    assert (digest(b"label", *left) == digest(b"label", *right)) == (left == right)


def test_the_longest_item_is_65535_bytes() -> None:
    assert len(length_prefixed(b"x" * 65535)) == 65537
    with pytest.raises(ValueError, match="65536"):
        length_prefixed(b"x" * 65536)


def test_a_digest_is_blake2b_over_the_label_and_the_items_behind_eight_byte_lengths() -> None:
    written_out = b"\x00\x05label" + (3).to_bytes(8, "big") + b"one" + bytes(8)
    assert digest(b"label", b"one", b"") == hashlib.blake2b(written_out, digest_size=32).digest()


def test_a_digest_takes_items_longer_than_two_length_bytes_can_say() -> None:
    long = b"x" * 70_000
    assert digest(b"label", long) != digest(b"label", long + b"x")


def test_the_same_items_under_another_label_give_another_digest() -> None:
    assert digest(b"warifu-v1/a", b"same") != digest(b"warifu-v1/b", b"same")
