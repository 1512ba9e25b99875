"""Signatures over labelled lists of values, one at a time or several together.

Decides what a signature covers: a *statement*, the digest of a label and values (:func:`warifu.canonical.digest`),
signed with Ed25519 (RFC 8032). The label says what kind of statement is signed, so that a signature made for one never
passes for another. Must never know what the values mean.

Statements to one addressee that calls in lockstep (``warifu.lockstep``) have to sign share one Ed25519 signature: over the
root of a Merkle tree, hashed as RFC 6962 does, whose leaves are the statements. Each gets that signature with its way to
the root, and whoever verifies several of them verifies the root once (ADR 14). Statements to different addressees never
share one: by it, the two could tell which of theirs were made in the same moment.

    alone       signature 64
    together    signature 64, way to the root (``warifu.exchange.together``)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Protocol, Self

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from warifu.canonical import digest
from warifu.errors import Reason, WarifuError
from warifu.exchange.together import LastWays, Together, ways_to_root
from warifu.lockstep import Paced

__all__ = ["SIGNATURE_SIZE", "VERIFY_KEY_SIZE", "SigningKey", "SigningKeySource", "verify_signature"]

SIGNATURE_SIZE: Final = 64
"""Bytes of a signature made alone; one made together is 65 + 32·n bytes long, with n from 1 to 8."""

VERIFY_KEY_SIZE: Final = 32

_SEED_SIZE: Final = 32
_ROOT_LABEL: Final = b"warifu-v1/signed-together"
_REMEMBERED_ROOTS: Final = 4096
_WAYS: Final = LastWays()


class SigningKeySource(Protocol):
    """Whatever can say which key to sign with now: a :class:`SigningKey` itself, or what follows the directory."""

    def current(self) -> SigningKey:
        """The key for the next statement."""


class SigningKey:
    """An Ed25519 private key, made from a 32-byte seed. Secret: masked when printed.

    ``verify_key`` is the public half, 32 bytes.
    """

    __slots__ = ("_expanded", "_together", "verify_key")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != _SEED_SIZE:
            raise WarifuError(Reason.KEY_INVALID, where="signing_key")
        public, self._expanded = sodium.crypto_sign_seed_keypair(seed)
        self._together: Together[bytes, bytes] = Together()
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

    def current(self) -> SigningKey:
        """This key: held in memory, it is never replaced."""
        return self

    def sign(self, label: bytes, *items: bytes) -> bytes:
        """The 64-byte signature over ``digest(label, *items)``."""
        return self._signature(digest(label, *items))

    def signing(self, to: str | None, label: bytes, *items: bytes) -> Paced[bytes]:
        """The signature over ``digest(label, *items)``, in steps: made together with all in step that go ``to`` the same.

        Whoever is alone, or says no addressee, gets what :meth:`sign` gives. On one thread only.
        """
        if to is None:
            return self.sign(label, *items)
        return (yield from self._together.sharing(to, digest(label, *items), self._sign_together))

    def _sign_together(self, statements: Sequence[bytes]) -> list[bytes]:
        if len(statements) == 1:
            return [self._signature(statements[0])]
        root, ways = ways_to_root(statements)
        signature = self._signature(digest(_ROOT_LABEL, root))
        return [signature + way for way in ways]

    def _signature(self, statement: bytes) -> bytes:
        return sodium.crypto_sign(statement, self._expanded)[:SIGNATURE_SIZE]

    def __repr__(self) -> str:
        return "SigningKey(…)"


def verify_signature(verify_key: bytes, signature: bytes, label: bytes, *items: bytes, where: str = "") -> None:
    """Check that the holder of ``verify_key`` signed ``digest(label, *items)``, alone or together with others.

    Strict verification as libsodium does it: keys of small order and non-canonical signatures are refused. Raises:
    ``SIGNATURE_INVALID`` at ``where``, whatever the fault.
    """
    statement, alone, way = digest(label, *items), signature[:SIGNATURE_SIZE], signature[SIGNATURE_SIZE:]
    try:
        if way:
            _WAYS.follow((verify_key, alone), statement, way, lambda root: _verify_root(verify_key, alone, root))
        else:
            _verify(verify_key, alone, statement)
    except (CryptoError, ValueError):
        raise WarifuError(Reason.SIGNATURE_INVALID, where=where) from None


@lru_cache(maxsize=_REMEMBERED_ROOTS)
def _verify_root(verify_key: bytes, signature: bytes, root: bytes) -> None:
    """Only what verified is remembered: a failure raises, and is looked at anew each time."""
    _verify(verify_key, signature, digest(_ROOT_LABEL, root))


def _verify(verify_key: bytes, signature: bytes, statement: bytes) -> None:
    if len(verify_key) != VERIFY_KEY_SIZE or len(signature) != SIGNATURE_SIZE:
        raise ValueError("a key has 32 bytes and a signature 64")
    sodium.crypto_sign_open(signature + statement, verify_key)
