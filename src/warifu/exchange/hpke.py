"""Messages to the holder of a key: HPKE (RFC 9180), base mode, one alone or several under one set-up.

Decides the bytes of a box: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, as the RFC composes them from
libsodium's X25519 and the platform's HMAC and AEAD, and nothing of its own. The same boxes as ``cryptography`` makes, which
loads a private key by deriving its public half anew each time: a third of what sealing costs. Must never know what is sealed.

The lengths are checked here: libsodium reads 32 bytes whatever it is given.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

import nacl.bindings as sodium
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl.exceptions import CryptoError

__all__ = [
    "KEY_SIZE",
    "MOST_PLACES",
    "PLACE_SIZE",
    "TAG_SIZE",
    "Opening",
    "open_box",
    "public_of",
    "sealed_box",
    "sealed_boxes",
]

KEY_SIZE: Final = 32
"""Bytes of a private key, of a public one, and of the ephemeral public key that a box begins with."""

TAG_SIZE: Final = 16

PLACE_SIZE: Final = 2
"""Bytes of the place that a box of several names: the sequence number of RFC 9180, big-endian."""

MOST_PLACES: Final = 1 << 8 * PLACE_SIZE
"""Boxes under one set-up."""

_KEM: Final = b"HPKE-v1" + b"KEM" + b"\x00\x20"
_SUITE: Final = b"HPKE-v1" + b"HPKE" + b"\x00\x20" + b"\x00\x01" + b"\x00\x03"
_NONCE_SIZE: Final = 12
_NO_SALT: Final = bytes(32)  # HMAC pads a key with zeros: as good as the empty one of the RFC
_BASE_MODE: Final = b"\x00"


def public_of(private: bytes) -> bytes:
    """The public half of 32 private bytes (RFC 7748). Raises: ValueError for another length."""
    _check_size(private)
    return sodium.crypto_scalarmult_base(private)


def sealed_box(
    public_key: bytes, info: bytes, plaintext: bytes, aad: bytes = b"", ephemeral: bytes | None = None
) -> bytes:
    """The box: an ephemeral public key (32 bytes), the ciphertext, its tag (16 bytes).

    ``aad`` is empty in this protocol. ``ephemeral`` is the private half of a key that served no other box; a fresh one unless
    given. Raises: ValueError when ``public_key`` is not 32 bytes, or of small order.
    """
    own = sodium.randombytes(KEY_SIZE) if ephemeral is None else ephemeral
    enc = public_of(own)
    cipher, nonce = _keys(_shared(own, public_key), enc + public_key, info)
    return enc + cipher.encrypt(nonce, plaintext, aad)


def sealed_boxes(
    public_key: bytes, info: bytes, messages: Sequence[tuple[bytes, bytes]], ephemeral: bytes | None = None
) -> list[bytes]:
    """A box for each of ``messages``, pairs of ``aad`` and plaintext, all under one set-up; about 2 µs each.

    A box: the ephemeral public key (32 bytes), its place from 0, the ciphertext, its tag. The nonce is the place's
    (section 5.2), which no two boxes of one set-up share. ``ephemeral`` as for :func:`sealed_box`. Raises: ValueError, as
    there, and for more than :data:`MOST_PLACES`.
    """
    if len(messages) > MOST_PLACES:
        raise ValueError("more boxes than places")
    own = sodium.randombytes(KEY_SIZE) if ephemeral is None else ephemeral
    enc = public_of(own)
    cipher, nonce = _keys(_shared(own, public_key), enc + public_key, info)
    first = int.from_bytes(nonce, "big")
    return [
        enc
        + place.to_bytes(PLACE_SIZE, "big")
        + cipher.encrypt((first ^ place).to_bytes(_NONCE_SIZE, "big"), plaintext, aad)
        for place, (aad, plaintext) in enumerate(messages)
    ]


class Opening:
    """Opens the boxes of one set-up, in any order: the receiver's half of :func:`sealed_boxes`.

    ``enc`` is what each of them begins with. Raises: ValueError when that is of small order.
    """

    __slots__ = ("_cipher", "_first")

    def __init__(self, private: bytes, public_key: bytes, info: bytes, enc: bytes) -> None:
        self._cipher, nonce = _keys(_shared(private, enc), enc + public_key, info)
        self._first = int.from_bytes(nonce, "big")

    def open(self, aad: bytes, numbered: bytes) -> bytes:
        """The plaintext of a box without its first 32 bytes.

        Raises: ``cryptography.exceptions.InvalidTag`` when it does not open; ValueError when it is too short.
        """
        if len(numbered) < PLACE_SIZE + TAG_SIZE:
            raise ValueError("too short for a box")
        place = int.from_bytes(numbered[:PLACE_SIZE], "big")
        nonce = (self._first ^ place).to_bytes(_NONCE_SIZE, "big")
        return self._cipher.decrypt(nonce, numbered[PLACE_SIZE:], aad)


def open_box(private: bytes, public_key: bytes, info: bytes, box: bytes, aad: bytes = b"") -> bytes:
    """The plaintext of a box sealed to ``public_key``, the public half of ``private``.

    ``aad`` is empty in this protocol. Raises: ``cryptography.exceptions.InvalidTag`` when it does not open; ValueError when
    it is too short, or the ephemeral key in it is of small order.
    """
    if len(box) < KEY_SIZE + TAG_SIZE:
        raise ValueError("too short for a box")
    enc = box[:KEY_SIZE]
    cipher, nonce = _keys(_shared(private, enc), enc + public_key, info)
    return cipher.decrypt(nonce, box[KEY_SIZE:], aad)


def _shared(private: bytes, public_key: bytes) -> bytes:
    """X25519. A point of small order gives zeros whatever the private key is, and is refused (RFC 9180, section 7.1.4)."""
    _check_size(private)
    _check_size(public_key)
    try:
        return sodium.crypto_scalarmult(private, public_key)
    except CryptoError:
        raise ValueError("a point of small order") from None


def _check_size(key: bytes) -> None:
    if len(key) != KEY_SIZE:
        raise ValueError("not the size of a key")


def _keys(shared: bytes, kem_context: bytes, info: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    """The cipher, and the nonce of its first and only message: sections 4.1 and 5.1."""
    prk = _extract(_KEM, _NO_SALT, b"eae_prk", shared)
    secret = _expand(_KEM, prk, b"shared_secret", kem_context, KEY_SIZE)
    context = _NO_PSK + _extract(_SUITE, _NO_SALT, b"info_hash", info)
    prk = _extract(_SUITE, secret, b"secret", b"")
    key = _expand(_SUITE, prk, b"key", context, KEY_SIZE)
    return ChaCha20Poly1305(key), _expand(_SUITE, prk, b"base_nonce", context, _NONCE_SIZE)


def _extract(of: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt, of + label + ikm, "sha256")


def _expand(of: bytes, prk: bytes, label: bytes, info: bytes, size: int) -> bytes:
    """At most 32 bytes: one block."""
    return hmac.digest(prk, size.to_bytes(2, "big") + of + label + info + b"\x01", "sha256")[:size]


_NO_PSK: Final = _BASE_MODE + _extract(_SUITE, _NO_SALT, b"psk_id_hash", b"")
