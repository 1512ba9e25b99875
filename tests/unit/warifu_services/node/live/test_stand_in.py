"""The local number of nobody looks like anybody's."""

from __future__ import annotations

import re
import secrets

import pytest

from warifu_services.node.stand_in import LONGEST, stand_in


@pytest.mark.parametrize(
    ("like", "shape"),
    [
        ("T-9", r"[A-Z]-[0-9]"),
        ("0000123", r"[0-9]{7}"),
        ("tax-7/宛名", r"[a-z]{3}-[0-9]/宛名"),
        ("", ""),
    ],
)
def test_it_has_the_shape_of_a_number_that_is_used(like: str, shape: str) -> None:
    assert re.fullmatch(shape, stand_in(like, secrets.randbelow), re.ASCII)


def test_it_can_be_made_longer_where_all_short_ones_are_taken_and_is_never_too_long() -> None:
    assert re.fullmatch(r"[A-Z][0-9]{11}", stand_in("T9", secrets.randbelow, longer=10))
    assert len(stand_in("9" * LONGEST, secrets.randbelow, longer=10)) == LONGEST


@pytest.mark.parametrize(("like", "most"), [("7", 10), ("A7", 260)])
def test_the_shorter_the_numbers_the_fewer_there_are_and_the_sooner_it_is_somebodys(like: str, most: int) -> None:
    assert len({stand_in(like, secrets.randbelow) for _ in range(2_000)}) <= most
    assert len({stand_in(like * 8, secrets.randbelow) for _ in range(2_000)}) > most


def test_it_is_drawn_anew_each_time() -> None:
    assert len({stand_in("0000000000", secrets.randbelow) for _ in range(50)}) > 40
