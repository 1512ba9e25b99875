"""What the holder of a card does with it, at a terminal: show a certificate, sign, let a counter read what is printed.

Decides which commands each takes (``warifu.card.terminal``). A PIN is typed here and goes to the card and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from warifu.card import signing
from warifu.card.applications import face_check, jpki
from warifu.card.secrets import Pin
from warifu.card.terminal import Terminal
from warifu.jpki.profile import CertificateUse
from warifu.jpki.signature import digest_info

__all__ = ["HeldCard", "ReadFace"]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Where one of the two pairs lies in the chip."""

    certificate: int
    key: int
    pin: int


_PAIRS: Final = {
    CertificateUse.SIGNING: _Pair(jpki.SIGNING_CERTIFICATE, jpki.SIGNING_KEY, jpki.SIGNING_PIN),
    CertificateUse.AUTHENTICATION: _Pair(
        jpki.AUTHENTICATION_CERTIFICATE, jpki.AUTHENTICATION_KEY, jpki.AUTHENTICATION_PIN
    ),
}


@dataclass(frozen=True, slots=True, repr=False)
class ReadFace:
    """What a counter reads of a card: the maker's certificate, face data, and the chip's signature over a nonce."""

    cv_certificate: bytes
    face_record: bytes
    presence: bytes


class HeldCard:
    """A card before a terminal. ``transmit`` takes a command's bytes and gives the response's.

    Every method raises :class:`warifu.card.terminal.CardRefusedError` for what the card refuses.
    """

    def __init__(self, transmit: Callable[[bytes], bytes]) -> None:
        self._terminal = Terminal(transmit)

    def certificate(self, use: CertificateUse, pin: Pin) -> bytes:
        """The certificate of a use, DER. The one for signing shows the four items, so the card asks for its password."""
        pair = self._verified(use, pin)
        return self._terminal.read(pair.certificate)

    def sign(self, use: CertificateUse, pin: Pin, statement: bytes) -> bytes:
        """RSA (PKCS #1 v1.5, SHA-256) over ``statement``, 256 bytes."""
        pair = self._verified(use, pin)
        return self._terminal.sign(pair.key, signing.AS_IS, digest_info(statement))

    def read_face(self, reference_b: Pin, nonce: bytes) -> ReadFace:
        """What 照合番号B opens for a counter, and the chip's word that it is there."""
        self._terminal.select(face_check.AID)
        cv_certificate = self._terminal.read(face_check.CERTIFICATE)
        self._terminal.verify(face_check.REFERENCE_B, reference_b)
        face_record = self._terminal.read(face_check.FACE)
        return ReadFace(cv_certificate, face_record, self._terminal.present(nonce))

    def _verified(self, use: CertificateUse, pin: Pin) -> _Pair:
        pair = _PAIRS[use]
        self._terminal.select(jpki.AID)
        self._terminal.verify(pair.pin, pin)
        return pair
