"""PINs: what they open, when they are paid for, and what nobody gains."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.warifu.card.conftest import Field

from warifu.card.applications import jpki
from warifu.card.chip import answer
from warifu.card.chip_state import Chip, PinFile, PinShape, Session
from warifu.card.making import unblocked
from warifu.card.secrets import Pin
from warifu.card.terminal import CardRefusedError
from warifu.errors import Reason, WarifuError

SELECT = b"\x00\xa4\x04\x0c\x0a" + jpki.AID
AUTHENTICATION = b"\x00\xa4\x02\x0c\x02\x00\x18"


def _verify(pin: bytes) -> bytes:
    return bytes([0x00, 0x20, 0x00, 0x80, len(pin)]) + pin


def _selected(chip: Chip) -> Field:
    field = Field(chip)
    assert field.word(SELECT) == field.word(AUTHENTICATION) == 0x9000
    return field


def _pin(chip: Chip) -> PinFile:
    application = chip.application(jpki.AID)
    assert application is not None
    pin = application.pin(jpki.AUTHENTICATION_PIN)
    assert pin is not None
    return pin


def test_a_try_is_paid_for_before_it_is_known_whether_the_pin_was_right(chip: Chip) -> None:
    session = _selected(chip).session
    for pin in (b"4321", b"0000"):
        paid = answer(chip, session, _verify(pin), bytes).kept[0]
        assert _pin(paid).tries_left == 2


def test_power_that_goes_away_between_tries_gives_none_back(chip: Chip) -> None:
    for left in (2, 1, 0):
        field = _selected(chip)
        assert field.word(_verify(b"0000")) == 0x63C0 | left
        chip = field.chip
    assert _selected(chip).word(_verify(b"4321")) == 0x6984


def test_a_pin_of_another_length_costs_a_try_as_well(chip: Chip) -> None:
    for wrong in (b"4", b"43210", b"4321\x00", b"4321" * 60):
        field = _selected(chip)
        assert field.word(_verify(wrong)) == 0x63C2
        assert not field.session.verified


def test_a_wrong_pin_after_the_right_one_shuts_what_was_open(chip: Chip) -> None:
    field = _selected(chip)
    assert field.word(_verify(b"4321")) == 0x9000
    assert field.word(_verify(b"4322")) == 0x63C2
    assert jpki.AUTHENTICATION_PIN not in field.session.verified


def test_a_pin_opens_its_own_application_and_no_other(chip: Chip) -> None:
    field = _selected(chip)
    assert field.word(_verify(b"4321")) == 0x9000
    for application in chip.applications:
        if application.aid != jpki.AID:
            field.terminal().select(application.aid)
            shut = [each for each in application.files if each.opens_with is not None]
            for each in shut:
                with pytest.raises(CardRefusedError) as refused:
                    field.terminal().read(each.identifier)
                assert refused.value.word in {0x6982, 0x6981}
            assert not field.session.verified


def test_a_new_pin_must_have_the_shape_of_its_kind(chip: Chip) -> None:
    for wrong in (b"432", b"43210", b"ABCD", b"4 21"):
        field = _selected(chip)
        assert field.word(_verify(b"4321")) == 0x9000
        change = bytes([0x00, 0x24, 0x01, 0x80, len(wrong)]) + wrong
        assert field.word(change) == 0x6A80
        assert _pin(field.chip).pin == Pin(b"4321")


def test_a_counter_sets_a_blocked_pin_anew(chip: Chip) -> None:
    blocked = chip.with_pin(jpki.AID, replace(_pin(chip), tries_left=0))
    again = unblocked(blocked, jpki.AID, jpki.AUTHENTICATION_PIN, Pin.of("1111"))
    assert _selected(again).word(_verify(b"1111")) == 0x9000
    with pytest.raises(WarifuError) as refused:
        unblocked(blocked, jpki.AID, jpki.AUTHENTICATION_PIN, Pin.of("11111"))
    assert refused.value.reason is Reason.REQUEST_MALFORMED


def test_a_pin_shows_itself_nowhere(chip: Chip) -> None:
    assert "4321" not in repr(chip) + str(Pin.of("4321")) + f"{Pin.of('4321')}"
    assert "4321" not in repr(Session())
    assert Pin.of("4321") == Pin(b"4321") != Pin(b"4322")


def test_a_password_is_capitals_and_digits() -> None:
    fits = PinShape.PASSWORD.fits
    assert fits(Pin.of("ABC123"))
    assert fits(Pin.of("A" * 16))
    assert not any(fits(Pin.of(each)) for each in ("ABC12", "A" * 17, "abc123", "ABC 123"))
