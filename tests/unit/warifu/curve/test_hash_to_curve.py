"""Hashing to edwards25519, against the vectors of RFC 9380."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nacl.bindings as sodium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.curve.hash_to_curve import expand_message_xmd, field_elements, hash_to_edwards25519, map_to_edwards25519

VECTORS = Path(__file__).parents[3] / "vectors"
EXPANDER = json.loads((VECTORS / "rfc9380_expand_message_xmd_sha512.json").read_text())
CURVE = json.loads((VECTORS / "rfc9380_edwards25519_hash_to_curve.json").read_text())
PRIME = 2**255 - 19
D = -121665 * pow(121666, -1, PRIME) % PRIME
DST = CURVE["dst"].encode()

messages = pytest.mark.parametrize("case", CURVE["cases"], ids=lambda case: f"{len(case['message'])} bytes")


def affine(u: int) -> tuple[int, int]:
    x, y, z = map_to_edwards25519(u)
    inverse = pow(z, -1, PRIME)
    return x * inverse % PRIME, y * inverse % PRIME


def coordinates(point: dict[str, str]) -> tuple[int, int]:
    return int(point["x"], 16), int(point["y"], 16)


@pytest.mark.parametrize("case", EXPANDER["cases"], ids=lambda case: f"{len(case['message'])} to {case['length']}")
def test_the_expander_gives_the_bytes_of_rfc_9380_k_3(case: dict[str, Any]) -> None:
    expanded = expand_message_xmd(case["message"].encode(), EXPANDER["dst"].encode(), case["length"])
    assert expanded.hex() == case["uniform_bytes"]


@messages
def test_field_elements_are_those_of_rfc_9380_j_5_1(case: dict[str, Any]) -> None:
    assert list(field_elements(case["message"].encode(), DST)) == [int(u, 16) for u in case["u"]]


@messages
def test_both_mapped_points_are_those_of_rfc_9380_j_5_1(case: dict[str, Any]) -> None:
    assert [affine(int(u, 16)) for u in case["u"]] == [coordinates(case["q0"]), coordinates(case["q1"])]


@messages
def test_the_hash_is_the_point_of_rfc_9380_j_5_1(case: dict[str, Any]) -> None:
    x, y = coordinates(case["point"])
    expected = (y | (x & 1) << 255).to_bytes(32, "little")
    assert hash_to_edwards25519(case["message"].encode(), DST) == expected


@given(st.integers(0, PRIME - 1))
def test_every_field_element_maps_to_a_point_of_the_curve(u: int) -> None:
    x, y = affine(u)
    assert (y * y - x * x - 1 - D * x * x * y * y) % PRIME == 0


@given(st.integers(1, PRIME - 1))
def test_a_field_element_and_its_negative_map_to_the_same_point(u: int) -> None:
    assert affine(u) == affine(PRIME - u)


def test_zero_the_exceptional_input_maps_to_the_identity() -> None:
    assert affine(0) == (0, 1)


@given(st.binary(max_size=300))
def test_every_message_hashes_into_the_prime_order_subgroup(message: bytes) -> None:
    assert sodium.crypto_core_ed25519_is_valid_point(hash_to_edwards25519(message, b"a tag"))


def test_another_domain_separation_tag_gives_another_point() -> None:
    assert hash_to_edwards25519(b"same", b"one tag") != hash_to_edwards25519(b"same", b"another tag")


@pytest.mark.parametrize(("dst", "length"), [(b"", 32), (b"x" * 256, 32), (b"x", 0), (b"x", 255 * 64 + 1)])
def test_a_tag_or_a_length_out_of_range_is_refused(dst: bytes, length: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        expand_message_xmd(b"message", dst, length)
