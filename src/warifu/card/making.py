"""Making a chip from a personalisation, and what happens to it later without a terminal.

Decides what must fit together before a chip is made, what a municipality's counter does to a blocked PIN, and how testers
spoil a card: each of them a function from one chip to another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from warifu.card.applications.common import common_application
from warifu.card.applications.face_check import face_check_application
from warifu.card.applications.input_support import AID as INPUT_SUPPORT
from warifu.card.applications.input_support import FOUR_ITEMS, input_support_application
from warifu.card.applications.jpki import jpki_application
from warifu.card.applications.resident_register import resident_register_application
from warifu.card.chip_state import Application, Chip, ElementaryFile, PinShape, WornOut
from warifu.card.personalisation import CardKey, CardKind, Personalisation
from warifu.card.secrets import KEY_BITS, Pin, PrivateKey
from warifu.errors import Reason, WarifuError

__all__ = [
    "CLONED",
    "REVOKED",
    "TAMPERED",
    "WORN_OUT",
    "cloned",
    "made",
    "revoked",
    "tampered",
    "unblocked",
    "worn_out",
]

TAMPERED: Final = "tampered"
CLONED: Final = "cloned"
REVOKED: Final = "revoked"
WORN_OUT: Final = "worn out"

_SERIAL_SIZE: Final = 15
_CERTIFICATE_SIZES: Final = range(256, 65_536)


def made(given: Personalisation) -> Chip:
    """The chip that a personalisation describes. Raises: REQUEST_MALFORMED, naming the field, never its value."""
    fault = _fault(given)
    if fault:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=f"personalisation: {fault}")
    if given.kind is not CardKind.CARD:
        return Chip(given.kind, (jpki_application(given),))
    return Chip(
        given.kind,
        (
            jpki_application(given),
            input_support_application(given),
            face_check_application(given),
            resident_register_application(given),
            common_application(given),
        ),
    )


def _fault(given: Personalisation) -> str:
    if len(given.serial) != _SERIAL_SIZE or not given.serial.isascii() or not given.serial.isprintable():
        return f"serial should be {_SERIAL_SIZE} printable ASCII characters"
    if not PinShape.FOUR_DIGITS.fits(given.security_code):
        return "security_code should be four digits"
    on_paper = (given.my_number, given.items, given.face)
    if (given.kind is CardKind.CARD) != all(each is not None for each in on_paper):
        return "my_number, items and face belong on a card, and on a card only"
    if (given.signing is None) != (given.pins.signing is None):
        return "a signing key and its password go together"
    return _fault_of_pins(given) or _fault_of_keys(given)


def _fault_of_pins(given: Personalisation) -> str:
    pins = given.pins
    for name in ("authentication", "input_support", "resident_register"):
        pin = getattr(pins, name)
        if not isinstance(pin, Pin) or not PinShape.FOUR_DIGITS.fits(pin):
            return f"pins.{name} should be four digits"
    if pins.signing is not None and not PinShape.PASSWORD.fits(pins.signing):
        return "pins.signing should be 6 to 16 upper-case letters and digits"
    return ""


def _fault_of_keys(given: Personalisation) -> str:
    for name, key in (("authentication", given.authentication), ("signing", given.signing)):
        if key is not None and not _is_card_key(key):
            return f"{name} should be an RSA key of {KEY_BITS} bits and two DER certificates of 256 to 65,535 bytes"
    return (
        ""
        if _is_key(given.presence_key) and _is_key(given.records.key)
        else "presence_key or records.key is no RSA key"
    )


def _is_card_key(key: CardKey) -> bool:
    certificates = (key.certificate, key.issuer_certificate)
    return _is_key(key.private_key) and all(
        each[:2] == b"\x30\x82"
        and len(each) in _CERTIFICATE_SIZES
        and int.from_bytes(each[2:4], "big") == len(each) - 4
        for each in certificates
    )


def _is_key(key: PrivateKey) -> bool:
    try:
        key.loaded()
    except (ValueError, TypeError):
        return False
    return True


def unblocked(chip: Chip, aid: bytes, identifier: int, pin: Pin) -> Chip:
    """The chip whose PIN file ``identifier`` has a new PIN and all its tries: what a municipality's counter does.

    Raises: REQUEST_MALFORMED: there is no such PIN, it is printed on the card, or the new one has the wrong shape.
    """
    application = chip.application(aid)
    old = None if application is None else application.pin(identifier)
    if old is None or not old.changeable:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="this card has no such PIN that could be set")
    if not old.shape.fits(pin):
        raise WarifuError(Reason.REQUEST_MALFORMED, where="the new PIN has the wrong length or characters")
    return chip.with_pin(aid, replace(old, pin=pin, tries_left=old.most_tries))


def tampered(chip: Chip) -> Chip:
    """The chip after somebody wrote into the four items: what the maker signed is no longer what stands there.

    Raises: REQUEST_MALFORMED on a phone, which has no such file.
    """
    application = chip.application(INPUT_SUPPORT)
    items = None if application is None else application.file(FOUR_ITEMS)
    if application is None or items is None:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="there is nothing on a phone to tamper with")
    content = items.content[:-1] + bytes([items.content[-1] ^ 0x03])  # the sex is the last character: 1 becomes 2
    return _switched(_with_file(chip, application, replace(items, content=content)), TAMPERED)


def cloned(chip: Chip, key: PrivateKey) -> Chip:
    """What somebody makes who could read every file but no key: all files the same, ``key`` in place of every key."""
    copies = tuple(
        replace(each, keys=tuple(replace(held, private_key=key) for held in each.keys)) for each in chip.applications
    )
    return _switched(replace(chip, applications=copies), CLONED)


def revoked(chip: Chip) -> Chip:
    """The same chip, marked: it signs on, as a real one does. Only the authority's list says that it must not be believed."""
    return _switched(chip, REVOKED)


def worn_out(chip: Chip, one_in: int, seed: int) -> Chip:
    """A chip that answers 6F00 to one command in ``one_in``, 2 or more, drawn by ``seed``. Raises: ValueError."""
    if one_in < 2:
        raise ValueError("a chip that never answers is no card")
    return _switched(replace(chip, worn_out=WornOut(one_in, seed)), WORN_OUT)


def _with_file(chip: Chip, application: Application, changed: ElementaryFile) -> Chip:
    files = tuple(changed if each.identifier == changed.identifier else each for each in application.files)
    return chip.with_application(replace(application, files=files))


def _switched(chip: Chip, name: str) -> Chip:
    return replace(chip, switches=chip.switches | {name})
