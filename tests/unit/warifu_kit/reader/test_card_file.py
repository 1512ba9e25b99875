"""What is on the disk at the moment an answer leaves, and who may change it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from warifu.card.applications import jpki
from warifu.card.chip_state import Chip
from warifu.errors import Reason, WarifuError
from warifu.pki.files import write_private_file
from warifu_kit.reader.card_file import CardInField, changed_card, kept_card, new_card

SELECT, PIN_FILE = b"\x00\xa4\x04\x0c\x0a" + jpki.AID, b"\x00\xa4\x02\x0c\x02\x00\x18"
RIGHT, WRONG = b"\x00\x20\x00\x80\x041234", b"\x00\x20\x00\x80\x049999"


def _tries(chip: Chip) -> int:
    application = chip.application(jpki.AID)
    assert application is not None
    pin = application.pin(jpki.AUTHENTICATION_PIN)
    assert pin is not None
    return pin.tries_left


@pytest.fixture
def inserted(card: Path) -> Iterator[CardInField]:
    inserted = CardInField(card)
    assert inserted.answer(SELECT) == inserted.answer(PIN_FILE) == b"\x90\x00"
    yield inserted
    inserted.take_out()


def _power_goes_at_write(number: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The disk takes ``number`` writes and none after that; the tries left in each that it took."""
    taken: list[int] = []

    def until(path: Path, content: bytes) -> None:
        if len(taken) == number:
            raise OSError(5, "the power is gone", str(path))
        write_private_file(path, content)
        taken.append(_tries(kept_card(path)))

    monkeypatch.setattr("warifu_kit.reader.card_file.write_private_file", until)
    return taken


@pytest.mark.parametrize("pin", [RIGHT, WRONG], ids=["right", "wrong"])
def test_the_first_thing_on_the_disk_is_a_try_fewer_whatever_the_pin(
    inserted: CardInField, card: Path, pin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = _power_goes_at_write(1, monkeypatch)
    if pin is RIGHT:
        with pytest.raises(OSError, match="power"):
            inserted.answer(pin)
    else:
        assert inserted.answer(pin) == b"\x63\xc2"
    assert taken == [2]
    assert _tries(kept_card(card)) == 2


def test_no_answer_leaves_before_its_try_is_on_the_disk(
    inserted: CardInField, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _power_goes_at_write(0, monkeypatch)
    for _ in range(5):
        with pytest.raises(OSError, match="power"):
            inserted.answer(WRONG)
    assert inserted.answer(b"\x00\x20\x00\x80") == b"\x63\xc3"
    assert _tries(kept_card(card)) == 3


def test_a_right_pin_has_all_tries_on_the_disk_when_it_is_answered(inserted: CardInField, card: Path) -> None:
    assert inserted.answer(WRONG) == b"\x63\xc2"
    assert inserted.answer(RIGHT) == b"\x90\x00"
    assert _tries(kept_card(card)) == 3


def test_reading_writes_nothing(inserted: CardInField, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = _power_goes_at_write(0, monkeypatch)
    assert inserted.answer(b"\x00\xb0\x88\x00\x03") == bytes.fromhex("8f8f009000")
    assert taken == []


def test_a_card_is_in_one_reader_and_is_changed_only_outside(card: Path) -> None:
    inserted = CardInField(card)
    for act in (lambda: CardInField(card), lambda: changed_card(card, lambda chip: chip)):
        with pytest.raises(WarifuError, match="in a reader") as refused:
            act()
        assert refused.value.reason is Reason.PATH_UNUSABLE
    inserted.take_out()
    changed_card(card, lambda chip: chip)
    CardInField(card).take_out()


def test_a_change_that_is_refused_leaves_the_card_as_it_was(card: Path) -> None:
    before = card.read_bytes()

    def refuse(chip: Chip) -> Chip:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="pin")

    with pytest.raises(WarifuError):
        changed_card(card, refuse)
    assert card.read_bytes() == before
    changed_card(card, lambda chip: chip)  # and it can be changed again


def test_a_file_that_is_there_is_never_written_over(card: Path, chip: Chip) -> None:
    with pytest.raises(WarifuError, match="not written over"):
        new_card(card, chip)


def test_a_file_that_is_no_card_leaves_no_claim(tmp_path: Path) -> None:
    path = tmp_path / "no-card"
    path.write_text("{}")
    for _ in range(2):
        with pytest.raises(WarifuError, match="not a simulated card"):
            CardInField(path)
