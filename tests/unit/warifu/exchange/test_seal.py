"""Sealed boxes, their padding, and values at rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.exchange import seal as module
from warifu.exchange.context import CONTEXT_SIZE
from warifu.exchange.seal import BOX_OVERHEAD, PADDING_STEP, SealingKey, open_at_rest, open_sealed, seal, seal_at_rest

KEY = SealingKey.from_bytes(bytes(range(32)))
INFO = bytes(CONTEXT_SIZE)

# Made once with KEY, when contexts were 148 bytes long; a box sealed by any earlier version must stay readable.
OLD_INFO = bytes(148)
OLD_BOX = bytes.fromhex(
    "4a76d7efba14bd1ff21e0ca368542fd19feb30951201079ac3c005ca58ff3f66a3bc31e6054a07ce730f7200108d28e57db5a407e23e7912"
    "d8c0f5c1327c028fc3cb45fda69e1a85439c0740051aa0ad09c343283197a6c19282b0efe4f2f0a47f10278f19528736a114768daa9f74f0"
    "3fc706de69a3569c5c7c520d02071c837235ddbab3b14f31e15666d99f2757a29f337f4f1868289c2ad28e7a5be179c23896896c231dc74d"
    "ee1b57b710bf0a034aaa3ba742bce82862b303ce49af949ab15bcefbad2d2f943fe7ce4129a610f1f41c86cd2678f4252ca2c148f405ef69"
    "feb11417939a3be62bbca2770ec8f019bcc24edce30015048545156ff5ce751099d3e0a3f4f05f2f2938d8051cdcced3c249c793c748e4cd"
    "685f7a2d28a285e07b95700db7978671ea60a925618375e0"
)


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def reason_of_opening(key: SealingKey, info: bytes, box: bytes) -> Reason:
    with pytest.raises(WarifuError) as caught:
        open_sealed(key, info, box, where="query")
    assert caught.value.where == "query"
    return caught.value.reason


def test_a_box_of_an_earlier_version_stays_readable() -> None:
    assert open_sealed(KEY, OLD_INFO, OLD_BOX, where="query") == b"a box of version 1"


@given(st.binary(max_size=2000), st.binary(max_size=200))
def test_what_was_sealed_is_what_opens(plaintext: bytes, info: bytes) -> None:
    assert open_sealed(KEY, info, seal(KEY.public, info, plaintext), where="query") == plaintext


@pytest.mark.parametrize(("length", "steps"), [(0, 1), (1, 1), (252, 1), (253, 2), (508, 2), (509, 3), (70_000, 274)])
def test_a_box_shows_only_the_step_its_length_falls_into(length: int, steps: int) -> None:
    assert len(seal(KEY.public, INFO, bytes(length))) == BOX_OVERHEAD + steps * PADDING_STEP


def test_sealing_twice_shares_no_32_byte_block() -> None:
    first, second = (seal(KEY.public, INFO, bytes(900)) for _ in range(2))
    blocks = {first[at : at + 32] for at in range(len(first) - 31)}
    assert not any(second[at : at + 32] in blocks for at in range(len(second) - 31))


def test_a_flipped_bit_anywhere_in_a_box_is_refused() -> None:
    box = seal(KEY.public, INFO, b"who lives at this address?")
    for bit in range(8 * len(box)):
        assert reason_of_opening(KEY, INFO, flipped(box, bit)) is Reason.REQUEST_MALFORMED


def test_a_flipped_bit_anywhere_in_the_context_is_refused() -> None:
    box = seal(KEY.public, INFO, b"query")
    for bit in range(8 * len(INFO)):
        assert reason_of_opening(KEY, flipped(INFO, bit), box) is Reason.REQUEST_MALFORMED


def test_nobody_else_opens_a_box() -> None:
    assert reason_of_opening(SealingKey.generate(), INFO, seal(KEY.public, INFO, b"query")) is Reason.REQUEST_MALFORMED


@pytest.mark.parametrize("change", [-1, 1, -PADDING_STEP, PADDING_STEP])
def test_a_box_of_another_length_is_refused(change: int) -> None:
    box = seal(KEY.public, INFO, b"query")
    changed = box[:change] if change < 0 else box + bytes(change)
    assert reason_of_opening(KEY, INFO, changed) is Reason.REQUEST_MALFORMED


@pytest.mark.parametrize("length", [0, 1, 31, 32, 47, 48, 303])
def test_a_box_too_short_to_hold_anything_is_refused(length: int) -> None:
    assert reason_of_opening(KEY, INFO, bytes(length)) is Reason.REQUEST_MALFORMED


@pytest.mark.parametrize(
    "padded",
    [
        pytest.param((256).to_bytes(4, "big") + bytes(252), id="length beyond the box"),
        pytest.param((2**32 - 1).to_bytes(4, "big") + bytes(252), id="length far beyond the box"),
        pytest.param((3).to_bytes(4, "big") + b"abc" + bytes(248) + b"\x01", id="padding not zero"),
        pytest.param((3).to_bytes(4, "big") + b"abc" + bytes(249 + 256), id="a step too much"),
    ],
)
def test_padding_that_is_not_the_canonical_one_is_refused(padded: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_pad", lambda plaintext, least: plaintext)
    box = seal(KEY.public, INFO, padded)
    monkeypatch.undo()
    assert reason_of_opening(KEY, INFO, box) is Reason.REQUEST_MALFORMED


@pytest.mark.parametrize(
    "public", [b"", bytes(31), bytes(33), bytes(32), b"\x01" + bytes(31)], ids=["empty", "31", "33", "zero", "order 1"]
)
def test_a_public_key_to_which_nothing_can_be_sealed_is_refused(public: bytes) -> None:
    with pytest.raises(WarifuError) as caught:
        seal(public, INFO, b"query")
    assert caught.value.reason is Reason.KEY_INVALID


def test_a_sealing_key_survives_its_bytes_and_does_not_show_itself() -> None:
    key = SealingKey.generate()
    again = SealingKey.from_bytes(key.to_bytes())
    assert again.public == key.public
    assert repr(key) == "SealingKey(…)"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_sealing_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(WarifuError) as caught:
        SealingKey.from_bytes(bytes(length), where="sealing.key")
    assert (caught.value.reason, caught.value.where) == (Reason.KEY_INVALID, "sealing.key")


@given(st.binary(max_size=300), st.binary(max_size=50))
def test_what_was_put_to_rest_comes_back_in_its_own_place_only(plaintext: bytes, aad: bytes) -> None:
    sealed = seal_at_rest(bytes(32), plaintext, aad)
    assert open_at_rest(bytes(32), sealed, aad) == plaintext
    for key, value, place in (
        (bytes(31) + b"\x01", sealed, aad),
        (bytes(32), sealed, aad + b"x"),
        (bytes(32), flipped(sealed, 5), aad),
        (bytes(32), flipped(sealed, 8 * len(sealed) - 1), aad),
        (bytes(32), sealed[:27], aad),
        (bytes(31), sealed, aad),
    ):
        with pytest.raises(WarifuError) as caught:
            open_at_rest(key, value, place)
        assert caught.value.reason is Reason.KEY_INVALID


def test_the_same_value_put_to_rest_twice_looks_different() -> None:
    assert seal_at_rest(bytes(32), b"code", b"row") != seal_at_rest(bytes(32), b"code", b"row")
