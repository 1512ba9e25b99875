"""Whatever is sent, a status word comes back, and no PIN's state is better than before."""

from __future__ import annotations

import json
import random

import pytest
from tests.unit.warifu.card.conftest import GOLDEN, Field

from warifu.card.apdu import LONGEST, StatusError, parsed
from warifu.card.applications import jpki
from warifu.card.chip_state import Chip, Session

COMMANDS = [
    bytes.fromhex(step["command"])
    for scene in json.loads(GOLDEN.read_text("utf-8"))["scenes"]
    for step in scene["steps"]
]
RIGHT_PINS = {b"4321", b"GOLDEN42", b"2468", b"1357", b"5555"}


def _tries(chip: Chip) -> dict[tuple[bytes, int], int]:
    return {(each.aid, pin.identifier): pin.tries_left for each in chip.applications for pin in each.pins}


def _no_better(before: Chip, after: Chip) -> bool:
    old, new = _tries(before), _tries(after)
    return all(new[pin] <= old[pin] for pin in old)


def _mutated(command: bytes, draws: random.Random) -> bytes:
    bytes_ = bytearray(command)
    for _ in range(draws.randint(1, 4)):
        act = draws.randrange(5)
        if act == 0 and bytes_:
            bytes_[draws.randrange(len(bytes_))] = draws.randrange(256)
        elif act == 1:
            bytes_.insert(draws.randint(0, len(bytes_)), draws.randrange(256))
        elif act == 2 and bytes_:
            del bytes_[draws.randrange(len(bytes_))]
        elif act == 3:
            bytes_ = bytes_[: draws.randint(0, len(bytes_))]
        else:
            bytes_ += draws.randbytes(draws.choice((1, 3, 300)))
    return bytes(bytes_)


def _play(chip: Chip, count: int, seed: int) -> None:
    """Wrong PINs only: what a mutation gains without knowing one. Power is cut now and then."""
    draws = random.Random(seed)
    wrong = [each for each in COMMANDS if not any(pin in each for pin in RIGHT_PINS)]
    field = Field(chip)
    for _ in range(count):
        command = _mutated(draws.choice(wrong), draws)
        if any(pin in command for pin in RIGHT_PINS):
            continue
        before, verified = field.chip, field.session.verified
        response = field.send(command)
        assert 2 <= len(response) <= 65_538, command.hex()
        if response[-2:] != b"\x90\x00":
            assert len(response) == 2, command.hex()
            assert field.session.verified <= verified, command.hex()
        if not _printed_pin(command):
            assert _no_better(before, field.chip), command.hex()
        if draws.random() < 0.01:
            field = Field(chip if draws.random() < 0.5 else field.chip)


def _printed_pin(command: bytes) -> bool:
    """Reference numbers and birth date stand in the golden file as right ones."""
    return any(each in command for each in (b"020704", b"12345678901"))


def test_mutated_commands_get_a_status_word_and_gain_nothing(chip: Chip) -> None:
    _play(chip, 5_000, seed=10)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_thousand_mutated_commands_get_a_status_word_and_gain_nothing(chip: Chip) -> None:
    _play(chip, 100_000, seed=11)


def test_every_class_and_instruction_has_an_answer(chip: Chip) -> None:
    opened = Session(aid=jpki.AID, selected=jpki.AUTHENTICATION_PIN)
    for cla in range(256):
        for ins in range(256):
            for rest in (b"\x00", b"\x02\x00\x18\x00"):
                field = Field(chip)
                field.session = opened
                response = field.send(bytes([cla, ins, 0x00, 0x80]) + rest)
                assert len(response) >= 2
                assert not field.session.verified


@pytest.mark.parametrize("sent", ["", "00", "00A404", "00A4040C0AD3", "00A4040C0000", "00200080000000FF"])
def test_a_command_that_is_cut_short_is_of_the_wrong_length(sent: str) -> None:
    with pytest.raises(StatusError, match="6700"):
        parsed(bytes.fromhex(sent))


def test_a_command_longer_than_there_are_is_of_the_wrong_length(field: Field) -> None:
    assert field.word(bytes(LONGEST + 1)) == 0x6700


def test_an_extended_command_is_the_same_command(field: Field) -> None:
    short, extended = b"\x00\xa4\x04\x0c\x0a" + jpki.AID, b"\x00\xa4\x04\x0c\x00\x00\x0a" + jpki.AID
    assert field.word(extended) == field.word(short) == 0x9000
