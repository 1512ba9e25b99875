"""A person's code: how it is made, encrypted, opened and filed."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.canonical import length_prefixed
from warifu.curve.edwards25519 import SUITE_2
from warifu.curve.group import Point, Scalar
from warifu.curve.hash_to_curve import hash_to_edwards25519
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import (
    AgencyCode,
    EncryptedCode,
    encrypt_code,
    hedged_randomness,
    open_code,
    person_point,
    row_key,
)
from warifu.identifiers import InstitutionCode

VECTORS = Path(__file__).parents[3] / "vectors"
INVALID = json.loads((VECTORS / "edwards25519_invalid_points.json").read_text())["points"]
AUTHORITY_KEY = bytes(range(64))
CODE = person_point(SUITE_2, AUTHORITY_KEY, b"person 1")
SECRET = SUITE_2.hash_to_scalar(b"test", b"agency secret")
KEY = SUITE_2.base_multiply(SECRET)

invalid_points = pytest.mark.parametrize(
    "encoded", [pytest.param(bytes.fromhex(point["encoded"]), id=point["name"]) for point in INVALID]
)


def encrypted(code: Point = CODE, seed: bytes = b"r") -> EncryptedCode:
    return encrypt_code(SUITE_2, code, KEY, SUITE_2.hash_to_scalar(b"test", seed))


def test_a_person_point_is_the_hash_to_the_group_of_a_keyed_hash() -> None:
    keyed = hmac.new(AUTHORITY_KEY, length_prefixed(b"warifu-v1/person-point", b"person 1"), hashlib.sha512).digest()
    expected = hash_to_edwards25519(keyed, b"warifu-v1-HashToGroup-edwards25519_XMD:SHA-512_ELL2_RO_")
    assert expected == CODE


def test_a_person_point_is_a_point_and_differs_by_person_and_by_authority() -> None:
    points = {
        person_point(SUITE_2, key, person) for key in (b"key 1" * 8, b"key 2" * 8) for person in (b"1", b"2", b"12")
    }
    assert len(points) == 6
    for point in points:
        assert SUITE_2.decode(point) == point


@given(st.binary(min_size=1, max_size=20), st.binary(min_size=1, max_size=20))
def test_what_was_encrypted_is_what_opens(person: bytes, seed: bytes) -> None:
    code = person_point(SUITE_2, AUTHORITY_KEY, person)
    assert open_code(SUITE_2, SECRET, encrypted(code, seed)) == code


def test_opening_with_another_key_gives_another_point() -> None:
    other = SUITE_2.hash_to_scalar(b"test", b"another secret")
    assert open_code(SUITE_2, other, encrypted()) != CODE


def test_two_encryptions_of_one_code_share_nothing() -> None:
    first, second = encrypted(seed=b"1"), encrypted(seed=b"2")
    assert len({first.c1, first.c2, second.c1, second.c2, CODE}) == 5


def opened_or_refused(c1: bytes, c2: bytes) -> Point | Reason:
    try:
        return open_code(SUITE_2, SECRET, EncryptedCode(Point(c1), Point(c2)))
    except WarifuError as error:
        return error.reason


def test_a_flipped_bit_anywhere_in_a_ciphertext_is_refused_or_opens_to_another_point() -> None:
    refused = 0
    for bit in range(512):
        whole = bytearray(encrypted().c1 + encrypted().c2)
        whole[bit // 8] ^= 1 << bit % 8
        outcome = opened_or_refused(bytes(whole[:32]), bytes(whole[32:]))
        if isinstance(outcome, Reason):
            assert outcome is Reason.POINT_INVALID
            refused += 1
        else:
            assert outcome != CODE
            assert SUITE_2.decode(outcome) == outcome
    assert refused > 400  # fifteen of sixteen changed encodings are no point of the group


@invalid_points
def test_opening_refuses_an_invalid_point_in_either_half(encoded: bytes) -> None:
    good = encrypted()
    for bad in (EncryptedCode(Point(encoded), good.c2), EncryptedCode(good.c1, Point(encoded))):
        with pytest.raises(WarifuError) as caught:
            open_code(SUITE_2, SECRET, bad)
        assert caught.value.reason is Reason.POINT_INVALID


def test_opening_refuses_a_ciphertext_that_holds_the_identity() -> None:
    r = SUITE_2.hash_to_scalar(b"test", b"r")
    empty = EncryptedCode(SUITE_2.base_multiply(r), SUITE_2.multiply(r, KEY))
    with pytest.raises(WarifuError) as caught:
        open_code(SUITE_2, SECRET, empty)
    assert caught.value.reason is Reason.POINT_INVALID


@invalid_points
def test_encrypting_to_an_invalid_key_is_refused(encoded: bytes) -> None:
    with pytest.raises(WarifuError) as caught:
        encrypt_code(SUITE_2, CODE, Point(encoded), SUITE_2.random_scalar())
    assert caught.value.reason is Reason.POINT_INVALID


@invalid_points
def test_decoding_a_ciphertext_refuses_an_invalid_point_and_names_the_half(encoded: bytes) -> None:
    good = encrypted()
    for c1, c2, where in ((encoded, good.c2, "code.c1"), (good.c1, encoded, "code.c2")):
        with pytest.raises(WarifuError) as caught:
            EncryptedCode.decode(SUITE_2, c1, c2, "code")
        assert (caught.value.reason, caught.value.where) == (Reason.POINT_INVALID, where)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_both_ways_in_refuse_points_of_another_length(length: int) -> None:
    good = encrypted()
    for accept in (EncryptedCode.decode, EncryptedCode.from_wire):
        for c1, c2, where in ((bytes(length), good.c2, "c1"), (good.c1, bytes(length), "c2")):
            with pytest.raises(WarifuError) as caught:
                accept(SUITE_2, c1, c2)
            assert (caught.value.reason, caught.value.where) == (Reason.POINT_INVALID, where)


def test_both_ways_in_accept_a_true_ciphertext() -> None:
    good = encrypted()
    assert EncryptedCode.decode(SUITE_2, good.c1, good.c2) == good
    assert EncryptedCode.from_wire(SUITE_2, good.c1, good.c2) == good


def test_hedged_randomness_differs_by_every_one_of_its_parts() -> None:
    def constant(byte: int) -> Scalar:
        return hedged_randomness(SUITE_2, b"own key", CODE, b"request 1", lambda count: bytes([byte]) * count)

    other_code = person_point(SUITE_2, AUTHORITY_KEY, b"person 2")
    scalars = [
        constant(0),
        constant(1),
        hedged_randomness(SUITE_2, b"other key", CODE, b"request 1", bytes),
        hedged_randomness(SUITE_2, b"own key", other_code, b"request 1", bytes),
        hedged_randomness(SUITE_2, b"own key", CODE, b"request 2", bytes),
    ]
    assert len(set(scalars)) == 5


def test_a_row_key_is_a_keyed_hash_of_16_bytes() -> None:
    expected = hashlib.blake2b(length_prefixed(b"warifu-v1/row", CODE), key=b"k" * 32, digest_size=16).digest()
    assert row_key(b"k" * 32, CODE) == expected
    assert row_key(b"l" * 32, CODE) != expected
    assert row_key(b"k" * 32, KEY) != expected


def test_codes_do_not_show_themselves() -> None:
    institution = InstitutionCode.build(1, None, 1)
    shown = repr(AgencyCode(institution=institution, epoch=3, point=CODE)) + repr(encrypted())
    assert institution in shown
    for point in (CODE, encrypted().c1, encrypted().c2):
        assert point.hex() not in shown
        assert repr(bytes(point)) not in shown
