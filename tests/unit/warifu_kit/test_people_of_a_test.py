"""Whom a test that asks for somebody is given first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from warifu_kit.people.residents import generate
from warifu_kit.testing.people import People, Person


def _people(*protected: bool) -> People:
    residents = generate(3, len(protected))
    return People(
        Person(
            resident=replace(each, auto_response_disabled=disabled),
            seed=3,
            my_number="",
            local_numbers={"tax": f"T-{each.resident_number}"},
        )
        for each, disabled in zip(residents, protected, strict=True)
    )


def test_those_for_whom_a_clerk_is_needed_come_last() -> None:
    people = _people(True, False, True, False)
    assert [each.resident.resident_number for each in people.at("tax")] == [2, 4, 1, 3]


def test_nobody_at_a_party_is_said_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="of 1 residents, nobody is at tax and childcare: ask for more of them"):
        _people(False).at("tax", "childcare")
