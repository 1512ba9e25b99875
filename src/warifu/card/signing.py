"""Signatures as the card makes them: six ways to say what is to be signed.

Decides what P1 of the signing command means, which lengths it takes, and the padding. Which key, and whether a PIN opened it,
is the chip's business.

Source: a survey of real cards (modes 00 to 05; 1 to 245 bytes in mode 00). That mode 01 hashes a message and signs the bare digest
without saying which hash it was is inferred from its description. PKCS#1 v1.5 and PSS are those of RFC 8017, sections 8.2 and 8.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric import padding, utils
from cryptography.hazmat.primitives.hashes import SHA256

from warifu.card.apdu import StatusError, Word
from warifu.card.secrets import PrivateKey

__all__ = ["AS_IS", "LONGEST_AS_IS", "SHA256_OF_MESSAGE", "signed"]

AS_IS: Final = 0x00
"""P1: the bytes are padded and signed as they are: a terminal sends a DigestInfo."""

SHA256_OF_MESSAGE: Final = 0x03
"""P1: the bytes are a message, whose SHA-256 is signed as a DigestInfo."""

LONGEST_AS_IS: Final = 245
"""Bytes that fit between the eleven of the padding and the modulus."""

_HASH_SIZE: Final = 32
_PSS: Final = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=_HASH_SIZE)
_V15: Final = padding.PKCS1v15()


def signed(key: PrivateKey, p1: int, sent: bytes) -> bytes:
    """256 bytes of signature. Raises: StatusError: WRONG_P1_P2 for a way that there is not, WRONG_LENGTH, WRONG_DATA."""
    way = _WAYS.get(p1)
    if way is None:
        raise StatusError(Word.WRONG_P1_P2)
    if not sent:
        raise StatusError(Word.WRONG_LENGTH)
    return way(key, sent)


def _as_is(key: PrivateKey, sent: bytes) -> bytes:
    if len(sent) > LONGEST_AS_IS:
        raise StatusError(Word.WRONG_LENGTH)
    return key.loaded().sign(sent, _V15, utils.NoDigestInfo())


def _bare(key: PrivateKey, sent: bytes) -> bytes:
    return _as_is(key, hashlib.sha256(sent).digest())


def _hash(key: PrivateKey, sent: bytes) -> bytes:
    return key.loaded().sign(_digest(sent), _V15, utils.Prehashed(SHA256()))


def _message(key: PrivateKey, sent: bytes) -> bytes:
    return key.loaded().sign(sent, _V15, SHA256())


def _hash_pss(key: PrivateKey, sent: bytes) -> bytes:
    return key.loaded().sign(_digest(sent), _PSS, utils.Prehashed(SHA256()))


def _message_pss(key: PrivateKey, sent: bytes) -> bytes:
    return key.loaded().sign(sent, _PSS, SHA256())


def _digest(sent: bytes) -> bytes:
    if len(sent) != _HASH_SIZE:
        raise StatusError(Word.WRONG_LENGTH)
    return sent


_WAYS: Final[dict[int, Callable[[PrivateKey, bytes], bytes]]] = {
    AS_IS: _as_is,
    0x01: _bare,
    0x02: _hash,
    SHA256_OF_MESSAGE: _message,
    0x04: _hash_pss,
    0x05: _message_pss,
}
