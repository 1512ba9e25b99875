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
from warifu.exchange.hpke import KEY_SIZE, MOST_PLACES, TAG_SIZE, Opening, open_box, public_of, sealed_box, sealed_boxes
from warifu.exchange.seal import (
    BOX_OVERHEAD,
    PADDING_STEP,
    TOGETHER_OVERHEAD,
    SealingKey,
    is_together,
    open_sealed,
    seal,
    seal_together,
)

TOLD = json.loads((Path(__file__).parents[3] / "vectors" / "rfc9180_a2_1.json").read_text())
VECTOR = {name: bytes.fromhex(value) for name, value in TOLD.items() if name not in {"source", "encryptions"}}
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


def test_the_published_boxes_of_later_sequence_numbers_are_made_under_one_set_up() -> None:
    key, ephemeral, plaintext = VECTOR["recipient_public"], VECTOR["ephemeral_private"], VECTOR["plaintext"]
    made = sealed_boxes(key, VECTOR["info"], [(b"Count-%d" % place, plaintext) for place in range(257)], ephemeral)
    for number, ciphertext in TOLD["encryptions"].items():
        place = int(number)
        assert made[place] == VECTOR["enc"] + place.to_bytes(2, "big") + bytes.fromhex(ciphertext)


def test_boxes_of_one_set_up_open_in_any_order() -> None:
    private, plaintext = VECTOR["recipient_private"], VECTOR["plaintext"]
    opening = Opening(private, VECTOR["recipient_public"], VECTOR["info"], VECTOR["enc"])
    for number, ciphertext in reversed(TOLD["encryptions"].items()):
        box = int(number).to_bytes(2, "big") + bytes.fromhex(ciphertext)
        assert opening.open(b"Count-" + number.encode(), box) == plaintext


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


@given(PRIVATE, st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=600)), min_size=1, max_size=6))
def test_the_first_box_of_a_set_up_is_what_another_implementation_opens(
    private: bytes, messages: list[tuple[bytes, bytes]]
) -> None:
    first = sealed_boxes(public_of(private), b"info", [(b"", messages[0][1]), *messages])[0]
    assert first[32:34] == bytes(2)
    own = X25519PrivateKey.from_private_bytes(private)
    assert OTHERS.decrypt(first[:32] + first[34:], own, b"info") == messages[0][1]


def test_boxes_under_one_set_up_share_nothing_but_its_key() -> None:
    key = SealingKey.generate()
    boxes = seal_together(key.public, b"between", [(b"a", b"query"), (b"a", b"query")])
    assert boxes[0][:32] == boxes[1][:32]
    assert boxes[0][34:] != boxes[1][34:]
    assert all(is_together(box) and len(box) == TOGETHER_OVERHEAD + PADDING_STEP for box in boxes)


@pytest.mark.parametrize(
    ("info", "between", "change"),
    [
        (b"b", b"between", lambda box: box),
        (b"a", b"others", lambda box: box),
        (b"a", None, lambda box: box),
        (b"a", b"between", lambda box: box[:33] + b"\x01" + box[34:]),
        (b"a", b"between", lambda box: box[:32] + box[34:]),
        (b"a", b"between", lambda box: box[:-1] + bytes([box[-1] ^ 1])),
        (b"a", b"between", lambda box: box[:34]),
        (b"a", b"between", lambda box: bytes(32) + box[32:]),
    ],
    ids=["exchange", "between", "alone", "place", "without place", "tag", "short", "small order"],
)
def test_a_box_opens_only_in_its_place_between_its_two_and_in_its_exchange(
    info: bytes, between: bytes | None, change: Callable[[bytes], bytes]
) -> None:
    key = SealingKey.generate()
    box = seal_together(key.public, b"between", [(b"a", b"query"), (b"c", b"other")])[0]
    assert open_sealed(key, b"a", box, where="query", between=b"between") == b"query"
    with pytest.raises(WarifuError) as refused:
        open_sealed(key, info, change(box), where="query", between=between)
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "query")


def test_a_key_forgets_set_ups_and_makes_them_again() -> None:
    key = SealingKey.generate()
    groups = [seal_together(key.public, b"between", [(b"a", b"1"), (b"b", b"2")]) for _ in range(100)]
    for box in [group[0] for group in groups] + [group[1] for group in groups][::-1]:
        assert open_sealed(key, b"a" if box in [g[0] for g in groups] else b"b", box, where="", between=b"between")
    assert key._setups is not None
    assert len(key._setups) <= 64


def test_nothing_is_sealed_together_to_a_point_of_small_order_or_past_the_last_place() -> None:
    with pytest.raises(WarifuError) as refused:
        seal_together(bytes(32), b"", [(b"", b"query")] * 2)
    assert refused.value.reason is Reason.KEY_INVALID
    with pytest.raises(ValueError, match="places"):
        sealed_boxes(SealingKey.generate().public, b"", [(b"", b"")] * (MOST_PLACES + 1))


@pytest.mark.parametrize("size", [0, 1, TAG_SIZE + 1])
def test_a_numbered_box_that_is_too_short_is_no_box(size: int) -> None:
    key = SealingKey.generate()
    with pytest.raises(ValueError, match="too short"):
        Opening(key.to_bytes(), key.public, b"", SealingKey.generate().public).open(b"", bytes(size))
