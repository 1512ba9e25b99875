"""Sealing with a given ephemeral key, so that a box can be made again: HPKE base mode, RFC 9180, with this protocol's padding."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

__all__ = ["padded", "public_of", "sealed_together_with", "sealed_with"]

_KEM, _SUITE = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x03"


def public_of(private: bytes) -> bytes:
    """The X25519 public key of 32 private bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def padded(plaintext: bytes, least: int) -> bytes:
    """``plaintext`` behind its length as four bytes, padded to steps of 256, to ``least`` bytes at least."""
    body = len(plaintext).to_bytes(4, "big") + plaintext
    return body + bytes(max(-(-len(body) // 256) * 256, least) - len(body))


def sealed_with(ephemeral: bytes, public_key: bytes, info: bytes, plaintext: bytes) -> bytes:
    """The box: 32 bytes of the ephemeral public key, then ciphertext and tag."""
    enc, key, nonce = _set_up(ephemeral, public_key, info)
    return enc + ChaCha20Poly1305(key).encrypt(nonce, plaintext, b"")


def sealed_together_with(
    ephemeral: bytes, public_key: bytes, info: bytes, place: int, aad: bytes, plaintext: bytes
) -> bytes:
    """A box that shares its set-up: the ephemeral public key, its place in two bytes, ciphertext and tag."""
    enc, key, nonce = _set_up(ephemeral, public_key, info)
    own = bytes(a ^ b for a, b in zip(nonce, place.to_bytes(12, "big"), strict=True))
    return enc + place.to_bytes(2, "big") + ChaCha20Poly1305(key).encrypt(own, plaintext, aad)


def _set_up(ephemeral: bytes, public_key: bytes, info: bytes) -> tuple[bytes, bytes, bytes]:
    """The ephemeral public key, the AEAD's key, and its base nonce."""
    enc = public_of(ephemeral)
    shared = X25519PrivateKey.from_private_bytes(ephemeral).exchange(X25519PublicKey.from_public_bytes(public_key))
    prk = _extract(_KEM, b"", b"eae_prk", shared)
    secret = _expand(_KEM, prk, b"shared_secret", enc + public_key, 32)
    context = b"\0" + _extract(_SUITE, b"", b"psk_id_hash", b"") + _extract(_SUITE, b"", b"info_hash", info)
    prk = _extract(_SUITE, secret, b"secret", b"")
    return enc, _expand(_SUITE, prk, b"key", context, 32), _expand(_SUITE, prk, b"base_nonce", context, 12)


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, size: int) -> bytes:
    labelled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, labelled + b"\x01", hashlib.sha256)[:size]
