"""Sealed boxes: what only the addressed agency can read.

Decides how a query or an answer is encrypted on its way (:mod:`warifu.exchange.hpke`) and how a code is encrypted at rest (RFC 8439). The ``info`` of a box is the exchange's
context, so a box opens only inside the exchange it was made for. Several boxes to one key may share one set-up: then its
``info`` says between whom, and the context is each one's ``aad``. Boxes come in steps of 256 bytes, because the hub sees
lengths. The hub must never import this module; it relays boxes and cannot open one.

HPKE base mode does not say who sealed: that is what the signatures of :mod:`warifu.exchange.signature` are for.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from warifu.curve.group import RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.exchange import hpke

__all__ = [
    "BOX_OVERHEAD",
    "LEAST_ANSWER",
    "PADDING_STEP",
    "TOGETHER_OVERHEAD",
    "SealingKey",
    "is_together",
    "open_at_rest",
    "open_sealed",
    "seal",
    "seal_at_rest",
    "seal_together",
]

PADDING_STEP: Final = 256
"""Plaintexts are padded to a multiple of this many bytes, their four-byte length included."""

LEAST_ANSWER: Final = 2 * PADDING_STEP
"""What an answer is padded to at least, so that small records look as long as none, with what parties tell each other."""

BOX_OVERHEAD: Final = hpke.KEY_SIZE + hpke.TAG_SIZE
"""Bytes a box adds to its padded plaintext: an ephemeral public key (32) and a tag (16)."""

TOGETHER_OVERHEAD: Final = BOX_OVERHEAD + hpke.PLACE_SIZE
"""The same of a box that shares a set-up: its place besides, by which it is told from one alone."""

_REMEMBERED_SETUPS: Final = 64
_KEY_SIZE: Final = 32
_LENGTH_SIZE: Final = 4
_NONCE_SIZE: Final = 12
_TAG_SIZE: Final = 16


class SealingKey:
    """The private half of an X25519 key pair (RFC 7748). Secret: masked when printed.

    ``public`` is the other half, 32 bytes, which anyone may seal to.
    """

    __slots__ = ("_private", "_setups", "public")

    def __init__(self, private: bytes, where: str = "") -> None:
        if len(private) != hpke.KEY_SIZE:
            raise WarifuError(Reason.KEY_INVALID, where=where)
        self._private = private
        self._setups: dict[tuple[bytes, bytes], hpke.Opening] | None = None
        self.public: Final = hpke.public_of(private)

    @classmethod
    def generate(cls) -> Self:
        """A new key pair."""
        return cls(secrets.token_bytes(hpke.KEY_SIZE))

    @classmethod
    def from_bytes(cls, encoded: bytes, where: str = "") -> Self:
        """The key pair of 32 private bytes. Raises: ``KEY_INVALID``."""
        return cls(encoded, where)

    def to_bytes(self) -> bytes:
        """The 32 private bytes, for a key file."""
        return self._private

    def decrypt(self, info: bytes, box: bytes) -> bytes:
        """The padded plaintext of ``box``.

        Raises: ``cryptography.exceptions.InvalidTag`` when it does not open; ValueError when it is none.
        """
        return hpke.open_box(self._private, self.public, info, box)

    def decrypt_together(self, info: bytes, aad: bytes, box: bytes) -> bytes:
        """The same of a box that shares its set-up with others: the set-up is made once for all that come soon."""
        enc, numbered = box[: hpke.KEY_SIZE], box[hpke.KEY_SIZE :]
        return self._setup(info, enc).open(aad, numbered)

    def _setup(self, info: bytes, enc: bytes) -> hpke.Opening:
        setups = self._setups = {} if self._setups is None else self._setups
        found = setups.get((info, enc))
        if found is None:
            if len(setups) == _REMEMBERED_SETUPS:
                del setups[next(iter(setups))]
            found = setups[info, enc] = hpke.Opening(self._private, self.public, info, enc)
        return found

    def __repr__(self) -> str:
        return "SealingKey(…)"


def seal(public_key: bytes, info: bytes, plaintext: bytes, *, least: int = PADDING_STEP) -> bytes:
    """Encrypt ``plaintext`` so that only the holder of ``public_key`` can open it, and only with the same ``info``.

    The box is 48 bytes longer than the plaintext padded to steps of 256, to ``least`` bytes (a number of steps) at least. Sealing twice gives different boxes. Raises:
    ``KEY_INVALID`` when ``public_key`` is not 32 bytes or is a point of small order, to which nothing can be sealed.
    """
    padded = _pad(plaintext, least)
    try:
        return hpke.sealed_box(public_key, info, padded)
    except ValueError:
        raise WarifuError(Reason.KEY_INVALID, where="sealing_key") from None


def seal_together(
    public_key: bytes, between: bytes, messages: Sequence[tuple[bytes, bytes]], *, least: int = PADDING_STEP
) -> list[bytes]:
    """As :func:`seal` for each of ``messages``, pairs of an ``info`` and a plaintext, under one set-up.

    HPKE's own ``info`` is ``between``, and each one's becomes its ``aad``. A box is two bytes longer than one alone. Raises:
    ``KEY_INVALID``, as :func:`seal`.
    """
    padded = [(info, _pad(plaintext, least)) for info, plaintext in messages]
    try:
        return hpke.sealed_boxes(public_key, between, padded)
    except ValueError:
        raise WarifuError(Reason.KEY_INVALID, where="sealing_key") from None


def is_together(box: bytes) -> bool:
    """Whether a box shares its set-up with others, which its length says."""
    return (len(box) - TOGETHER_OVERHEAD) % PADDING_STEP == 0


def open_sealed(
    key: SealingKey, info: bytes, box: bytes, *, where: str, least: int = PADDING_STEP, between: bytes | None = None
) -> bytes:
    """Open a box sealed to ``key`` with the same ``info``, padded to ``least`` bytes at least.

    With ``between`` also one that shares its set-up. Raises: ``REQUEST_MALFORMED`` at ``where``, whatever the fault, so that
    the error teaches nothing about the box.
    """
    together = between is not None and is_together(box)
    padded = len(box) - (TOGETHER_OVERHEAD if together else BOX_OVERHEAD)
    if padded < least or padded % PADDING_STEP:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where)
    try:
        if between is not None and together:
            return _unpad(key.decrypt_together(between, info, box), least)
        return _unpad(key.decrypt(info, box), least)
    except (InvalidTag, ValueError):
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where) from None


def _pad(plaintext: bytes, least: int) -> bytes:
    body = len(plaintext).to_bytes(_LENGTH_SIZE, "big") + plaintext
    return (body + bytes(-len(body) % PADDING_STEP)).ljust(least, b"\0")


def _unpad(padded: bytes, least: int) -> bytes:
    """Undo :func:`_pad`; one plaintext has one padded form, so anything else is refused with ``ValueError``."""
    length = int.from_bytes(padded[:_LENGTH_SIZE], "big")
    plaintext = padded[_LENGTH_SIZE : _LENGTH_SIZE + length]
    if _pad(plaintext, least) != padded:
        raise ValueError("padding is not canonical")
    return plaintext


def seal_at_rest(key: bytes, plaintext: bytes, aad: bytes, random_bytes: RandomBytes = secrets.token_bytes) -> bytes:
    """Encrypt a value for a party's own database: 12-byte random nonce, ciphertext, 16-byte tag.

    ``key`` is 32 bytes; ``aad`` names the place the value belongs to, so that rows cannot be swapped. Good for 2^32
    values under one key (random nonces). Raises: ``KEY_INVALID`` when ``key`` has another length.
    """
    nonce = random_bytes(_NONCE_SIZE)
    return nonce + _at_rest(key).encrypt(nonce, plaintext, aad)


def open_at_rest(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Decrypt what :func:`seal_at_rest` made. Raises: ``KEY_INVALID`` when key, place or value do not fit together."""
    cipher = _at_rest(key)
    if len(sealed) < _NONCE_SIZE + _TAG_SIZE:
        raise WarifuError(Reason.KEY_INVALID, where="value at rest")
    try:
        return cipher.decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], aad)
    except InvalidTag:
        raise WarifuError(Reason.KEY_INVALID, where="value at rest") from None


@lru_cache(maxsize=16)
def _at_rest(key: bytes) -> ChaCha20Poly1305:
    if len(key) != _KEY_SIZE:
        raise WarifuError(Reason.KEY_INVALID, where="key at rest")
    return ChaCha20Poly1305(key)
