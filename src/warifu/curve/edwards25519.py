"""Suite 2: the prime-order subgroup of edwards25519 (RFC 8032 encodings), by libsodium through PyNaCl.

It is there on every machine that has the project. An addition checks only that its operands are on the curve, so every
foreign point passes ``decode`` or ``multiply`` before its sum means anything. Must never know what a point stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from warifu.curve.group import POINT_SIZE, Point
from warifu.curve.hash_to_curve import hash_to_edwards25519
from warifu.curve.scalars import Scalar, ScalarField
from warifu.errors import Reason, WarifuError

__all__ = ["IDENTITY", "SUITE_2", "Ed25519Subgroup"]

IDENTITY: Final = b"\x01" + bytes(31)
"""Suite 2's encoding of the neutral element, which is no valid point anywhere in the protocol."""

_FIELD: Final = 2**255 - 19
_POINT_DST: Final = b"warifu-v1-HashToGroup-edwards25519_XMD:SHA-512_ELL2_RO_"
_SCALAR_DST: Final = b"warifu-v1-HashToScalar-edwards25519_XMD:SHA-512_ELL2_RO_"


class Ed25519Subgroup(ScalarField):
    """Suite 2: the prime-order subgroup of edwards25519 (RFC 8032 encodings), by libsodium.

    Scalar multiplication and inversion are constant in time. Making one checks that the library refuses a point of
    mixed order, because libsodium before its fix of CVE-2025-69277 (PyNaCl before 1.6.2) let such points through.
    """

    suite: Final = 2
    name: Final = "edwards25519-subgroup-SHA512"
    generator: Final = Point(bytes.fromhex("58") + bytes.fromhex("66" * 31))
    scalar_dst = _SCALAR_DST

    __slots__ = ()

    def __init__(self) -> None:
        if sodium.crypto_core_ed25519_is_valid_point(_mixed_order_point(self.generator)):
            raise WarifuError(
                Reason.CONFIG_INVALID, where="libsodium lets invalid points through; PyNaCl >= 1.6.2 is needed"
            )

    def decode(self, encoded: bytes, *, where: str = "") -> Point:
        """Accept a point that came from outside, after every check; about 45 µs. Raises: ``POINT_INVALID``."""
        if len(encoded) != POINT_SIZE or not sodium.crypto_core_ed25519_is_valid_point(encoded):
            raise WarifuError(Reason.POINT_INVALID, where=where)
        return Point(encoded)

    def decode_unproven(self, encoded: bytes, *, where: str = "") -> Point:
        """Check length, canonical form and identity only; about 0.3 µs. Raises: ``POINT_INVALID``."""
        if (
            len(encoded) != POINT_SIZE
            or encoded == IDENTITY
            or (encoded[31] & 0x7F == 0x7F and int.from_bytes(encoded, "little") & (2**255 - 1) >= _FIELD)
        ):
            raise WarifuError(Reason.POINT_INVALID, where=where)
        return Point(encoded)

    def base_multiply(self, scalar: Scalar) -> Point:
        """``scalar`` times the generator; about 20 µs."""
        return Point(sodium.crypto_scalarmult_ed25519_base_noclamp(scalar.value))

    def multiply(self, scalar: Scalar, point: Point) -> Point:
        """``scalar`` times ``point``, checking that ``point`` is in the group; about 95 µs.

        Raises: ``POINT_INVALID``.
        """
        if len(point) != POINT_SIZE:
            raise WarifuError(Reason.POINT_INVALID)
        try:
            return Point(sodium.crypto_scalarmult_ed25519_noclamp(scalar.value, point))
        except CryptoError:
            raise WarifuError(Reason.POINT_INVALID) from None

    def add(self, left: Point, right: Point) -> Point:
        """The sum; about 17 µs. Raises: ``POINT_INVALID`` when it is the identity or an operand is not on the curve."""
        return self._combine(sodium.crypto_core_ed25519_add, left, right)

    def subtract(self, left: Point, right: Point) -> Point:
        """The difference; about 17 µs. Raises: ``POINT_INVALID`` as for :meth:`add`."""
        return self._combine(sodium.crypto_core_ed25519_sub, left, right)

    @staticmethod
    def _combine(operation: Callable[[bytes, bytes], bytes], left: Point, right: Point) -> Point:
        if len(left) != POINT_SIZE or len(right) != POINT_SIZE:
            raise WarifuError(Reason.POINT_INVALID)
        try:
            result = operation(left, right)
        except CryptoError:
            raise WarifuError(Reason.POINT_INVALID) from None
        if result == IDENTITY:
            raise WarifuError(Reason.POINT_INVALID)
        return Point(result)

    def hash_to_point(self, message: bytes) -> Point:
        """RFC 9380 ``edwards25519_XMD:SHA-512_ELL2_RO_`` with this protocol's own tag; about 0.2 ms."""
        result = hash_to_edwards25519(message, _POINT_DST)
        if result == IDENTITY:
            raise WarifuError(Reason.POINT_INVALID)
        return Point(result)


def _mixed_order_point(generator: Point) -> bytes:
    """The generator plus the point of order two, (0, -1): on the curve, outside the prime-order subgroup."""
    order_two = (_FIELD - 1).to_bytes(POINT_SIZE, "little")
    return sodium.crypto_core_ed25519_add(generator, order_two)


SUITE_2: Final = Ed25519Subgroup()
"""The one instance of suite 2; it holds nothing."""
