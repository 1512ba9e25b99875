"""What a card is asked to sign, byte for byte.

Decides how a statement is joined (``warifu.canonical``) under a label of its own, so that a signature for one purpose is none for
another, and none made for one service is good at another. A card signs SHA-256 of it. Knows no key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from warifu.canonical import length_prefixed
from warifu.identifiers import InstitutionCode
from warifu.jpki.profile import CertificateUse

__all__ = [
    "NONCE_SIZE",
    "bank_statement",
    "consent_statement",
    "login_statement",
    "possession_statement",
    "registration_statement",
]

NONCE_SIZE: Final = 32
"""Bytes in a nonce."""

_POSSESSION = b"warifu-v1/jpki-possession"
_REGISTRATION = b"warifu-v1/jpki-registration"
_LOGIN = b"warifu-v1/jpki-login"
_CONSENT = b"warifu-v1/jpki-consent"
_BANK = b"warifu-v1/bank-application"


def possession_statement(request_id: bytes, use: CertificateUse, public_key: bytes) -> bytes:
    """A card's new key, for a certificate of ``use``: that whoever asks for one has the key. ``public_key`` is DER."""
    return length_prefixed(_POSSESSION, request_id, use.value.encode(), public_key)


def registration_statement(service: InstitutionCode, nonce: bytes) -> bytes:
    """Becoming a user of ``service``, or one again with a new card. For the signing key."""
    return length_prefixed(_REGISTRATION, service.encode(), nonce)


def login_statement(service: InstitutionCode, nonce: bytes) -> bytes:
    """Being that user again. For the authentication key."""
    return length_prefixed(_LOGIN, service.encode(), nonce)


def consent_statement(service: InstitutionCode, items: Sequence[str], nonce: bytes) -> bytes:
    """Letting ``service`` have these of the newest four items, by name, in order. For the signing key."""
    return length_prefixed(_CONSENT, service.encode(), nonce, *(item.encode() for item in items))


def bank_statement(service: InstitutionCode, nonce: bytes, written: Sequence[str]) -> bytes:
    """An application for a bank account: what was written in it, in the order of the contract. For the signing key."""
    return length_prefixed(_BANK, service.encode(), nonce, *(text.encode() for text in written))
