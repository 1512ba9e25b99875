"""The one seam for group arithmetic: points, scalars and how bytes become either.

Decides which bytes are a valid element of the network's group and does the arithmetic on them. A suite byte names the
group everywhere on the wire; a network has exactly one, for good. Suite 2 is the prime-order subgroup of edwards25519,
by libsodium through PyNaCl: it is here on every machine. Suite 1 is ristretto255 by the system's libsodium
(:mod:`warifu.ristretto255`): cheaper, loaded only when it is asked for, and never replaced by the other when it is
missing. Must never know what a point stands for.

Points travel as their 32 encoded bytes and stay that way: decoding is done inside each operation. Which checks an
operation makes is part of its contract, because in suite 2 an addition alone lets a point outside the subgroup through:

=================  =============================================================================
``decode``         everything: length, canonical, on the curve, prime-order subgroup, not identity
``multiply``       the same, for its point, at no extra cost
``add``/subtract   length and on the curve only (suite 1: everything but the identity)
=================  =============================================================================
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final, NewType, Protocol

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from warifu.errors import Reason, WarifuError
from warifu.hash_to_curve import hash_to_edwards25519
from warifu.scalars import ORDER, SCALAR_SIZE, RandomBytes, Scalar, ScalarField

__all__ = [
    "IDENTITY",
    "ORDER",
    "POINT_SIZE",
    "SCALAR_SIZE",
    "SUITE_2",
    "Ed25519Subgroup",
    "Group",
    "Point",
    "RandomBytes",
    "Scalar",
    "available_suites",
    "group_of",
]

Point = NewType("Point", bytes)
"""A group element as its 32 encoded bytes."""

POINT_SIZE: Final = 32

IDENTITY: Final = b"\x01" + bytes(31)
"""Suite 2's encoding of the neutral element, which is no valid point anywhere in the protocol."""

_SUITE_1: Final = 1
_FIELD: Final = 2**255 - 19
_POINT_DST: Final = b"warifu-v1-HashToGroup-edwards25519_XMD:SHA-512_ELL2_RO_"
_SCALAR_DST: Final = b"warifu-v1-HashToScalar-edwards25519_XMD:SHA-512_ELL2_RO_"


class Group(Protocol):
    """What the protocol asks of a group of prime order. A result that is the identity raises ``POINT_INVALID``."""

    @property
    def suite(self) -> int:
        """The number of the suite on the wire, one byte."""

    @property
    def name(self) -> str:
        """The name of the suite, as in the directory."""

    @property
    def generator(self) -> Point:
        """The fixed base point G."""

    def decode(self, encoded: bytes, *, where: str = "") -> Point:
        """Accept a point that came from outside, after every check. Raises: ``POINT_INVALID``."""

    def decode_unproven(self, encoded: bytes, *, where: str = "") -> Point:
        """Accept a point that will be multiplied before anything else; only the cheap checks are made here.

        Length, canonical form and identity are checked; membership is left to :meth:`multiply`. Raises:
        ``POINT_INVALID``.
        """

    def base_multiply(self, scalar: Scalar) -> Point:
        """``scalar`` times the generator."""

    def multiply(self, scalar: Scalar, point: Point) -> Point:
        """``scalar`` times ``point``, checking that ``point`` is in the group. Raises: ``POINT_INVALID``."""

    def add(self, left: Point, right: Point) -> Point:
        """The sum. Raises: ``POINT_INVALID`` when it is the identity."""

    def subtract(self, left: Point, right: Point) -> Point:
        """The difference. Raises: ``POINT_INVALID`` when it is the identity."""

    def hash_to_point(self, message: bytes) -> Point:
        """A point of which nobody knows the discrete logarithm."""

    def hash_to_scalar(self, label: bytes, *items: bytes) -> Scalar:
        """A scalar from a label and values of at most 65,535 bytes each."""

    def random_scalar(self, random_bytes: RandomBytes = secrets.token_bytes) -> Scalar:
        """A uniform scalar from 64 random bytes."""

    def decode_scalar(self, encoded: bytes, *, where: str = "") -> Scalar:
        """Accept 32 bytes as a scalar: canonical and not zero. Raises: ``KEY_INVALID``."""

    def scalar_multiply(self, left: Scalar, right: Scalar) -> Scalar:
        """The product modulo the group order."""

    def scalar_add(self, left: Scalar, right: Scalar) -> Scalar:
        """The sum modulo the group order, which must not be zero."""

    def scalar_invert(self, scalar: Scalar) -> Scalar:
        """The inverse modulo the group order, in constant time."""


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


def group_of(suite: int) -> Group:
    """The group that a suite byte names.

    Raises: ``SUITE_UNKNOWN``; ``CONFIG_INVALID`` when this machine lacks the library of suite 1, saying what to install.
    """
    if suite == SUITE_2.suite:
        return SUITE_2
    if suite != _SUITE_1:
        raise WarifuError(Reason.SUITE_UNKNOWN)
    from warifu.ristretto255 import ristretto255

    return ristretto255()


def available_suites() -> tuple[int, ...]:
    """The suites that this machine can calculate in, the cheapest first."""
    try:
        group_of(_SUITE_1)
    except WarifuError:
        return (SUITE_2.suite,)
    return _SUITE_1, SUITE_2.suite
