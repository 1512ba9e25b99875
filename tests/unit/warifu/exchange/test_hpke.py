"""HPKE as RFC 9180 has it: its published box made and opened, and every box as another implementation makes and opens it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.exchange.hpke import KEY_SIZE, TAG_SIZE, open_box, public_of, sealed_box
from warifu.exchange.seal import BOX_OVERHEAD, PADDING_STEP, SealingKey, open_sealed, seal

TOLD = json.loads((Path(__file__).parents[3] / "vectors" / "rfc9180_a2_1.json").read_text())
VECTOR = {name: bytes.fromhex(value) for name, value in TOLD.items() if name != "source"}
OTHERS = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
FIELD = 2**255 - 19

# Every point of the curve and its twist of which a multiple by eight is zero, as anybody may write it (RFC 7748, section 7).
ORDER_EIGHT = (
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)
SMALL_ORDER = [
    (number + high).to_bytes(32, "little")
    for number in (0, 1, *ORDER_EIGHT, FIELD - 1, FIELD, FIELD + 1)
    for high in (0, 2**255)
]

PRIVATE = st.binary(min_size=KEY_SIZE, max_size=KEY_SIZE)


def test_the_published_box_is_made_from_the_published_keys() -> None:
    key, ephemeral = VECTOR["recipient_public"], VECTOR["ephemeral_private"]
    made = sealed_box(key, VECTOR["info"], VECTOR["plaintext"], VECTOR["aad"], ephemeral)
    assert made == VECTOR["enc"] + VECTOR["ciphertext"]


def test_the_published_box_opens() -> None:
    private, box = VECTOR["recipient_private"], VECTOR["enc"] + VECTOR["ciphertext"]
    assert public_of(private) == VECTOR["recipient_public"]
    assert open_box(private, VECTOR["recipient_public"], VECTOR["info"], box, VECTOR["aad"]) == VECTOR["plaintext"]


@given(PRIVATE, st.binary(max_size=600), st.binary(max_size=200))
def test_another_implementation_opens_what_is_sealed_here(private: bytes, plaintext: bytes, info: bytes) -> None:
    box = sealed_box(public_of(private), info, plaintext)
    assert OTHERS.decrypt(box, X25519PrivateKey.from_private_bytes(private), info) == plaintext


@given(PRIVATE, st.binary(max_size=600), st.binary(max_size=200))
def test_what_another_implementation_sealed_opens_here(private: bytes, plaintext: bytes, info: bytes) -> None:
    public = X25519PrivateKey.from_private_bytes(private).public_key()
    box = OTHERS.encrypt(plaintext, public, info)
    assert public_of(private) == public.public_bytes_raw()
    assert open_box(private, public_of(private), info, box) == plaintext


@pytest.mark.parametrize("point", SMALL_ORDER, ids=bytes.hex)
def test_nothing_is_sealed_to_a_point_of_small_order(point: bytes) -> None:
    with pytest.raises(ValueError, match="small order"):
        sealed_box(point, b"", b"query")
    with pytest.raises(ValueError, match="computing shared key"):
        OTHERS.encrypt(b"query", X25519PublicKey.from_public_bytes(point), b"")
    with pytest.raises(WarifuError) as refused:
        seal(point, b"", b"query")
    assert (refused.value.reason, refused.value.where) == (Reason.KEY_INVALID, "sealing_key")


@pytest.mark.parametrize("point", SMALL_ORDER, ids=bytes.hex)
def test_no_box_opens_that_begins_with_a_point_of_small_order(point: bytes) -> None:
    key = SealingKey.generate()
    box = point + seal(key.public, b"", b"query")[KEY_SIZE:]
    with pytest.raises(ValueError, match="small order"):
        open_box(key.to_bytes(), key.public, b"", box)
    with pytest.raises(WarifuError) as refused:
        open_sealed(key, b"", box, where="query")
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "query")


@pytest.mark.parametrize("size", [0, 1, KEY_SIZE - 1, KEY_SIZE, BOX_OVERHEAD - 1])
def test_what_is_shorter_than_a_box_is_no_box(size: int) -> None:
    key = SealingKey.generate()
    with pytest.raises(ValueError, match="too short"):
        open_box(key.to_bytes(), key.public, b"", bytes(size))


@pytest.mark.parametrize("size", [0, KEY_SIZE - 1, KEY_SIZE + 1])
def test_a_key_of_another_size_never_reaches_the_library(size: int) -> None:
    wrong, right, box = bytes(size), public_of(bytes(KEY_SIZE)), bytes(BOX_OVERHEAD)
    uses: list[Callable[[], bytes]] = [
        lambda: public_of(wrong),
        lambda: sealed_box(wrong, b"", b""),
        lambda: sealed_box(right, b"", b"", ephemeral=wrong),
        lambda: open_box(wrong, right, b"", box),
    ]
    for use in uses:
        with pytest.raises(ValueError, match="size of a key"):
            use()


def test_a_box_that_was_changed_does_not_open() -> None:
    key = SealingKey.generate()
    box = sealed_box(key.public, b"info", bytes(PADDING_STEP))
    for changed in (box[:-1] + bytes([box[-1] ^ 1]), box[:-TAG_SIZE] + bytes(TAG_SIZE), box + b"\0"):
        with pytest.raises(InvalidTag):
            open_box(key.to_bytes(), key.public, b"info", changed)
    with pytest.raises(InvalidTag):
        open_box(key.to_bytes(), key.public, b"another", box)


def test_two_boxes_share_no_ephemeral_key() -> None:
    public = public_of(bytes(KEY_SIZE))
    assert len({sealed_box(public, b"", b"")[:KEY_SIZE] for _ in range(100)}) == 100


def test_a_key_shows_nothing_of_itself() -> None:
    key = SealingKey.generate()
    for shown in (repr(key), str(key), f"{key}", repr([key])):
        assert key.to_bytes().hex() not in shown
        assert repr(key.to_bytes()) not in shown
