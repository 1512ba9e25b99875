"""Boxes of the vectors, sealed and opened by hand as docs/protocol/sealed.md says, and taken by the parties' own function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from tests.contract import protocol_by_hand as by_hand

from warifu.errors import Reason, WarifuError
from warifu.exchange.seal import LEAST_ANSWER, PADDING_STEP, SealingKey, open_at_rest, open_sealed

Told = Callable[[str], dict[str, Any]]
Box = dict[str, Any]


@pytest.fixture
def boxes(told: Told) -> list[Box]:
    """Every box of the vectors: those of boxes.json, and a query and an answer of each suite."""
    found = list(told("boxes")["boxes"])
    for suite in (1, 2):
        exchange = told(f"exchange-suite{suite}")
        found += [exchange["query"], exchange["answer"]]
    return [{name: value if name == "least" else bytes.fromhex(value) for name, value in box.items()} for box in found]


def test_boxes_of_both_kinds_are_there(boxes: list[Box]) -> None:
    assert {box["least"] for box in boxes} == {LEAST_ANSWER, PADDING_STEP}


def test_a_box_is_sealed_as_the_page_says(boxes: list[Box]) -> None:
    for box in boxes:
        public = X25519PrivateKey.from_private_bytes(box["to"]).public_key().public_bytes_raw()
        assert by_hand.padded(box["plaintext"], box["least"]) == box["padded"]
        assert by_hand.sealed(box["ephemeral"], public, box["info"], box["padded"]) == box["box"]
        assert by_hand.opened(box["to"], box["info"], box["box"]) == box["padded"]


def test_the_parties_open_a_box_that_was_sealed_by_hand(boxes: list[Box]) -> None:
    for box in boxes:
        key = SealingKey.from_bytes(box["to"])
        assert open_sealed(key, box["info"], box["box"], where="box", least=box["least"]) == box["plaintext"]


def test_boxes_together_are_sealed_and_opened_as_the_page_says(told: Told) -> None:
    labels = {256: b"warifu-v1/queries-together", 512: b"warifu-v1/answers-together"}
    groups = told("boxes")["together"]
    assert {group["least"] for group in groups} == set(labels)
    for group in groups:
        private, info, ephemeral = (bytes.fromhex(group[name]) for name in ("to", "info", "ephemeral"))
        assert by_hand.prefixed(labels[group["least"]], by_hand.between(bytes.fromhex(group["context"]))) == info
        public = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
        for each in group["boxes"]:
            aad, plaintext, padded, box = (bytes.fromhex(each[name]) for name in ("aad", "plaintext", "padded", "box"))
            assert by_hand.padded(plaintext, group["least"]) == padded
            assert by_hand.sealed_together(ephemeral, public, info, each["place"], aad, padded) == box
            assert by_hand.opened_together(private, info, aad, box) == padded
            assert by_hand.is_together(box)
            key = SealingKey.from_bytes(private)
            assert open_sealed(key, aad, box, where="box", least=group["least"], between=info) == plaintext


def test_boxes_are_told_apart_by_their_length(boxes: list[Box]) -> None:
    assert not any(by_hand.is_together(box["box"]) for box in boxes)


@pytest.mark.parametrize("spoil", [lambda padded: padded[:-1] + b"\1", lambda padded: padded + bytes(256)])
def test_padding_of_another_form_is_refused(boxes: list[Box], spoil: Callable[[bytes], bytes]) -> None:
    box = boxes[1]
    public = X25519PrivateKey.from_private_bytes(box["to"]).public_key().public_bytes_raw()
    spoilt = by_hand.sealed(box["ephemeral"], public, box["info"], spoil(box["padded"]))
    with pytest.raises(WarifuError) as refused:
        open_sealed(SealingKey.from_bytes(box["to"]), box["info"], spoilt, where="box")
    assert refused.value.reason is Reason.REQUEST_MALFORMED


def test_the_info_of_an_answer_is_the_context_under_its_label(told: Told, suite: int) -> None:
    exchange = told(f"exchange-suite{suite}")
    context = bytes.fromhex(exchange["query"]["info"])
    assert by_hand.prefixed(b"warifu-v1/answer", context).hex() == exchange["answer"]["info"]


def test_a_value_at_rest_is_nonce_ciphertext_and_tag(told: Told) -> None:
    kept = {name: bytes.fromhex(value) for name, value in told("boxes")["at_rest"].items()}
    made = ChaCha20Poly1305(kept["key"]).encrypt(kept["nonce"], kept["plaintext"], kept["aad"])
    assert kept["nonce"] + made == kept["sealed"]
    assert open_at_rest(kept["key"], kept["sealed"], kept["aad"]) == kept["plaintext"]
