"""A chip as a file: what stands for the piece of plastic.

Decides the layout: one JSON object that says it is SIMULATED, bytes in base64. The file *is* the card: whoever can read it has its keys and
PINs, so whoever writes it keeps it private. Knows no disk.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

from warifu.card.chip_state import LAST_FILE, Application, Chip, ElementaryFile, Key, PinFile, PinShape, WornOut
from warifu.card.personalisation import CardKind
from warifu.card.secrets import Pin, PrivateKey
from warifu.errors import Reason, WarifuError
from warifu.saved_text import NotTextError, parse_json

__all__ = ["read_chip", "written_chip"]

_IS = "warifu card, SIMULATED"
_MOST_TRIES = 15


def written_chip(chip: Chip) -> bytes:
    """The file's content. Secret: it has keys and PINs."""
    told = {
        "is": _IS,
        "kind": chip.kind.value,
        "switches": sorted(chip.switches),
        "worn_out": None if chip.worn_out is None else {"one_in": chip.worn_out.one_in, "seed": chip.worn_out.seed},
        "applications": [_written_application(each) for each in chip.applications],
    }
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def read_chip(content: bytes, where: str) -> Chip:
    """What a file holds; ``where`` names it in errors, which never repeat what stands in it. Raises: FILE_INVALID."""
    try:
        told = parse_json(content)
    except NotTextError as error:
        raise WarifuError(Reason.FILE_INVALID, where=error.at(where)) from None
    if not isinstance(told, dict) or told.get("is") != _IS:
        raise WarifuError(Reason.FILE_INVALID, where=f"{where}: not a simulated card")
    try:
        return _read(told)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise WarifuError(Reason.FILE_INVALID, where=f"{where}: a field of the card is missing or malformed") from None


def _read(told: dict[str, Any]) -> Chip:
    worn = told["worn_out"]
    return Chip(
        CardKind(told["kind"]),
        tuple(_read_application(each) for each in told["applications"]),
        None if worn is None else WornOut(_number(worn["one_in"], 2, 2**31), int(worn["seed"])),
        frozenset(str(each) for each in told["switches"]),
    )


def _written_application(application: Application) -> dict[str, object]:
    return {
        "aid": application.aid.hex(),
        "name": application.name,
        "own_key": application.own_key,
        "files": [_written_file(each) for each in application.files],
        "pins": [_written_pin(each) for each in application.pins],
        "keys": [_written_key(each) for each in application.keys],
    }


def _read_application(told: dict[str, Any]) -> Application:
    return Application(
        bytes.fromhex(told["aid"]),
        str(told["name"]),
        tuple(_read_file(each) for each in told["files"]),
        tuple(_read_pin(each) for each in told["pins"]),
        tuple(_read_key(each) for each in told["keys"]),
        None if told["own_key"] is None else _identifier(told["own_key"]),
    )


def _written_file(file: ElementaryFile) -> dict[str, object]:
    return {
        "file": file.identifier,
        "opens_with": None if file.opens_with is None else sorted(file.opens_with),
        "content": _b64(file.content),
        "records": [_b64(each) for each in file.records],
    }


def _read_file(told: dict[str, Any]) -> ElementaryFile:
    opens_with = None if told["opens_with"] is None else frozenset(_identifier(each) for each in told["opens_with"])
    records = tuple(_bytes(each) for each in told["records"])
    return ElementaryFile(_identifier(told["file"]), _bytes(told["content"]), opens_with, records)


def _written_pin(pin: PinFile) -> dict[str, object]:
    return {
        "file": pin.identifier,
        "pin": pin.pin.sent.decode("ascii"),
        "shape": pin.shape.name,
        "most_tries": pin.most_tries,
        "tries_left": pin.tries_left,
        "changeable": pin.changeable,
    }


def _read_pin(told: dict[str, Any]) -> PinFile:
    most = _number(told["most_tries"], 0, _MOST_TRIES)
    return PinFile(
        _identifier(told["file"]),
        Pin.of(told["pin"]),
        PinShape[told["shape"]],
        most,
        _number(told["tries_left"], 0, most),
        changeable=bool(told["changeable"]),
    )


def _written_key(key: Key) -> dict[str, object]:
    return {"file": key.identifier, "opens_with": key.opens_with, "key": _b64(key.private_key.pkcs8)}


def _read_key(told: dict[str, Any]) -> Key:
    opens_with = None if told["opens_with"] is None else _identifier(told["opens_with"])
    key = PrivateKey(_bytes(told["key"]))
    key.loaded()  # a key that cannot sign is found now, not at the counter
    return Key(_identifier(told["file"]), key, opens_with)


def _identifier(told: object) -> int:
    return _number(told, 1, LAST_FILE)


def _number(told: object, least: int, most: int) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or not least <= told <= most:
        raise ValueError("a number is out of range")
    return told


def _b64(content: bytes) -> str:
    return b64encode(content).decode("ascii")


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
