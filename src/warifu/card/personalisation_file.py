"""A personalisation as a file: what a certificate authority leaves for the maker of a card, who needs nothing else.

Decides the layout: one JSON object that says it is SIMULATED, bytes in base64, days as ISO 8601. The file holds private keys
and PINs; whoever writes it keeps it private and removes it when the card is made. Knows no disk.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import date
from typing import Any

from warifu.card.personalisation import (
    CardKey,
    CardKind,
    FaceData,
    FourItems,
    Personalisation,
    Pins,
    RecordSigner,
    Sex,
)
from warifu.card.secrets import Pin, PrivateKey
from warifu.errors import Reason, WarifuError
from warifu.identifiers import MunicipalityCode, MyNumber
from warifu.saved_text import NotTextError, parse_json

__all__ = ["read_personalisation", "written_personalisation"]

_IS = "warifu card personalisation, SIMULATED"


def written_personalisation(given: Personalisation) -> bytes:
    """The file's content. Secret: it has keys and PINs."""
    told = {
        "is": _IS,
        "kind": given.kind.value,
        "serial": given.serial,
        "municipality": str(given.municipality),
        "expires": given.expires.isoformat(),
        "security_code": _text(given.security_code),
        "authentication": _written_key(given.authentication),
        "signing": None if given.signing is None else _written_key(given.signing),
        "presence_key": _b64(given.presence_key.pkcs8),
        "pins": _written_pins(given.pins),
        "records": {"key": _b64(given.records.key.pkcs8), "cv_certificate": _b64(given.records.cv_certificate)},
        "my_number": None if given.my_number is None else given.my_number.digits,
        "items": None if given.items is None else _written_items(given.items),
        "face": None if given.face is None else _written_face(given.face),
    }
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def read_personalisation(content: bytes, where: str) -> Personalisation:
    """What a file holds; ``where`` names it in errors, which never repeat what stands in it. Raises: FILE_INVALID."""
    try:
        told = parse_json(content)
    except NotTextError as error:
        raise WarifuError(Reason.FILE_INVALID, where=error.at(where)) from None
    if not isinstance(told, dict) or told.get("is") != _IS:
        raise WarifuError(Reason.FILE_INVALID, where=f"{where}: not a personalisation of a simulated card")
    try:
        return _read(told)
    except (AttributeError, KeyError, TypeError, ValueError, WarifuError):
        where = f"{where}: a field of the personalisation is missing or malformed"
        raise WarifuError(Reason.FILE_INVALID, where=where) from None


def _read(told: dict[str, Any]) -> Personalisation:
    records = told["records"]
    return Personalisation(
        kind=CardKind(told["kind"]),
        serial=_said(told["serial"]),
        municipality=MunicipalityCode(told["municipality"]),
        expires=date.fromisoformat(told["expires"]),
        security_code=Pin.of(told["security_code"]),
        authentication=_read_key(told["authentication"]),
        signing=None if told["signing"] is None else _read_key(told["signing"]),
        presence_key=PrivateKey(_bytes(told["presence_key"])),
        pins=_read_pins(told["pins"]),
        records=RecordSigner(PrivateKey(_bytes(records["key"])), _bytes(records["cv_certificate"])),
        my_number=None if told["my_number"] is None else MyNumber(told["my_number"]),
        items=None if told["items"] is None else _read_items(told["items"]),
        face=None if told["face"] is None else FaceData(**{name: _bytes(v) for name, v in told["face"].items()}),
    )


def _written_key(key: CardKey) -> dict[str, str]:
    return {
        "private_key": _b64(key.private_key.pkcs8),
        "certificate": _b64(key.certificate),
        "issuer_certificate": _b64(key.issuer_certificate),
    }


def _read_key(told: dict[str, str]) -> CardKey:
    key = PrivateKey(_bytes(told["private_key"]))
    return CardKey(key, _bytes(told["certificate"]), _bytes(told["issuer_certificate"]))


def _written_pins(pins: Pins) -> dict[str, str | None]:
    return {
        "authentication": _text(pins.authentication),
        "input_support": _text(pins.input_support),
        "resident_register": _text(pins.resident_register),
        "signing": None if pins.signing is None else _text(pins.signing),
    }


def _read_pins(told: dict[str, str | None]) -> Pins:
    signing = told["signing"]
    return Pins(
        authentication=Pin.of(_said(told["authentication"])),
        input_support=Pin.of(_said(told["input_support"])),
        resident_register=Pin.of(_said(told["resident_register"])),
        signing=None if signing is None else Pin.of(_said(signing)),
    )


def _written_items(items: FourItems) -> dict[str, object]:
    return {"name": items.name, "address": items.address, "born": items.born.isoformat(), "sex": int(items.sex)}


def _read_items(told: dict[str, Any]) -> FourItems:
    return FourItems(_said(told["name"]), _said(told["address"]), date.fromisoformat(told["born"]), Sex(told["sex"]))


def _written_face(face: FaceData) -> dict[str, str]:
    return {name: _b64(getattr(face, name)) for name in FaceData.__slots__}


def _said(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError("a text is none")
    return told


def _text(pin: Pin) -> str:
    return pin.sent.decode("ascii")


def _b64(content: bytes) -> str:
    return b64encode(content).decode("ascii")


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
