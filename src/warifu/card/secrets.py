"""What a chip keeps to itself: PINs and private keys, as types that mask themselves.

Decides that such a value never shows itself in print, a log line or a traceback, and that a PIN is compared in constant
time. It knows neither which PIN opens what nor how often one may be tried.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

__all__ = ["KEY_BITS", "Pin", "PrivateKey"]

KEY_BITS = 2048
"""Bits of every RSA key of a card (OpenSC's driver knows no other)."""

_MOST_LOADED: Final = 32
_LOADED: dict[bytes, RSAPrivateKey] = {}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Pin:
    """A PIN, password or reference number as a terminal sends it. Masked when printed, compared in constant time.

    Shape and length are the chip's to judge (:class:`warifu.card.chip_state.PinShape`).
    """

    sent: bytes

    @classmethod
    def of(cls, text: str) -> Pin:
        """The PIN that is typed as ``text``. Raises: UnicodeEncodeError for anything but ASCII."""
        return cls(text.encode("ascii"))

    def __repr__(self) -> str:
        return "Pin(…)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pin):
            return NotImplemented
        return hmac.compare_digest(_hashed(self.sent), _hashed(other.sent))  # of one length, whatever was sent

    def __hash__(self) -> int:
        return hash(_hashed(self.sent))


def _hashed(sent: bytes) -> bytes:
    return hashlib.sha256(sent).digest()


@dataclass(frozen=True, slots=True, repr=False)
class PrivateKey:
    """An RSA key of :data:`KEY_BITS`, in PKCS#8 DER. Masked when printed."""

    pkcs8: bytes

    @classmethod
    def generate(cls) -> PrivateKey:
        """A new key: some 0.1 s of one processor."""
        made = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        pkcs8 = made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        _remember(pkcs8, made)  # loading it again would try its primes again, which takes as long as finding them
        return cls(pkcs8)

    def loaded(self) -> RSAPrivateKey:
        """The key to compute with. Raises: ValueError when it is no RSA key."""
        return _loaded(self.pkcs8)

    def modulus(self) -> bytes:
        """The public modulus, 256 big-endian bytes."""
        return self.loaded().public_key().public_numbers().n.to_bytes(KEY_BITS // 8, "big")

    def __repr__(self) -> str:
        return "PrivateKey(…)"


def _loaded(pkcs8: bytes) -> RSAPrivateKey:
    known = _LOADED.get(pkcs8)
    if known is not None:
        return known
    key = load_der_private_key(pkcs8, password=None)
    if not isinstance(key, RSAPrivateKey) or key.key_size != KEY_BITS:
        raise ValueError("not an RSA key of a card's size")
    _remember(pkcs8, key)
    return key


def _remember(pkcs8: bytes, key: RSAPrivateKey) -> None:
    """The latest few stay loaded; the one that came first goes first."""
    _LOADED[pkcs8] = key
    while len(_LOADED) > _MOST_LOADED:
        del _LOADED[next(iter(_LOADED))]
