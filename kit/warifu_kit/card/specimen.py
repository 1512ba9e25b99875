"""A specimen: a card of a made-up person that needs no network and no authority, to try a reader with.

Decides who is on it, and that its PINs are the ones of every specimen, which stand in the guide: a specimen protects nobody. Keys, serial and
My Number are new each time.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Final

from warifu.card.applications.records import cv_certificate
from warifu.card.personalisation import CardKind, FourItems, Personalisation, Pins, RecordSigner, Sex
from warifu.card.secrets import Pin, PrivateKey
from warifu.identifiers import MunicipalityCode, MyNumber
from warifu_kit.card.pictures import face_of
from warifu_kit.card.throwaway_authority import specimen_key

__all__ = ["PINS", "specimen"]

PINS: Final = Pins(
    authentication=Pin.of("1234"),
    input_support=Pin.of("2345"),
    resident_register=Pin.of("3456"),
    signing=Pin.of("SPECIMEN1"),
)
"""Of every specimen."""

_ITEMS: Final = FourItems("見本　花子", "東京都千代田区見本町１丁目１番１号", date(2001, 7, 4), Sex.FEMALE)
_MUNICIPALITY: Final = MunicipalityCode("131016")
_YEARS: Final = 10


def specimen(now: datetime, *, kind: CardKind = CardKind.CARD, under_15: bool = False) -> Personalisation:
    """A specimen made at ``now``: some 0.6 s of one processor, for its RSA keys."""
    number = MyNumber.from_body(f"{secrets.randbelow(10**11):011}")
    code = Pin.of(f"{secrets.randbelow(10**4):04}")
    on_paper = kind is CardKind.CARD
    maker = PrivateKey.generate()
    return Personalisation(
        kind=kind,
        serial=f"SIM{secrets.randbelow(10**12):012}",
        municipality=_MUNICIPALITY,
        expires=_expiry(now),
        security_code=code,
        authentication=specimen_key("user authentication", "digital_signature", now=now),
        signing=None if under_15 else specimen_key("signing", "digital_signature", "content_commitment", now=now),
        presence_key=PrivateKey.generate(),
        pins=Pins(PINS.authentication, PINS.input_support, PINS.resident_register) if under_15 else PINS,
        records=RecordSigner(maker, cv_certificate(PrivateKey.generate(), maker)),
        my_number=number if on_paper else None,
        items=_ITEMS if on_paper else None,
        face=face_of(_ITEMS, number, code) if on_paper else None,
    )


def _expiry(now: datetime) -> date:
    """The tenth birthday from now."""
    return date(now.year + _YEARS, _ITEMS.born.month, _ITEMS.born.day)
