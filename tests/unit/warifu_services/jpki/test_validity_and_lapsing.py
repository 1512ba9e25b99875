"""Until when cards and certificates are good, and what ends them before."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.jpki.profile import CertificateUse
from warifu.jpki.status import Revocation
from warifu_services.jpki.lapsing import Event, effect_of
from warifu_services.jpki.validity import age_on, card_last_day, certificate_last_day, end_of_day

SIGNING, AUTHENTICATION = CertificateUse
D = datetime.date


@pytest.mark.parametrize(
    ("born", "asked", "last"),
    [
        (D(1990, 7, 4), D(2026, 4, 1), D(2035, 7, 4)),  # the tenth birthday from then on
        (D(1990, 4, 1), D(2026, 4, 1), D(2036, 4, 1)),  # a birthday today is not one of the ten
        (D(2010, 7, 4), D(2026, 4, 1), D(2030, 7, 4)),  # a minor's: the fifth
        (D(2008, 2, 29), D(2026, 2, 28), D(2030, 3, 1)),  # of age on the first of March
        (D(2004, 2, 29), D(2026, 4, 1), D(2036, 2, 29)),
    ],
)
def test_a_card_ends_at_a_birthday(born: D, asked: D, last: D) -> None:
    assert card_last_day(born, asked) == last


def test_a_certificate_ends_at_the_fifth_birthday_or_the_sixth_when_it_was_renewed_early_and_never_after_the_card() -> (
    None
):
    born, issued, card = D(1990, 7, 4), D(2026, 4, 1), D(2035, 7, 4)
    assert certificate_last_day(born, issued, card) == D(2030, 7, 4)
    assert certificate_last_day(born, issued, card, follows=D(2026, 6, 30)) == D(2031, 7, 4)
    assert certificate_last_day(born, issued, card, follows=D(2026, 7, 30)) == D(2030, 7, 4)
    assert certificate_last_day(born, D(2033, 4, 1), card) == card


@given(st.dates(D(1900, 1, 1), D(2026, 1, 1)), st.dates(D(2026, 1, 2), D(2060, 1, 1)))
def test_no_card_is_good_for_less_than_four_years_or_more_than_ten(born: D, asked: D) -> None:
    years = 10 if age_on(born, asked) >= 18 else 5
    last = card_last_day(born, asked)
    assert datetime.timedelta(days=365 * (years - 1)) <= last - asked <= datetime.timedelta(days=366 * years)


def test_a_day_ends_in_japan() -> None:
    assert end_of_day(D(2026, 4, 1)) == datetime.datetime(2026, 4, 1, 14, 59, 59, tzinfo=datetime.UTC)


def test_a_change_of_an_item_ends_the_signing_certificate_and_leaves_the_other() -> None:
    assert effect_of(Event.ITEMS_CHANGED) == {SIGNING: Revocation.AFFILIATION_CHANGED}


@pytest.mark.parametrize("event", [event for event in Event if event is not Event.ITEMS_CHANGED])
def test_everything_else_that_happens_ends_both(event: Event) -> None:
    assert set(effect_of(event)) == {SIGNING, AUTHENTICATION}
    assert (Revocation.CERTIFICATE_HOLD in effect_of(event).values()) is (event is Event.CARD_SUSPENDED)
