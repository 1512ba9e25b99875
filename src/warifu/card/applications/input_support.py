"""The card-face input support application (券面入力補助AP): the My Number and the four items as text, for a form to be filled in.

Source: a survey of real cards. Inferred: that 0005 holds identifiers in the order of its tags; that offsets in DF21 lead to tags; what the
signature in DF33 covers byte for byte. The tries of reference number A were recalled, not found.
"""

from __future__ import annotations

import hashlib
from typing import Final

from warifu.card.applications.records import key_identifier, public_key, record_signature
from warifu.card.applications.reference_numbers import reference_a, reference_b
from warifu.card.chip_state import Application, ElementaryFile, Key, PinFile, PinShape
from warifu.card.personalisation import FourItems, Personalisation
from warifu.card.secrets import Pin
from warifu.card.tlv import header_size, tlv
from warifu.identifiers import MyNumber

__all__ = [
    "AID",
    "FOUR_ITEMS",
    "MY_NUMBER",
    "PIN",
    "PRESENCE_KEY",
    "REFERENCE_A",
    "REFERENCE_B",
    "SIGNED_DIGESTS",
    "input_support_application",
]

AID: Final = bytes.fromhex("D3921000310001010408")
MY_NUMBER: Final = 0x01
FOUR_ITEMS: Final = 0x02
SIGNED_DIGESTS: Final = 0x03
CERTIFICATE: Final = 0x04
BASIC: Final = 0x05
SESSION_KEY: Final = 0x06
SIGNED_KEY: Final = 0x07
PIN: Final = 0x11
_ALWAYS_BLOCKED: Final = 0x12
REFERENCE_A: Final = 0x14
REFERENCE_B: Final = 0x15
PRESENCE_KEY: Final = 0x16

_FILLER: Final = b"\xff\xff"  # terminals read 17 bytes
_PIN_TRIES: Final = 3
_REFERENCE_TRIES: Final = 10
_BY_A: Final = frozenset({PIN, REFERENCE_A})
_BY_B: Final = frozenset({PIN, REFERENCE_B})
_BY_ANY: Final = frozenset({PIN, REFERENCE_A, REFERENCE_B})


def input_support_application(given: Personalisation) -> Application:
    """The application of a card. Raises: ValueError on a phone, which has none."""
    if given.my_number is None or given.items is None:
        raise ValueError("a card has a number and four items")
    number = tlv(0xFF10, given.my_number.digits.encode("ascii")) + _FILLER
    items, without_offsets = _items(given.items)
    presence = public_key(given.presence_key)
    files = (
        ElementaryFile(MY_NUMBER, number, _BY_A),
        ElementaryFile(FOUR_ITEMS, items, _BY_B),
        ElementaryFile(SIGNED_DIGESTS, _digests(given, number, without_offsets), _BY_ANY),
        ElementaryFile(CERTIFICATE, given.records.cv_certificate),
        ElementaryFile(BASIC, tlv(0xFF40, tlv(0xDF41, b"SIM1"), tlv(0xDF42, key_identifier(given.records.key)))),
        ElementaryFile(SESSION_KEY, presence, _BY_ANY),
        ElementaryFile(SIGNED_KEY, _signed_key(given, presence), _BY_ANY),
    )
    keys = (Key(PRESENCE_KEY, given.presence_key, None),)
    return Application(
        AID, "card-face input support", files, _pins(given, given.my_number, given.items), keys, own_key=PRESENCE_KEY
    )


def _pins(given: Personalisation, number: MyNumber, items: FourItems) -> tuple[PinFile, ...]:
    a = reference_a(number)
    b = reference_b(items.born, given.expires, given.security_code)
    tries = _REFERENCE_TRIES
    return (
        PinFile(PIN, given.pins.input_support, PinShape.FOUR_DIGITS, _PIN_TRIES, _PIN_TRIES),
        PinFile(_ALWAYS_BLOCKED, Pin(b""), PinShape.FOUR_DIGITS, 0, 0, changeable=False),
        PinFile(REFERENCE_A, a, PinShape.REFERENCE_A, tries, tries, changeable=False),
        PinFile(REFERENCE_B, b, PinShape.REFERENCE_B, tries, tries, changeable=False),
    )


def _items(items: FourItems) -> tuple[bytes, bytes]:
    """The file 0002, and what of it is signed: its value without the table of offsets."""
    objects = (
        tlv(0xDF22, items.name.encode()),
        tlv(0xDF23, items.address.encode()),
        tlv(0xDF24, f"{items.born:%Y%m%d}".encode("ascii")),
        tlv(0xDF25, str(int(items.sex)).encode("ascii")),
    )
    signed = b"".join(objects)
    table_size = header_size(0xDF21, 8) + 8
    at = header_size(0xFF20, table_size + len(signed)) + table_size
    offsets = b""
    for each in objects:
        offsets += at.to_bytes(2, "big")
        at += len(each)
    return tlv(0xFF20, tlv(0xDF21, offsets), signed), signed


def _digests(given: Personalisation, number: bytes, items: bytes) -> bytes:
    signature = record_signature(given.records, number, items)
    of_number, of_items = hashlib.sha256(number).digest(), hashlib.sha256(items).digest()
    return tlv(0xFF30, tlv(0xDF31, of_number), tlv(0xDF32, of_items), tlv(0xDF33, signature))


def _signed_key(given: Personalisation, presence: bytes) -> bytes:
    return tlv(0xFF50, tlv(0xDF51, presence), tlv(0xDF52, record_signature(given.records, presence)))
