"""The card-face check application (券面事項確認AP): pictures of what is printed, for somebody at a counter to hold beside the card.

Source: a survey of real cards. Reference number A opens what shows birth date and expiry too, so A and B are no two secrets. Expiry (DF29)
and security code (DF2A) are covered by no signature. What DF35 is was not found; it says so.
"""

from __future__ import annotations

from typing import Final

from warifu.card.applications.records import key_identifier, public_key, record_signature
from warifu.card.applications.reference_numbers import birth_by_era, reference_a, reference_b
from warifu.card.chip_state import Application, ElementaryFile, Key, PinFile, PinShape
from warifu.card.personalisation import FaceData, FourItems, Personalisation
from warifu.card.secrets import Pin
from warifu.card.tlv import header_size, tlv, values

__all__ = [
    "AGE",
    "AID",
    "BIRTH_DATE",
    "FACE",
    "NUMBER_IMAGE",
    "PRESENCE_KEY",
    "REFERENCE_A",
    "REFERENCE_B",
    "face_check_application",
]

AID: Final = bytes.fromhex("D3921000310001010402")
AGE: Final = 0x01
FACE: Final = 0x02
BASIC: Final = 0x03
CERTIFICATE: Final = 0x04
NUMBER_IMAGE: Final = 0x05
BIRTH_DATE: Final = 0x11
REFERENCE_B: Final = 0x12
REFERENCE_A: Final = 0x13
PRESENCE_KEY: Final = 0x16

_TRIES: Final = 10
_NOT_FOUND: Final = b"SIMULATED: what a real card has here was not found"


def face_check_application(given: Personalisation) -> Application:
    """The application of a card. Raises: ValueError on a phone, which has none."""
    if given.my_number is None or given.items is None or given.face is None:
        raise ValueError("a card has a number, four items and a face")
    files = (
        ElementaryFile(AGE, _age(given, given.items), frozenset({BIRTH_DATE})),
        ElementaryFile(FACE, _face(given, given.items, given.face), frozenset({REFERENCE_A, REFERENCE_B})),
        ElementaryFile(BASIC, _basic(given)),
        ElementaryFile(CERTIFICATE, given.records.cv_certificate),
        ElementaryFile(NUMBER_IMAGE, _number(given, given.face), frozenset({REFERENCE_A})),
    )
    born = given.items.born
    pins = (
        _printed(BIRTH_DATE, Pin.of(birth_by_era(born)), PinShape.BIRTH_DATE),
        _printed(REFERENCE_B, reference_b(born, given.expires, given.security_code), PinShape.REFERENCE_B),
        _printed(REFERENCE_A, reference_a(given.my_number), PinShape.REFERENCE_A),
    )
    keys = (Key(PRESENCE_KEY, given.presence_key, None),)
    return Application(AID, "card-face check", files, pins, keys, own_key=PRESENCE_KEY)


def _printed(identifier: int, pin: Pin, shape: PinShape) -> PinFile:
    return PinFile(identifier, pin, shape, _TRIES, _TRIES, changeable=False)


def _age(given: Personalisation, items: FourItems) -> bytes:
    born = tlv(0xDF11, birth_by_era(items.born).encode("ascii"))
    key = tlv(0xDF12, public_key(given.presence_key))
    return tlv(0xFF10, born, key, tlv(0xDF13, record_signature(given.records, born + key)))


def _face(given: Personalisation, items: FourItems, face: FaceData) -> bytes:
    birth = tlv(0xDF22, f"{items.born:%Y%m%d}".encode("ascii"))
    person = birth + tlv(0xDF23, str(int(items.sex)).encode("ascii")) + tlv(0xDF24, public_key(given.presence_key))
    printed = tlv(0xDF25, face.name) + tlv(0xDF26, face.address)
    portrait = tlv(0xDF27, face.portrait)
    signature = tlv(0xDF28, record_signature(given.records, person, printed, portrait))
    unsigned = tlv(0xDF29, f"{given.expires:%Y%m%d}".encode("ascii")) + tlv(0xDF2A, face.security_code)
    return _with_offsets(person + printed + portrait + signature + unsigned)


def _with_offsets(objects: bytes) -> bytes:
    """The file, with the places of its objects in front: nine numbers of two bytes, as in the four items' file (inferred)."""
    table_size = header_size(0xDF21, 18) + 18
    at = header_size(0xFF20, table_size + len(objects)) + table_size
    offsets = b""
    for tag, value in values(objects):
        offsets += at.to_bytes(2, "big")
        at += header_size(tag, len(value)) + len(value)
    return tlv(0xFF20, tlv(0xDF21, offsets), objects)


def _basic(given: Personalisation) -> bytes:
    return tlv(
        0xFF30,
        tlv(0xDF31, b"SIM1"),
        tlv(0xDF32, key_identifier(given.records.key)),
        tlv(0xDF33, b"\x00\x01"),
        tlv(0xDF34, given.municipality[:5].encode("ascii")),
        tlv(0xDF35, _NOT_FOUND),
    )


def _number(given: Personalisation, face: FaceData) -> bytes:
    image = tlv(0xDF41, face.my_number)
    key = tlv(0xDF42, public_key(given.presence_key))
    return tlv(0xFF40, image, key, tlv(0xDF43, record_signature(given.records, image + key)))
