"""The people's file of a check: what is read of it, and how a fault in it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu_kit.conformance.people_file import check_record_fields, read_people


@pytest.mark.parametrize(
    "text", ["people: 7", "[", "people: [{years: [1]}]", "people: [{local_number: T, colour: red}]", "[" * 3_000]
)
def test_a_file_of_people_that_makes_no_sense_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "people.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(WarifuError) as refused:
        read_people(file)
    assert refused.value.reason is Reason.FILE_INVALID
    assert "people.yaml" in refused.value.where


@pytest.mark.parametrize(
    ("person", "place"),
    [
        ("{local_number: 0012}", "people[1].local_number should be text"),
        ("{local_number: T-1, clerk: perhaps}", "people[1].clerk should be true or false"),
        ("{local_number: T-0}", "people[1].local_number is that of people[0]"),
        (
            "{local_number: T-1, published_from: 2026-06-02, published_until: 2026-06-01}",
            "people[1].published_until is before",
        ),
        ("{local_number: T-1, published_from: 2999-13-01}", "a date that is none"),
        ('{local_number: T-1, years: "2026"}', "people[1].years should be a list of years"),
        ("{local_number: T-1, years: [-1]}", "people[1].years should be a list of years"),
        ("{local_number: T-1, published_from: 2026-01-01 10:00:00}", "people[1].published_from should be a day"),
        ("{local_number: T-1, published_until: 20260101}", "people[1].published_until should be a day"),
        ("{local_number: T-1, published_until: 9999-12-31}", "people[1].published_until should be a day"),
        ("{local_number: T-1, records: [2026]}", "people[1].records should be fields by fiscal year"),
        ('{local_number: ""}', "people[1].local_number should have 1 to 64 characters"),
        (f"{{local_number: {'9' * 65}a}}", "people[1].local_number should have 1 to 64 characters"),
        ('{local_number: "\\ud800"}', "people[1].local_number should have 1 to 64 characters, each of which UTF-8 has"),
        ("{local_number: T-1, colour: red}", "people[1].colour is not a field here"),
        ('{local_number: T-1, published_from: "20260101"}', "people[1].published_from should be a day"),
        ('{local_number: T-1, published_from: ""}', "people[1].published_from should be a day"),
        ("{local_number: T-1, records: {2026.7: {}}}", "people[1].records.2026.7 is no fiscal year"),
        ("{local_number: T-1, years: [2026], records: {99999999999: {}}}", "99999999999 is no fiscal year"),
        ('{local_number: T-1, records: {2026: {}, "2026": {}}}', "or said twice"),
        (
            "{local_number: T-1, years: [2026], records: {2025: {}}}",
            "people[1].records.2025 is none of the person's years",
        ),
        ("{local_number: T-1, records: {2026: {income: [1]}}}", "income should be a number, text, true or false"),
        ("{local_number: T-1, local_number: T-2}", "a key that stands there twice"),
    ],
)
def test_what_would_be_read_as_something_else_is_refused_by_its_place(tmp_path: Path, person: str, place: str) -> None:
    file = tmp_path / "people.yaml"
    file.write_text(f"people: [{{local_number: T-0}}, {person}]", "utf-8")
    with pytest.raises(WarifuError) as refused:
        read_people(file)
    assert refused.value.reason is Reason.FILE_INVALID
    assert place in refused.value.where


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("people:\n- local: A-1\n", "people.yaml:2: people[0].local is not a field here: did you mean local_number?"),
        ("people:\n- clerk: true\n", "people.yaml:2: people[0].local_number is missing"),
        (
            "people:\n- local_number: A-1\n  records_of: {2026: {}}\n",
            "people.yaml:3: people[0].records_of is not a field here: did you mean records?",
        ),
        ("people: []\nitem_cod: X\n", "people.yaml:2: item_cod is not a field here: did you mean item_code?"),
        ("people: []\nitem_code: 7\n", "people.yaml:2: item_code should be text"),
        ("people:\n- T-1\n", "people.yaml:2: people[0] should be a person"),
        (
            "people:\n- local_number: T\n  records: {soon: {}}\n",
            "people.yaml:3: people[0].records.soon is no fiscal year",
        ),
        ("item_code: X\n", "people.yaml:1: people should be a list of people"),
        ("7", "people.yaml:1: the file should have people"),
        ("", "people.yaml:1: the file should have people"),
    ],
)
def test_a_fault_among_people_is_told_with_its_line_and_the_nearest_key(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "people.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(WarifuError) as refused:
        read_people(file)
    assert refused.value.reason is Reason.FILE_INVALID
    assert told in refused.value.where


def test_a_field_that_the_record_does_not_have_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "people.yaml"
    file.write_text("people:\n- local_number: T-1\n  records:\n    2026:\n      income: 7\n", "utf-8")
    people = read_people(file)
    check_record_fields(people, ["income"])
    with pytest.raises(WarifuError) as refused:
        check_record_fields(people, ["total_income_yen", "spouse"])
    assert refused.value.reason is Reason.FILE_INVALID
    told = (
        "people.yaml:5: people[0].records.2026.income is no field of the item's record: did you mean total_income_yen?"
    )
    assert told in refused.value.where


def test_the_years_of_people_are_those_of_their_records(tmp_path: Path) -> None:
    file = tmp_path / "people.yaml"
    file.write_text("people: [{local_number: T-0, records: {2026: {total_income_yen: 7}, 0: {}}}]", "utf-8")
    (person,) = read_people(file).people
    assert person.years == (2026,)
    assert person.records[2026] == {"total_income_yen": 7}
