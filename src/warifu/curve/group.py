"""What the protocol asks of a group of prime order: points, scalars and how bytes become either.

The one seam for arithmetic, as a contract; one file per suite keeps it (:mod:`warifu.curve.edwards25519`,
:mod:`warifu.curve.ristretto255`) and :mod:`warifu.curve.suites` picks by the suite byte. Must never know what a point
stands for.

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
from typing import Final, NewType, Protocol

from warifu.curve.scalars import ORDER, SCALAR_SIZE, RandomBytes, Scalar

__all__ = [
    "ORDER",
    "POINT_SIZE",
    "SCALAR_SIZE",
    "Group",
    "Point",
    "RandomBytes",
    "Scalar",
]

Point = NewType("Point", bytes)
"""A group element as its 32 encoded bytes."""

POINT_SIZE: Final = 32


class Group(Protocol):
    """What the protocol asks of a group of prime order. A result that is the identity raises ``POINT_INVALID``."""

    def __hash__(self) -> int:
        """A group is the same only as itself."""

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
