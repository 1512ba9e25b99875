"""Dates of birth, known to the day or not: what they may mean, and no day made up."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu_kit.people.birth_date import BirthDate

DAYS = st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31))


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "written"),
    [
        ("1980-05-06", "1980-05-06", "1980-05-06", "1980-05-06"),
        ("1980/5/6", "1980-05-06", "1980-05-06", "1980-05-06"),
        ("1980-5-6", "1980-05-06", "1980-05-06", "1980-05-06"),
        ("1945-02-00", "1945-02-01", "1945-02-28", "1945-02-00"),
        ("1944/2/0", "1944-02-01", "1944-02-29", "1944-02-00"),
        ("1945-00-00", "1945-01-01", "1945-12-31", "1945-00-00"),
    ],
)
def test_a_date_means_the_days_from_its_earliest_to_its_latest(
    text: str, earliest: str, latest: str, written: str
) -> None:
    born = BirthDate.parse(text)
    assert (str(born.earliest), str(born.latest), str(born)) == (earliest, latest, written)


@given(DAYS, st.sampled_from(["day", "month", "year"]), DAYS)
def test_the_least_and_the_most_age_enclose_the_true_one(day: datetime.date, known: str, on: datetime.date) -> None:
    exact = BirthDate.on(day)
    told = {"day": exact, "month": BirthDate(day.year, day.month), "year": BirthDate(day.year)}[known]
    (age, same), (least, most) = exact.ages(on), told.ages(on)
    assert age == same
    assert least <= age <= most <= least + 1
    assert BirthDate.parse(str(told)) == told
    assert told.earliest <= day <= told.latest


@pytest.mark.parametrize("text", ["1980-00-06", "1980-02-30", "1899-12-31", "2100-00-00", "0000-00-00", "1980-05-06\n"])
def test_what_is_no_date_of_birth_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"year|month|day|YYYY"):
        BirthDate.parse(text)
