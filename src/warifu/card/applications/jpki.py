"""The certificates' application (公的個人認証AP): two keys, their certificates, two PINs, and what says which there are.

Source: OpenSC's driver for files and PINs; a survey of real cards for 0006 (CK_TOKEN_INFO of PKCS#11, big-endian) and 0008.
On Android's secure element the authentication certificate is read behind its PIN; an iPhone is taken to do as the card does
(its files were not found).
"""

from __future__ import annotations

from typing import Final

from warifu.card.chip_state import Application, ElementaryFile, Key, PinFile, PinShape
from warifu.card.personalisation import CardKind, Personalisation
from warifu.card.secrets import Pin

__all__ = [
    "AID",
    "AUTHENTICATION_CERTIFICATE",
    "AUTHENTICATION_ISSUER",
    "AUTHENTICATION_KEY",
    "AUTHENTICATION_PIN",
    "PRESENT",
    "SIGNING_CERTIFICATE",
    "SIGNING_ISSUER",
    "SIGNING_KEY",
    "SIGNING_PIN",
    "TOKEN_INFO",
    "jpki_application",
]

AID: Final = bytes.fromhex("D392F000260100000001")
SIGNING_CERTIFICATE: Final = 0x01
SIGNING_ISSUER: Final = 0x02
TOKEN_INFO: Final = 0x06
PRESENT: Final = 0x08
AUTHENTICATION_CERTIFICATE: Final = 0x0A
AUTHENTICATION_ISSUER: Final = 0x0B
AUTHENTICATION_KEY: Final = 0x17
AUTHENTICATION_PIN: Final = 0x18
SIGNING_KEY: Final = 0x1A
SIGNING_PIN: Final = 0x1B

_AUTHENTICATION_TRIES: Final = 3
_SIGNING_TRIES: Final = 5
_LABELS: Final = {
    CardKind.CARD: "JPKIAPICCTOKEN2",
    CardKind.ANDROID: "JPKIAPGPSETOKEN",
    CardKind.IPHONE: "JPKIAPIOSTOKEN",
}
_UNKNOWN_MEMORY: Final = b"\xff" * 16
_IS_THERE, _IS_NOT = 0x8F, 0x00


def jpki_application(given: Personalisation) -> Application:
    """The application of somebody who has, or has not, a signing certificate."""
    by_pin = frozenset({AUTHENTICATION_PIN}) if given.kind is CardKind.ANDROID else None
    files = (
        ElementaryFile(TOKEN_INFO, _token_info(given)),
        ElementaryFile(PRESENT, bytes([_IS_THERE if given.signing else _IS_NOT, _IS_THERE, 0x00])),
        ElementaryFile(AUTHENTICATION_CERTIFICATE, given.authentication.certificate, by_pin),
        ElementaryFile(AUTHENTICATION_ISSUER, given.authentication.issuer_certificate),
    )
    pins = (_four_digits(given.pins.authentication),)
    keys = (Key(AUTHENTICATION_KEY, given.authentication.private_key, AUTHENTICATION_PIN),)
    if given.signing is None or given.pins.signing is None:
        return Application(AID, "JPKI", files, pins, keys)
    signing_files = (
        ElementaryFile(SIGNING_CERTIFICATE, given.signing.certificate, frozenset({SIGNING_PIN})),
        ElementaryFile(SIGNING_ISSUER, given.signing.issuer_certificate),
    )
    password = PinFile(SIGNING_PIN, given.pins.signing, PinShape.PASSWORD, _SIGNING_TRIES, _SIGNING_TRIES)
    signing_key = Key(SIGNING_KEY, given.signing.private_key, SIGNING_PIN)
    return Application(AID, "JPKI", signing_files + files, (*pins, password), (*keys, signing_key))


def _four_digits(pin: Pin) -> PinFile:
    return PinFile(AUTHENTICATION_PIN, pin, PinShape.FOUR_DIGITS, _AUTHENTICATION_TRIES, _AUTHENTICATION_TRIES)


def _token_info(given: Personalisation) -> bytes:
    """160 bytes. Texts that were not found say SIMULATED."""
    words = (0, 0, 0, 0, 0, 16, 6)  # flags, four counts of sessions, longest and shortest PIN
    return b"".join(
        (
            _padded(_LABELS[given.kind], 32),
            _padded("SIMULATED", 32),
            _padded("SIMULATED", 16),
            _padded(given.serial, 16),
            *(word.to_bytes(4, "big") for word in words),
            _UNKNOWN_MEMORY,
            bytes(2),
            bytes(2),
            _padded("", 16),
        )
    )


def _padded(text: str, size: int) -> bytes:
    return text.encode("ascii")[:size].ljust(size)
