"""RSA signatures of PKCS #1 v1.5 with SHA-256 (RFC 8017, 8.2), compared whole.

Decides whether a signature is one: the block that the key opens must be the one block there is for this message, every byte of
it. Whoever instead looks for the digest inside the block takes forged ones (Bleichenbacher's of 2006). Whose key it is, it does not know.
"""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from warifu.errors import Reason, WarifuError
from warifu.jpki.profile import KEY_BITS

__all__ = ["SIGNATURE_SIZE", "check_signature", "digest_info"]

SIGNATURE_SIZE: Final = KEY_BITS // 8
"""Bytes in a signature."""

_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")


def digest_info(message: bytes) -> bytes:
    """DER DigestInfo of SHA-256 over ``message``, 51 bytes: what a card's key is given (RFC 8017, 9.2)."""
    return _SHA256_INFO + hashlib.sha256(message).digest()


def check_signature(key: rsa.RSAPublicKey, signature: bytes, message: bytes, *, where: str) -> None:
    """Refuse a signature that the holder of ``key`` did not make over ``message``.

    Raises: SIGNATURE_INVALID, also for a key of another size, or with an exponent other than 65537.
    """
    numbers = key.public_numbers()
    value = int.from_bytes(signature, "big")
    fits = key.key_size == KEY_BITS and numbers.e == 65_537 and len(signature) == SIGNATURE_SIZE and value < numbers.n
    if not fits or pow(value, numbers.e, numbers.n).to_bytes(SIGNATURE_SIZE, "big") != _block(message):
        raise WarifuError(Reason.SIGNATURE_INVALID, where=where)


def _block(message: bytes) -> bytes:
    """EMSA-PKCS1-v1_5: 00 01 FF … FF 00 and the DigestInfo."""
    told = digest_info(message)
    return b"\x00\x01" + b"\xff" * (SIGNATURE_SIZE - len(told) - 3) + b"\x00" + told
