"""Signatures over labelled values, and the Ed25519 beneath them by RFC 8032."""

from __future__ import annotations

import json
from pathlib import Path

import nacl.bindings as sodium
import pytest

from warifu.canonical import digest
from warifu.curve.group import ORDER
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import CONTEXT_SIZE
from warifu.exchange.signature import SIGNATURE_SIZE, SigningKey, verify_signature

VECTORS = Path(__file__).parents[3] / "vectors"
CASES = json.loads((VECTORS / "rfc8032_ed25519.json").read_text())["cases"]
INVALID = json.loads((VECTORS / "edwards25519_invalid_points.json").read_text())["points"]
KEY = SigningKey(bytes(range(32)))
LABEL = b"warifu-v1/exchange"
ITEMS = (bytes(CONTEXT_SIZE), b"c1", b"c2", b"box" * 100)


def reason_of_verifying(verify_key: bytes, signature: bytes, label: bytes, *items: bytes) -> Reason:
    with pytest.raises(WarifuError) as caught:
        verify_signature(verify_key, signature, label, *items, where="signature")
    assert caught.value.where == "signature"
    return caught.value.reason


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{len(case['message']) // 2} bytes")
def test_keys_and_signatures_beneath_are_those_of_rfc_8032(case: dict[str, str]) -> None:
    key = SigningKey.from_bytes(bytes.fromhex(case["seed"]))
    assert key.verify_key.hex() == case["verify_key"]
    signed = sodium.crypto_sign(bytes.fromhex(case["message"]), key._expanded)
    assert signed[:SIGNATURE_SIZE].hex() == case["signature"]


def test_what_is_signed_is_the_digest_of_label_and_items() -> None:
    signature = KEY.sign(LABEL, *ITEMS)
    assert sodium.crypto_sign_open(signature + digest(LABEL, *ITEMS), KEY.verify_key) == digest(LABEL, *ITEMS)
    verify_signature(KEY.verify_key, signature, LABEL, *ITEMS)


def test_signing_the_same_twice_gives_the_same_signature() -> None:
    assert KEY.sign(LABEL, *ITEMS) == KEY.sign(LABEL, *ITEMS)


def test_a_flipped_bit_anywhere_in_a_signature_is_refused() -> None:
    signature = KEY.sign(LABEL, *ITEMS)
    for bit in range(8 * SIGNATURE_SIZE):
        assert reason_of_verifying(KEY.verify_key, flipped(signature, bit), LABEL, *ITEMS) is Reason.SIGNATURE_INVALID


def test_a_flipped_bit_anywhere_in_what_was_signed_is_refused() -> None:
    signature = KEY.sign(LABEL, *ITEMS)
    for index, item in enumerate(ITEMS):
        for bit in range(8 * len(item)):
            changed = (*ITEMS[:index], flipped(item, bit), *ITEMS[index + 1 :])
            assert reason_of_verifying(KEY.verify_key, signature, LABEL, *changed) is Reason.SIGNATURE_INVALID


def test_a_signature_made_for_one_purpose_does_not_pass_for_another() -> None:
    signature = KEY.sign(LABEL, *ITEMS)
    assert reason_of_verifying(KEY.verify_key, signature, b"warifu-v1/answer", *ITEMS) is Reason.SIGNATURE_INVALID


def test_items_cut_at_another_place_are_refused() -> None:
    signature = KEY.sign(LABEL, b"ab", b"c")
    assert reason_of_verifying(KEY.verify_key, signature, LABEL, b"a", b"bc") is Reason.SIGNATURE_INVALID
    assert reason_of_verifying(KEY.verify_key, signature, LABEL, b"abc") is Reason.SIGNATURE_INVALID


def test_somebody_elses_key_is_refused() -> None:
    other = SigningKey.generate().verify_key
    assert reason_of_verifying(other, KEY.sign(LABEL), LABEL) is Reason.SIGNATURE_INVALID


def test_the_second_form_of_the_same_signature_is_refused() -> None:
    signature = KEY.sign(LABEL)
    second = int.from_bytes(signature[32:], "little") + ORDER
    assert (
        reason_of_verifying(KEY.verify_key, signature[:32] + second.to_bytes(32, "little"), LABEL)
        is Reason.SIGNATURE_INVALID
    )


@pytest.mark.parametrize(
    "key", [bytes.fromhex(p["encoded"]) for p in INVALID if p["kind"] in ("identity", "small order")]
)
def test_a_key_of_small_order_verifies_nothing(key: bytes) -> None:
    # With such a key, R = S*G and any S would otherwise pass for many messages.
    scalar = (5).to_bytes(32, "little")
    forged = sodium.crypto_scalarmult_ed25519_base_noclamp(scalar) + scalar
    for number in range(16):
        assert reason_of_verifying(key, forged, LABEL, bytes([number])) is Reason.SIGNATURE_INVALID


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    assert reason_of_verifying(bytes(length), KEY.sign(LABEL), LABEL) is Reason.SIGNATURE_INVALID
    with pytest.raises(WarifuError) as caught:
        SigningKey.from_bytes(bytes(length))
    assert caught.value.reason is Reason.KEY_INVALID


@pytest.mark.parametrize("length", [0, 63, 65, 128])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    assert reason_of_verifying(KEY.verify_key, bytes(length), LABEL) is Reason.SIGNATURE_INVALID


def test_a_signing_key_survives_its_bytes_and_does_not_show_itself() -> None:
    key = SigningKey.generate()
    assert SigningKey.from_bytes(key.to_bytes()).sign(LABEL) == key.sign(LABEL)
    assert repr(key) == "SigningKey(…)"
