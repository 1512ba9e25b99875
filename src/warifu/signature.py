"""Signatures over labelled lists of values.

Decides what a signature covers: the digest of a label and values (:func:`warifu.canonical.digest`), signed with
Ed25519 (RFC 8032). The label says what kind of statement is signed, so that a signature made for one never passes for
another. Must never know what the values mean.
"""

from __future__ import annotations

from typing import Final, Self

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from warifu.canonical import digest
from warifu.errors import Reason, WarifuError

__all__ = ["SIGNATURE_SIZE", "VERIFY_KEY_SIZE", "SigningKey", "verify_signature"]

SIGNATURE_SIZE: Final = 64
VERIFY_KEY_SIZE: Final = 32

_SEED_SIZE: Final = 32


class SigningKey:
    """An Ed25519 private key, made from a 32-byte seed. Secret: masked when printed.

    ``verify_key`` is the public half, 32 bytes.
    """

    __slots__ = ("_expanded", "verify_key")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != _SEED_SIZE:
            raise WarifuError(Reason.KEY_INVALID, where="signing_key")
        public, self._expanded = sodium.crypto_sign_seed_keypair(seed)
        self.verify_key: Final = public

    @classmethod
    def generate(cls) -> Self:
        """A new key."""
        return cls(sodium.randombytes(_SEED_SIZE))

    @classmethod
    def from_bytes(cls, seed: bytes) -> Self:
        """The key of a 32-byte seed, as in a key file. Raises: ``KEY_INVALID``."""
        return cls(seed)

    def to_bytes(self) -> bytes:
        """The 32-byte seed, for a key file."""
        return self._expanded[:_SEED_SIZE]

    def sign(self, label: bytes, *items: bytes) -> bytes:
        """The 64-byte signature over ``digest(label, *items)``."""
        return sodium.crypto_sign(digest(label, *items), self._expanded)[:SIGNATURE_SIZE]

    def __repr__(self) -> str:
        return "SigningKey(…)"


def verify_signature(verify_key: bytes, signature: bytes, label: bytes, *items: bytes, where: str = "") -> None:
    """Check that the holder of ``verify_key`` signed ``digest(label, *items)``.

    Strict verification as libsodium does it: keys of small order and non-canonical signatures are refused. Raises:
    ``SIGNATURE_INVALID`` at ``where``, whatever the fault.
    """
    if len(verify_key) != VERIFY_KEY_SIZE or len(signature) != SIGNATURE_SIZE:
        raise WarifuError(Reason.SIGNATURE_INVALID, where=where)
    try:
        sodium.crypto_sign_open(signature + digest(label, *items), verify_key)
    except CryptoError:
        raise WarifuError(Reason.SIGNATURE_INVALID, where=where) from None
