"""One card, made once: its keys take half a second, and every test has its own copy of the value."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from warifu.card.chip import answer
from warifu.card.chip_state import Chip, Session
from warifu.card.making import made
from warifu.card.personalisation import FourItems, Personalisation, Pins, Sex
from warifu.card.secrets import Pin
from warifu.card.terminal import Terminal
from warifu.identifiers import MunicipalityCode, MyNumber
from warifu_kit.card.pictures import face_of
from warifu_kit.card.specimen import specimen

GOLDEN = Path(__file__).parents[3] / "vectors" / "card_apdus.json"


class Field:
    """A chip with power: what commands change stays."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.session = Session()

    def send(self, command: bytes) -> bytes:
        outcome = answer(self.chip, self.session, command, lambda size: b"\x5a" * size)
        self.chip = outcome.kept[-1] if outcome.kept else self.chip
        self.session = outcome.session
        return outcome.response

    def word(self, command: bytes) -> int:
        return int.from_bytes(self.send(command)[-2:], "big")

    def terminal(self) -> Terminal:
        return Terminal(self.send)


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(GOLDEN.read_text("utf-8"))
    return told


@pytest.fixture(scope="session")
def given(golden: dict[str, Any]) -> Personalisation:
    person = golden["person"]
    pins = {name: Pin.of(text) for name, text in person["pins"].items()}
    items = FourItems(person["name"], person["address"], date.fromisoformat(person["born"]), Sex(person["sex"]))
    number, code = MyNumber(person["my_number"]), Pin.of(person["security_code"])
    return replace(
        specimen(datetime(2026, 4, 1, tzinfo=UTC)),
        serial=person["serial"],
        municipality=MunicipalityCode(person["municipality"]),
        expires=date.fromisoformat(person["expires"]),
        security_code=code,
        pins=Pins(**pins),
        my_number=number,
        items=items,
        face=face_of(items, number, code),
    )


@pytest.fixture(scope="session")
def chip(given: Personalisation) -> Chip:
    return made(given)


@pytest.fixture
def field(chip: Chip) -> Field:
    return Field(chip)
