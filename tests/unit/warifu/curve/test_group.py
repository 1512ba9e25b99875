"""The group seam: what is a point, what is a scalar, and that the arithmetic is that of the curve."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from warifu.curve.edwards25519 import IDENTITY, SUITE_2, Ed25519Subgroup
from warifu.curve.group import ORDER, Group, Point, Scalar
from warifu.curve.suites import available_suites, group_of
from warifu.errors import Reason, WarifuError

VECTORS = Path(__file__).parents[3] / "vectors"
INVALID = json.loads((VECTORS / "edwards25519_invalid_points.json").read_text())["points"]
PRIME = 2**255 - 19
D = -121665 * pow(121666, -1, PRIME) % PRIME

scalars = st.integers(1, ORDER - 1).map(lambda n: Scalar(n.to_bytes(32, "little")))
invalid_points = pytest.mark.parametrize(
    "encoded", [pytest.param(bytes.fromhex(point["encoded"]), id=point["name"]) for point in INVALID]
)
wrong_lengths = pytest.mark.parametrize("length", [0, 1, 31, 33, 64])

Affine = tuple[int, int]


def as_int(scalar: Scalar) -> int:
    return int.from_bytes(scalar.value, "little")


def unpack(point: bytes) -> Affine:
    y = int.from_bytes(point, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if x * x % PRIME != square:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    assert x * x % PRIME == square
    return (x if x & 1 == point[31] >> 7 else PRIME - x), y


def plain_add(left: Affine, right: Affine) -> Affine:
    (x1, y1), (x2, y2) = left, right
    cross = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + cross, -1, PRIME)
    return x % PRIME, (y1 * y2 + x1 * x2) * pow(1 - cross, -1, PRIME) % PRIME


def plain_multiply(number: int, point: Affine) -> Affine:
    result = (0, 1)
    while number:
        if number & 1:
            result = plain_add(result, point)
        point = plain_add(point, point)
        number >>= 1
    return result


def refused(action: Callable[[], object]) -> Reason:
    with pytest.raises(WarifuError) as caught:
        action()
    return caught.value.reason


@invalid_points
def test_decoding_refuses_every_kind_of_invalid_point(encoded: bytes) -> None:
    assert refused(lambda: SUITE_2.decode(encoded)) is Reason.POINT_INVALID


@invalid_points
def test_multiplying_refuses_every_kind_of_invalid_point(encoded: bytes) -> None:
    scalar = SUITE_2.random_scalar()
    assert refused(lambda: SUITE_2.multiply(scalar, Point(encoded))) is Reason.POINT_INVALID


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(bytes.fromhex(point["encoded"]), id=point["name"])
        for point in INVALID
        if point["kind"] == "identity" or "y = p +" in point["name"]
    ],
)
def test_the_cheap_decoding_refuses_the_identity_and_coordinates_beyond_the_prime(encoded: bytes) -> None:
    assert refused(lambda: SUITE_2.decode_unproven(encoded)) is Reason.POINT_INVALID


@wrong_lengths
def test_no_operation_hands_bytes_of_another_length_to_the_library(group: Group, length: int) -> None:
    wrong, right, scalar = Point(bytes(length)), group.generator, group.random_scalar()
    for action in (
        lambda: group.decode(wrong),
        lambda: group.decode_unproven(wrong),
        lambda: group.multiply(scalar, wrong),
        lambda: group.add(wrong, right),
        lambda: group.add(right, wrong),
        lambda: group.subtract(wrong, right),
        lambda: group.subtract(right, wrong),
    ):
        assert refused(action) is Reason.POINT_INVALID


def test_a_refused_point_names_its_place(group: Group) -> None:
    with pytest.raises(WarifuError) as caught:
        group.decode(b"short", where="encrypted.c1")
    assert caught.value.where == "encrypted.c1"


def test_the_smallest_coordinates_beyond_the_prime_are_told_from_the_largest_within() -> None:
    within = (PRIME - 1).to_bytes(32, "little")
    assert SUITE_2.decode_unproven(within) == within
    assert refused(lambda: SUITE_2.decode_unproven(PRIME.to_bytes(32, "little"))) is Reason.POINT_INVALID


def test_sums_and_differences_off_the_curve_are_refused() -> None:
    off = Point((2).to_bytes(32, "little"))
    assert refused(lambda: SUITE_2.add(off, SUITE_2.generator)) is Reason.POINT_INVALID
    assert refused(lambda: SUITE_2.subtract(SUITE_2.generator, off)) is Reason.POINT_INVALID


@given(scalars)
def test_a_point_less_itself_is_refused_because_it_is_the_identity(group: Group, scalar: Scalar) -> None:
    point = group.base_multiply(scalar)
    negative = group.base_multiply(Scalar((ORDER - as_int(scalar)).to_bytes(32, "little")))
    assert refused(lambda: group.subtract(point, point)) is Reason.POINT_INVALID
    assert refused(lambda: group.add(point, negative)) is Reason.POINT_INVALID


@settings(max_examples=5)
@given(scalars, scalars)
def test_multiplication_and_addition_agree_with_the_curve_equation_written_out(a: Scalar, b: Scalar) -> None:
    base = unpack(SUITE_2.generator)
    left, right = SUITE_2.base_multiply(a), SUITE_2.base_multiply(b)
    assert unpack(left) == plain_multiply(as_int(a), base)
    assert unpack(SUITE_2.multiply(b, left)) == plain_multiply(as_int(b), unpack(left))
    assert unpack(SUITE_2.add(left, right)) == plain_add(unpack(left), unpack(right))


@given(scalars, scalars, scalars)
def test_points_follow_their_scalars(group: Group, a: Scalar, b: Scalar, c: Scalar) -> None:
    assume((as_int(a) + as_int(c)) % ORDER)  # the identity is no result: it is refused
    point = group.base_multiply(a)
    assert group.multiply(b, point) == group.base_multiply(group.scalar_multiply(a, b))
    assert group.add(point, group.base_multiply(c)) == group.base_multiply(group.scalar_add(a, c))
    assert group.subtract(group.base_multiply(group.scalar_add(a, c)), point) == group.base_multiply(c)


@given(scalars, scalars)
def test_scalars_calculate_modulo_the_order(group: Group, a: Scalar, b: Scalar) -> None:
    assume((as_int(a) + as_int(b)) % ORDER)  # nor is zero
    assert as_int(group.scalar_multiply(a, b)) == as_int(a) * as_int(b) % ORDER
    assert as_int(group.scalar_add(a, b)) == (as_int(a) + as_int(b)) % ORDER
    assert as_int(group.scalar_invert(a)) == pow(as_int(a), -1, ORDER)


def test_a_sum_of_scalars_that_is_zero_is_refused(group: Group) -> None:
    one, minus_one = Scalar((1).to_bytes(32, "little")), Scalar((ORDER - 1).to_bytes(32, "little"))
    assert refused(lambda: group.scalar_add(one, minus_one)) is Reason.INTERNAL


@pytest.mark.parametrize("number", [0, ORDER, ORDER + 1, 2**256 - 1])
def test_scalars_outside_one_to_the_order_are_refused(group: Group, number: int) -> None:
    assert refused(lambda: group.decode_scalar(number.to_bytes(32, "little"))) is Reason.KEY_INVALID


@pytest.mark.parametrize("number", [1, ORDER - 1])
def test_the_smallest_and_the_largest_scalar_are_accepted(group: Group, number: int) -> None:
    assert as_int(group.decode_scalar(number.to_bytes(32, "little"))) == number


@wrong_lengths
def test_scalars_of_another_length_are_refused(group: Group, length: int) -> None:
    assert refused(lambda: group.decode_scalar(bytes([1] * length))) is Reason.KEY_INVALID


def test_a_random_scalar_is_64_bytes_modulo_the_order(group: Group) -> None:
    wide = bytes(range(64))
    assert as_int(group.random_scalar(lambda count: wide[:count])) == int.from_bytes(wide, "little") % ORDER


@pytest.mark.parametrize("broken", [bytes(64), b"", bytes([1] * 63)], ids=["zeros", "nothing", "one byte missing"])
def test_a_broken_source_of_randomness_does_not_go_unnoticed(group: Group, broken: bytes) -> None:
    assert refused(lambda: group.random_scalar(lambda _: broken)) is Reason.INTERNAL


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_scalars_hashed_from_other_items_differ_however_the_items_are_cut(
    group: Group, left: bytes, right: bytes
) -> None:
    whole = group.hash_to_scalar(b"label", left, right)
    assert whole == group.hash_to_scalar(b"label", left, right)
    assert whole != group.hash_to_scalar(b"label", left + right)
    assert whole != group.hash_to_scalar(b"other", left, right)
    assert 0 < as_int(whole) < ORDER


def test_a_scalar_does_not_show_itself() -> None:
    scalar = Scalar(bytes([0x5A] * 32))
    for shown in (repr(scalar), str(scalar), f"{scalar}", repr([scalar])):
        assert "Z" not in shown
        assert "5a" not in shown.lower()


def test_scalars_compare_by_value_and_only_with_scalars() -> None:
    scalar = SUITE_2.random_scalar()
    assert scalar == Scalar(bytes(scalar.value))
    assert len({scalar, Scalar(bytes(scalar.value)), SUITE_2.random_scalar()}) == 2
    assert scalar != scalar.value


def test_the_suite_byte_finds_its_group(group: Group) -> None:
    assert group_of(group.suite) is group
    assert group.decode(group.generator) == group.decode_unproven(group.generator) == group.generator
    assert group.base_multiply(Scalar((1).to_bytes(32, "little"))) == group.generator


@pytest.mark.parametrize("encoded", [IDENTITY, bytes(32)], ids=["of suite 2", "of suite 1"])
def test_no_suites_identity_is_a_point_in_any_suite(group: Group, encoded: bytes) -> None:
    assert refused(lambda: group.decode(encoded)) is Reason.POINT_INVALID
    assert refused(lambda: group.multiply(group.random_scalar(), Point(encoded))) is Reason.POINT_INVALID


@given(st.binary(max_size=40))
def test_a_hashed_point_is_one_and_stays_the_same(group: Group, message: bytes) -> None:
    point = group.hash_to_point(message)
    assert group.decode(point) == point == group.hash_to_point(message)
    assert point != group.hash_to_point(message + b"\0")


@pytest.mark.parametrize("suite", [0, 3, 255, -2])
def test_an_unknown_suite_is_refused(suite: int) -> None:
    assert refused(lambda: group_of(suite)) is Reason.SUITE_UNKNOWN


def test_suite_2_is_on_every_machine_and_comes_last_because_it_costs_more() -> None:
    assert available_suites() in {(1, 2), (2,)}


def test_suite_2_does_not_load_the_systems_library() -> None:
    program = "import sys, warifu.curve.suites; warifu.curve.suites.group_of(2); print('warifu.curve.ristretto255' in sys.modules)"
    paths = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=paths)
    assert done.stdout.strip() == "False"


def test_a_library_that_lets_a_mixed_order_point_through_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nacl.bindings.crypto_core_ed25519_is_valid_point", lambda _: True)
    assert refused(Ed25519Subgroup) is Reason.CONFIG_INVALID
