"""Numbers modulo the order of the group: the arithmetic that both suites share.

Decides what a scalar is and how bytes become one. Both suites' groups have the same prime order, so only the tag under
which scalars are hashed differs. Must never know which point a scalar will multiply.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

import nacl.bindings as sodium

from warifu.canonical import length_prefixed
from warifu.curve.hash_to_curve import expand_message_xmd
from warifu.errors import Reason, WarifuError

__all__ = ["ORDER", "SCALAR_SIZE", "RandomBytes", "Scalar", "ScalarField"]

RandomBytes = Callable[[int], bytes]
"""Gives that many random bytes; :func:`secrets.token_bytes` except in tests."""

SCALAR_SIZE: Final = 32
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
"""Number of elements of the group, and modulus of the scalars (RFC 8032 section 5.1, RFC 9496 section 4.4)."""

_WIDE_SIZE: Final = 64


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scalar:
    """A number 1 <= n < :data:`ORDER`, as 32 little-endian bytes.

    Secret: masked when printed, compared in constant time.
    """

    value: bytes

    def __repr__(self) -> str:
        return "Scalar(…)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scalar):
            return NotImplemented
        return hmac.compare_digest(self.value, other.value)

    def __hash__(self) -> int:
        return hash(self.value)


class ScalarField:
    """The scalars of one suite. A suite names its own ``scalar_dst``, so that scalars of two suites never coincide."""

    scalar_dst: ClassVar[bytes]
    """The domain separation tag of :meth:`hash_to_scalar`."""

    __slots__ = ()

    def hash_to_scalar(self, label: bytes, *items: bytes) -> Scalar:
        """64 bytes by ``expand_message_xmd`` (RFC 9380) over the length-prefixed values, modulo the group order."""
        return _reduced(expand_message_xmd(length_prefixed(label, *items), self.scalar_dst, _WIDE_SIZE))

    def random_scalar(self, random_bytes: RandomBytes = secrets.token_bytes) -> Scalar:
        """64 random bytes modulo the group order, so that no value is likelier than another."""
        return _reduced(random_bytes(_WIDE_SIZE))

    def decode_scalar(self, encoded: bytes, *, where: str = "") -> Scalar:
        """Accept 32 little-endian bytes with 1 <= n < order. Raises: ``KEY_INVALID``."""
        if len(encoded) != SCALAR_SIZE or not 0 < int.from_bytes(encoded, "little") < ORDER:
            raise WarifuError(Reason.KEY_INVALID, where=where)
        return Scalar(encoded)

    def scalar_multiply(self, left: Scalar, right: Scalar) -> Scalar:
        """The product modulo the group order."""
        return Scalar(sodium.crypto_core_ed25519_scalar_mul(left.value, right.value))

    def scalar_add(self, left: Scalar, right: Scalar) -> Scalar:
        """The sum modulo the group order, which must not be zero."""
        return _nonzero(sodium.crypto_core_ed25519_scalar_add(left.value, right.value))

    def scalar_invert(self, scalar: Scalar) -> Scalar:
        """The inverse modulo the group order, in constant time; about 33 µs."""
        return Scalar(sodium.crypto_core_ed25519_scalar_invert(scalar.value))


def _reduced(wide: bytes) -> Scalar:
    if len(wide) != _WIDE_SIZE:
        raise WarifuError(Reason.INTERNAL, debug="a scalar is reduced from exactly 64 bytes")
    return _nonzero(sodium.crypto_core_ed25519_scalar_reduce(wide))


def _nonzero(value: bytes) -> Scalar:
    # Chance never gives zero (2^-252); a broken source of randomness does, and must not go unnoticed.
    if not any(value):
        raise WarifuError(Reason.INTERNAL, debug="a scalar came out as zero")
    return Scalar(value)
