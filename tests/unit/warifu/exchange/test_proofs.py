"""Proofs: honest ones pass, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from warifu.curve.edwards25519 import SUITE_2
from warifu.curve.group import ORDER, Point, Scalar
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import CONTEXT_SIZE
from warifu.exchange.proofs import (
    JOINT_KEY_PROOF_SIZE,
    joint_key_context,
    prove_joint_key,
    verify_joint_key,
)

VECTORS = Path(__file__).parents[3] / "vectors"
INVALID = [
    bytes.fromhex(p["encoded"])
    for p in json.loads((VECTORS / "edwards25519_invalid_points.json").read_text())["points"]
]
CONTEXT = bytes(range(CONTEXT_SIZE))


def scalar(name: str) -> Scalar:
    return SUITE_2.hash_to_scalar(b"test", name.encode())


OPENING = scalar("h")
AGENCY_KEY = SUITE_2.base_multiply(scalar("y"))
OPENING_KEY = SUITE_2.base_multiply(OPENING)
JOINT_KEY = SUITE_2.multiply(OPENING, AGENCY_KEY)
JOINT_PROOF = prove_joint_key(SUITE_2, OPENING, AGENCY_KEY, CONTEXT)


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def check_joint_key(
    agency_key: Point = AGENCY_KEY,
    opening_key: Point = OPENING_KEY,
    joint_key: Point = JOINT_KEY,
    context: bytes = CONTEXT,
    proof: bytes = JOINT_PROOF,
) -> None:
    verify_joint_key(
        SUITE_2, agency_key=agency_key, opening_key=opening_key, joint_key=joint_key, context=context, proof=proof
    )


def refused_joint_key(**changed: Any) -> None:
    with pytest.raises(WarifuError) as caught:
        check_joint_key(**changed)
    assert caught.value.reason is Reason.DIRECTORY_INVALID


def test_an_honest_joint_key_is_accepted() -> None:
    assert len(JOINT_PROOF) == JOINT_KEY_PROOF_SIZE
    check_joint_key()


def test_proving_twice_gives_different_proofs_that_both_pass() -> None:
    again = prove_joint_key(SUITE_2, OPENING, AGENCY_KEY, CONTEXT)
    assert again != JOINT_PROOF
    check_joint_key(proof=again)


def test_a_joint_key_that_the_hub_can_open_alone_is_refused() -> None:
    chosen = SUITE_2.base_multiply(scalar("x"))
    refused_joint_key(joint_key=chosen)


def test_a_joint_key_with_another_share_than_the_published_is_refused() -> None:
    other = scalar("another share")
    proof = prove_joint_key(SUITE_2, other, AGENCY_KEY, CONTEXT)
    joint_key = SUITE_2.multiply(other, AGENCY_KEY)
    refused_joint_key(joint_key=joint_key, proof=proof)


def test_a_flipped_bit_anywhere_in_a_joint_key_proof_is_refused() -> None:
    for bit in range(8 * JOINT_KEY_PROOF_SIZE):
        refused_joint_key(proof=flipped(JOINT_PROOF, bit))


def test_a_flipped_bit_anywhere_in_a_key_is_refused() -> None:
    for bit in range(256):
        for name, key in (("agency_key", AGENCY_KEY), ("opening_key", OPENING_KEY), ("joint_key", JOINT_KEY)):
            refused_joint_key(**{name: flipped(key, bit)})


def test_a_joint_key_proof_is_bound_to_institution_and_epoch() -> None:
    contexts = [joint_key_context(code, epoch) for code in ("9" * 16, "8" * 16) for epoch in (1, 2)]
    assert len(set(contexts)) == 4
    proof = prove_joint_key(SUITE_2, OPENING, AGENCY_KEY, contexts[0])
    check_joint_key(context=contexts[0], proof=proof)
    for other in contexts[1:]:
        refused_joint_key(context=other, proof=proof)


@pytest.mark.parametrize("encoded", INVALID, ids=bytes.hex)
def test_a_joint_key_proof_over_an_invalid_point_is_refused(encoded: bytes) -> None:
    for name in ("agency_key", "opening_key", "joint_key"):
        refused_joint_key(**{name: encoded})


@pytest.mark.parametrize("length", [0, 32, 63, 65, 128])
def test_a_joint_key_proof_of_another_length_is_refused(length: int) -> None:
    refused_joint_key(proof=bytes([1] * length))


@pytest.mark.parametrize("at", [0, 32])
@pytest.mark.parametrize("form", ["zero", "plus the order"])
def test_scalars_of_a_proof_out_of_range_are_refused(at: int, form: str) -> None:
    value = int.from_bytes(JOINT_PROOF[at : at + 32], "little") + ORDER if form == "plus the order" else 0
    changed = JOINT_PROOF[:at] + value.to_bytes(32, "little") + JOINT_PROOF[at + 32 :]
    refused_joint_key(proof=changed)


def test_a_repeating_source_of_randomness_does_not_repeat_a_nonce_for_another_statement() -> None:
    # Equal nonces under two challenges would give the secret away: (z1 - z2) / (e1 - e2).
    proofs = [prove_joint_key(SUITE_2, OPENING, AGENCY_KEY, context, bytes) for context in (b"one", b"two")]
    e1, e2 = (int.from_bytes(proof[:32], "little") for proof in proofs)
    z1, z2 = (int.from_bytes(proof[32:], "little") for proof in proofs)
    leaked = (z1 - z2) * pow(e1 - e2, -1, ORDER) % ORDER
    assert leaked != int.from_bytes(OPENING.value, "little")
