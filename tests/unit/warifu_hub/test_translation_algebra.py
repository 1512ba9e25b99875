"""The formulas, recalculated with nothing but exponents.

A toy group, once for each suite, whose "points" are their own discrete logarithms runs the same code. Every point of the real run must be the
generator times the toy's number: an error in a formula cannot hide in both, and neither can one in the curve.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.curve.edwards25519 import SUITE_2
from warifu.curve.group import ORDER, Group, Point, RandomBytes, Scalar
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode, encrypt_code, open_code
from warifu.identifiers import InstitutionCode
from warifu_hub.translate import HubKeys, Party, Randomiser, Translator

KEYS = HubKeys(factor_key=b"f" * 32, opening_key=b"o" * 32, rerandomise_key=b"r" * 32)
A = Party(InstitutionCode.build(1, None, 1))
B = Party(InstitutionCode.build(2, None, 2))

chosen = st.fixed_dictionaries({name: st.integers(1, ORDER - 1) for name in ("person", "y_b", "r_issue", "r_ask", "k")})


def packed(number: int) -> bytes:
    return (number % ORDER).to_bytes(32, "little")


def unpacked(encoded: bytes) -> int:
    return int.from_bytes(encoded, "little")


class Exponents:
    """The integers modulo the order under addition; a point is its own logarithm."""

    suite = 0
    name = "exponents"
    generator = Point(packed(1))

    def __init__(self, hashing: Group = SUITE_2) -> None:
        self._hashing = hashing

    def decode(self, encoded: bytes, *, where: str = "") -> Point:
        return self._nonzero(unpacked(encoded))

    def decode_unproven(self, encoded: bytes, *, where: str = "") -> Point:
        return self.decode(encoded)

    def base_multiply(self, scalar: Scalar) -> Point:
        return Point(scalar.value)

    def multiply(self, scalar: Scalar, point: Point) -> Point:
        return self._nonzero(unpacked(scalar.value) * unpacked(point))

    def add(self, left: Point, right: Point) -> Point:
        return self._nonzero(unpacked(left) + unpacked(right))

    def subtract(self, left: Point, right: Point) -> Point:
        return self._nonzero(unpacked(left) - unpacked(right))

    def hash_to_point(self, message: bytes) -> Point:
        raise NotImplementedError("a logarithm nobody knows cannot be written down")

    def hash_to_scalar(self, label: bytes, *items: bytes) -> Scalar:
        return self._hashing.hash_to_scalar(label, *items)

    def random_scalar(self, random_bytes: RandomBytes = secrets.token_bytes) -> Scalar:
        return self._hashing.random_scalar(random_bytes)

    def decode_scalar(self, encoded: bytes, *, where: str = "") -> Scalar:
        return self._hashing.decode_scalar(encoded)

    def scalar_multiply(self, left: Scalar, right: Scalar) -> Scalar:
        return Scalar(packed(unpacked(left.value) * unpacked(right.value)))

    def scalar_add(self, left: Scalar, right: Scalar) -> Scalar:
        return Scalar(packed(unpacked(left.value) + unpacked(right.value)))

    def scalar_invert(self, scalar: Scalar) -> Scalar:
        return Scalar(packed(pow(unpacked(scalar.value), -1, ORDER)))

    @staticmethod
    def _nonzero(number: int) -> Point:
        if number % ORDER == 0:
            raise WarifuError(Reason.POINT_INVALID)
        return Point(packed(number))


@dataclass(frozen=True)
class FixedRandomiser:
    """The same k in both groups; derived ones depend on the bytes of the points and would differ."""

    group: Group
    k: Scalar

    def take(self, binding: bytes, to_key: Point) -> Randomiser:
        return Randomiser(scalar=self.k, base=self.group.base_multiply(self.k), key=self.group.multiply(self.k, to_key))


def run(group: Group, *, person: int, y_b: int, r_issue: int, r_ask: int, k: int) -> list[Point]:
    """Issue a code at A, ask B; every point that comes up on the way, in order."""
    y, fixed = Scalar(packed(y_b)), FixedRandomiser(group, Scalar(packed(k)))
    hub = Translator(group, KEYS, fixed)
    point, key = group.base_multiply(Scalar(packed(person))), group.base_multiply(y)
    joint = {party: group.multiply(hub.opening_share(*party[:2]), key) for party in (A, B)}
    first = encrypt_code(group, point, joint[A], Scalar(packed(r_issue)))
    issued = hub.convert(from_=None, context=b"", encrypted=first, to=A, to_key=key)
    code_a = open_code(group, y, issued)
    asked = encrypt_code(group, code_a, joint[B], Scalar(packed(r_ask)))
    answered = hub.convert(context=b"", encrypted=asked, from_=A, to=B, to_key=key)
    code_b = open_code(group, y, answered)
    pairs: list[EncryptedCode] = [first, issued, asked, answered]
    return [*joint.values(), *(half for pair in pairs for half in (pair.c1, pair.c2)), code_a, code_b]


@settings(max_examples=20)
@given(chosen)
def test_every_point_of_an_exchange_has_the_logarithm_the_formulas_give(group: Group, numbers: dict[str, int]) -> None:
    toy = run(Exponents(group), **numbers)
    real = run(group, **numbers)
    assert real == [group.base_multiply(Scalar(number)) for number in toy]


@given(chosen)
def test_the_code_at_the_provider_is_the_person_times_its_factor_whatever_the_randomness(
    numbers: dict[str, int],
) -> None:
    code_a, code_b = run(Exponents(), **numbers)[-2:]
    hub = Translator(Exponents(), KEYS)
    assert unpacked(code_a) == numbers["person"] * unpacked(hub.factor(*A[:2]).value) % ORDER
    assert unpacked(code_b) == numbers["person"] * unpacked(hub.factor(*B[:2]).value) % ORDER
