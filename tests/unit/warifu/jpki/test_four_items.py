"""The four items: how a certificate carries them, and when two spellings are the same."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.jpki.certificate import der_text, read_text
from warifu.jpki.four_items import SUBSTITUTE, FourItems, Sex, birth_date_in, era_text, same_text, substituted

HANAKO = FourItems(name="割符　花子", address="札幌市", birth_date=datetime.date(1990, 7, 4), sex=Sex.FEMALE)


def test_the_items_show_nothing_of_themselves() -> None:
    assert "花子" not in repr(HANAKO)
    assert "1990" not in repr(HANAKO)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ((1867, 1, 1), "018670101"),
        ((1912, 7, 29), "119120729"),
        ((1912, 7, 30), "219120730"),
        ((1926, 12, 25), "319261225"),
        ((1989, 1, 7), "319890107"),
        ((1989, 1, 8), "419890108"),
        ((2019, 5, 1), "520190501"),
    ],
)
def test_an_era_begins_on_its_day(day: tuple[int, int, int], text: str) -> None:
    assert era_text(datetime.date(*day)) == text


@given(st.dates(min_value=datetime.date(1000, 1, 1)))
def test_a_birth_date_is_read_as_it_was_written(born: datetime.date) -> None:
    assert birth_date_in(era_text(born)) == born


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "EYYYYMMDD"),
        ("419900704 ", "EYYYYMMDD"),
        ("919900704", "EYYYYMMDD"),
        ("４１９９００７０４", "EYYYYMMDD"),
        ("419900231", "day"),
        ("519900704", "era"),
    ],
)
def test_what_is_no_birth_date_is_none(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        birth_date_in(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("割符　花子", "割符 花子"),
        ("髙橋　龍", "高橋竜"),
        ("北海道札幌市中央区北一条西二丁目３番地", "北海道札幌市中央区北一条西2-3"),
        ("東京都千代田区１－２－３", "東京都千代田区1丁目2番3号"),
        (f"割符　{SUBSTITUTE}子", "割符　𠮷子"),
    ],
)
def test_spellings_of_one_text_are_the_same(one: str, other: str) -> None:
    assert same_text(one, other)
    assert same_text(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("割符　花子", "割符　太郎"),
        ("札幌市1-2", "札幌市12"),
        ("札幌市1-23", "札幌市12-3"),
        (f"割符　{SUBSTITUTE}子", "割符　子"),
    ],
)
def test_other_texts_are_not(one: str, other: str) -> None:
    assert not same_text(one, other)


def test_a_character_that_no_certificate_holds_is_substituted_and_marked() -> None:
    assert substituted("𠮷田　花") == (f"{SUBSTITUTE}田　花", "1000")


@given(st.text(max_size=300))
def test_a_text_and_its_map_are_of_one_length(text: str) -> None:
    kept, substitutes = substituted(text)
    assert len(kept) == len(substitutes) == len(text)
    assert substituted(kept)[0] == kept


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_a_text_is_read_as_it_was_encoded(text: str) -> None:
    assert read_text(der_text(text)) == text


@given(st.binary(max_size=40))
def test_bytes_are_a_text_in_one_way_or_none(found: bytes) -> None:
    try:
        text = read_text(found)
    except ValueError:
        return
    assert der_text(text) == found


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"name": ""}, "four_items.name"),
        ({"name": "花\x00子"}, "four_items.name"),
        ({"name": "花" * 101}, "four_items.name"),
        ({"address": "町" * 201}, "four_items.address"),
        ({"birth_date": "19900230"}, "four_items.birth_date"),
        ({"birth_date": "1990074"}, "four_items.birth_date"),
        ({"sex": "4"}, "four_items.sex"),
    ],
)
def test_what_is_malformed_is_named_and_not_shown(changed: dict[str, str], where: str) -> None:
    told = {"name": "割符　花子", "address": "札幌市", "birth_date": "19900704", "sex": "2", **changed}
    with pytest.raises(WarifuError) as refused:
        FourItems.parse(**told)
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, where)


@given(st.text(), st.text(), st.text(max_size=9), st.text(max_size=2))
def test_whatever_is_said_makes_four_items_or_is_refused(name: str, address: str, birth_date: str, sex: str) -> None:
    try:
        items = FourItems.parse(name=name, address=address, birth_date=birth_date, sex=sex)
    except WarifuError:
        return
    assert (items.name, items.birth_text, items.sex.value) == (name, birth_date, sex)
