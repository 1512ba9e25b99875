"""What the maker is given: the file it travels in, and what does not fit together."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from warifu.card.making import made
from warifu.card.personalisation import CardKey, CardKind, Personalisation
from warifu.card.personalisation_file import read_personalisation, written_personalisation
from warifu.card.secrets import Pin, PrivateKey
from warifu.errors import Reason, WarifuError


def test_a_personalisation_is_the_same_after_its_file(given: Personalisation) -> None:
    for each in (given, replace(given, signing=None, pins=replace(given.pins, signing=None))):
        read = read_personalisation(written_personalisation(each), "bundle")
        assert read == each
        assert written_personalisation(read) == written_personalisation(each)


def test_it_says_nothing_of_the_person_when_printed(given: Personalisation) -> None:
    shown = repr(given)
    for secret in ("見本", "1357", "GOLDEN42", "12345678901", "7788"):
        assert secret not in shown


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b'{"is": "warifu card personalisation, SIMULATED"}'])
def test_a_file_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(WarifuError) as refused:
        read_personalisation(content, "bundle.json")
    assert refused.value.reason is Reason.FILE_INVALID
    assert "bundle.json" in str(refused.value.where)


def test_a_field_of_another_kind_is_refused_and_not_repeated(given: Personalisation) -> None:
    told = json.loads(written_personalisation(given))
    for name in set(told) - {"signing", "my_number", "items", "face"}:
        spoilt = {**told, name: ["4321"]}
        with pytest.raises(WarifuError) as refused:
            made(read_personalisation(json.dumps(spoilt).encode(), "bundle.json"))
        assert "4321" not in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"serial": "SIM1"},
        {"security_code": Pin.of("12")},
        {"my_number": None},
        {"face": None},
        {"kind": CardKind.IPHONE},
        {"signing": None},
        {"presence_key": PrivateKey(b"no key")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_does_not_fit_together_makes_no_chip(given: Personalisation, change: dict[str, Any]) -> None:
    with pytest.raises(WarifuError) as refused:
        made(replace(given, **change))
    assert refused.value.reason is Reason.REQUEST_MALFORMED


def test_a_pin_or_certificate_of_the_wrong_shape_makes_no_chip(given: Personalisation) -> None:
    short = CardKey(given.authentication.private_key, b"\x30\x03\x02\x01\x01", given.authentication.issuer_certificate)
    for spoilt in (
        replace(given, authentication=short),
        replace(given, pins=replace(given.pins, authentication=Pin.of("12345"))),
        replace(given, pins=replace(given.pins, signing=Pin.of("lower1"))),
    ):
        with pytest.raises(WarifuError):
            made(spoilt)
