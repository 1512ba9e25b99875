"""An encrypted code belongs to whoever made it and to the inquiry it was made for."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st

from warifu.curve.group import ORDER, Group, Point, Scalar
from warifu.errors import Reason, WarifuError
from warifu.exchange.code_proof import CODE_PROOF_SIZE, check_own, prove_own
from warifu.exchange.codes import EncryptedCode, encrypt_code
from warifu.exchange.context import CONTEXT_SIZE

CONTEXT, OTHER_CONTEXT = bytes(range(CONTEXT_SIZE)), bytes(CONTEXT_SIZE)


def scalar(group: Group, name: str) -> Scalar:
    return group.hash_to_scalar(b"test", name.encode())


@pytest.fixture
def encrypted(group: Group) -> EncryptedCode:
    joint_key = group.base_multiply(scalar(group, "y h"))
    return encrypt_code(group, group.hash_to_point(b"code"), joint_key, scalar(group, "r"))


def refused(group: Group, encrypted: EncryptedCode, context: bytes, proof: bytes) -> None:
    with pytest.raises(WarifuError) as caught:
        check_own(group, encrypted, context, proof, where="here")
    assert (caught.value.reason, caught.value.where) == (Reason.SIGNATURE_INVALID, "here")


def test_whoever_made_a_ciphertext_can_prove_it(group: Group, encrypted: EncryptedCode) -> None:
    proof = prove_own(group, scalar(group, "r"), encrypted, CONTEXT)
    assert len(proof) == CODE_PROOF_SIZE
    check_own(group, encrypted, CONTEXT, proof)


def test_a_proof_does_not_pass_in_another_inquiry_or_for_another_ciphertext(
    group: Group, encrypted: EncryptedCode
) -> None:
    proof = prove_own(group, scalar(group, "r"), encrypted, CONTEXT)
    refused(group, encrypted, OTHER_CONTEXT, proof)
    refused(group, EncryptedCode(encrypted.c1, group.generator), CONTEXT, proof)
    refused(group, EncryptedCode(group.generator, encrypted.c2), CONTEXT, proof)


def test_a_ciphertext_of_somebody_else_cannot_be_proven_also_not_made_to_look_new(
    group: Group, encrypted: EncryptedCode
) -> None:
    known = scalar(group, "what the thief adds")
    joint_key = group.base_multiply(scalar(group, "y h"))
    fresh = EncryptedCode(
        group.add(encrypted.c1, group.base_multiply(known)), group.add(encrypted.c2, group.multiply(known, joint_key))
    )
    for stolen in (encrypted, fresh):
        refused(group, stolen, OTHER_CONTEXT, prove_own(group, known, stolen, OTHER_CONTEXT))
        refused(group, stolen, OTHER_CONTEXT, prove_own(group, scalar(group, "r"), encrypted, CONTEXT))


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(bit=st.integers(min_value=0, max_value=8 * CODE_PROOF_SIZE - 1))
def test_a_flipped_bit_anywhere_in_a_proof_is_refused(group: Group, encrypted: EncryptedCode, bit: int) -> None:
    proof = bytearray(prove_own(group, scalar(group, "r"), encrypted, CONTEXT, bytes))
    proof[bit // 8] ^= 1 << bit % 8
    refused(group, encrypted, CONTEXT, bytes(proof))


@pytest.mark.parametrize("length", [0, 32, 63, 65, 128])
def test_a_proof_of_another_length_is_refused(group: Group, encrypted: EncryptedCode, length: int) -> None:
    refused(group, encrypted, CONTEXT, (prove_own(group, scalar(group, "r"), encrypted, CONTEXT) * 2)[:length])


@pytest.mark.parametrize("at", [0, 32])
@pytest.mark.parametrize("form", ["zero", "plus the order"])
def test_scalars_out_of_range_are_refused(group: Group, encrypted: EncryptedCode, at: int, form: str) -> None:
    proof = prove_own(group, scalar(group, "r"), encrypted, CONTEXT)
    value = int.from_bytes(proof[at : at + 32], "little") + ORDER if form == "plus the order" else 0
    refused(group, encrypted, CONTEXT, proof[:at] + value.to_bytes(32, "little") + proof[at + 32 :])


def test_a_response_that_makes_the_commitment_nothing_is_refused(group: Group, encrypted: EncryptedCode) -> None:
    """z*G = e*C1, which would give the identity as T: refused like any other."""
    e = scalar(group, "e")
    response = group.scalar_multiply(e, scalar(group, "r"))
    refused(group, encrypted, CONTEXT, e.value + response.value)


def test_a_repeating_source_of_randomness_does_not_give_the_randomness_of_the_code_away(
    group: Group, encrypted: EncryptedCode
) -> None:
    r = scalar(group, "r")
    proofs = [prove_own(group, r, encrypted, context, bytes) for context in (CONTEXT, OTHER_CONTEXT)]
    (e1, z1), (e2, z2) = (
        (int.from_bytes(proof[:32], "little"), int.from_bytes(proof[32:], "little")) for proof in proofs
    )
    assert (z1 - z2) * pow(e1 - e2, -1, ORDER) % ORDER != int.from_bytes(r.value, "little")


def test_a_point_outside_the_group_is_refused(group: Group, encrypted: EncryptedCode) -> None:
    proof = prove_own(group, scalar(group, "r"), encrypted, CONTEXT)
    with pytest.raises(WarifuError):
        check_own(group, EncryptedCode(Point(b"\xff" * 32), encrypted.c2), CONTEXT, proof)
