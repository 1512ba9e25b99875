"""Statements that share one signature: each verifies by itself, and nothing else does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nacl.bindings as sodium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.canonical import digest
from warifu.errors import Reason, WarifuError
from warifu.exchange import together
from warifu.exchange.signature import SIGNATURE_SIZE, SigningKey, verify_signature
from warifu.exchange.together import MOST_TOGETHER, LastWays
from warifu.lockstep import in_lockstep
from warifu.tlog.merkle import MerkleTree, leaf_hash, node_hash

VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "warifu-v1-signed-together.json").read_text())
KEY = SigningKey(bytes(range(32)))
LABEL = b"warifu-v1/inquiry"
TO = "9010000000000001"


def item(number: int) -> bytes:
    return number.to_bytes(4, "big")


def signed_in_step(count: int, key: SigningKey = KEY) -> list[bytes]:
    """The signatures over ``count`` statements whose calls took each step together."""

    async def all_of_them() -> list[bytes]:
        return await asyncio.gather(*(in_lockstep(key.signing(TO, LABEL, item(number))) for number in range(count)))

    return asyncio.run(all_of_them())


def accepts(signature: bytes, number: int, key: SigningKey = KEY) -> bool:
    try:
        verify_signature(key.verify_key, signature, LABEL, item(number), where="signature")
    except WarifuError as error:
        if (error.reason, error.where) != (Reason.SIGNATURE_INVALID, "signature"):
            raise
        return False
    return True


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


class Counted:
    """Stands before a function of libsodium and counts."""

    def __init__(self, function: Any) -> None:
        self.calls = 0
        self._function = function

    def __call__(self, *arguments: bytes) -> Any:
        self.calls += 1
        return self._function(*arguments)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 16, 17, 255, 256])
def test_each_of_them_verifies_and_none_for_another(count: int) -> None:
    signatures = signed_in_step(count)
    assert all(accepts(signature, number) for number, signature in enumerate(signatures))
    assert count == 1 or not any(accepts(signature, number + 1) for number, signature in enumerate(signatures))
    assert not any(accepts(signature, number, SigningKey(bytes(32))) for number, signature in enumerate(signatures))


def test_whoever_is_alone_gets_the_plain_signature() -> None:
    assert signed_in_step(1) == [KEY.sign(LABEL, item(0))]


def test_sixteen_cost_one_signature_and_one_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    signing, verifying = Counted(sodium.crypto_sign), Counted(sodium.crypto_sign_open)
    monkeypatch.setattr(sodium, "crypto_sign", signing)
    monkeypatch.setattr(sodium, "crypto_sign_open", verifying)
    key = SigningKey.generate()
    signatures = signed_in_step(16, key)
    assert all(accepts(signature, number, key) for number, signature in enumerate(signatures))
    assert (signing.calls, verifying.calls) == (1, 1)


def test_what_did_not_verify_is_not_remembered() -> None:
    signature = signed_in_step(2, SigningKey(bytes(31) + b"\x01"))[0]
    assert not any(accepts(signature, 0) for _ in range(2))


@pytest.mark.parametrize("count", [2, 3, 7])
def test_after_others_of_its_tree_a_changed_bit_anywhere_is_still_refused(count: int) -> None:
    signatures = signed_in_step(count)
    for number, signature in enumerate(signatures):
        assert accepts(signature, number)
        for later in {number, min(number + 1, count - 1), count - 1 - number}:
            for bit in range(number % 3, 8 * len(signatures[later]), 3):
                assert not accepts(flipped(signatures[later], bit), later)


@given(st.permutations(range(21)))
def test_in_whatever_order_they_come_they_verify_and_none_for_another(order: list[int]) -> None:
    key = SigningKey.generate()
    signatures = signed_in_step(21, key)
    for number in order:
        assert accepts(signatures[number], number, key)
        assert not accepts(signatures[number], (number + 1) % 21, key)


def test_a_way_in_order_takes_two_hashes_where_the_last_one_was(monkeypatch: pytest.MonkeyPatch) -> None:
    key = SigningKey.generate()
    signatures = signed_in_step(256, key)
    hashing = Counted(node_hash)
    monkeypatch.setattr(together, "node_hash", hashing)
    assert all(accepts(signature, number, key) for number, signature in enumerate(signatures))
    assert hashing.calls == 8 + sum((number & -number).bit_length() - 1 for number in range(1, 256))


def test_no_more_trees_are_remembered_than_there_is_room_for() -> None:
    ways, roots = LastWays(most=3), set[bytes]()
    for tree in range(10):
        ways.follow(tree, b"a" * 32, b"\x00" + leaf_hash(b"b" * 32), roots.add)
    assert roots == {node_hash(leaf_hash(b"a" * 32), leaf_hash(b"b" * 32))}
    assert len(ways._trees) == 3


def test_no_more_than_256_share_one() -> None:
    signatures = signed_in_step(MOST_TOGETHER + 1)
    assert all(accepts(signature, number) for number, signature in enumerate(signatures))
    assert len({signature[:SIGNATURE_SIZE] for signature in signatures}) == 2
    assert len(signatures[-1]) == SIGNATURE_SIZE


def test_those_that_come_later_have_a_signature_of_their_own() -> None:
    first, later = KEY.signing(TO, LABEL, item(0)), KEY.signing(TO, LABEL, item(1))
    next(first)
    with pytest.raises(StopIteration) as end:
        next(first)
    next(later)
    with pytest.raises(StopIteration) as later_end:
        next(later)
    assert accepts(end.value.value, 0)
    assert accepts(later_end.value.value, 1)


def test_those_that_are_all_given_up_leave_nothing_behind() -> None:
    given_up = [KEY.signing(TO, LABEL, item(number)) for number in range(3)]
    for signing in given_up:
        next(signing)
    for signing in given_up:
        signing.close()
    assert signed_in_step(1) == [KEY.sign(LABEL, item(0))]


async def test_statements_to_two_addressees_share_nothing() -> None:
    to_one, to_other = range(4), range(4, 8)
    calls = [(to, number) for pair in zip(to_one, to_other, strict=True) for to, number in zip("AB", pair, strict=True)]
    signatures = await asyncio.gather(*(in_lockstep(KEY.signing(to, LABEL, item(number))) for to, number in calls))
    by_number = {number: signature for (_, number), signature in zip(calls, signatures, strict=True)}
    assert all(accepts(signature, number) for number, signature in by_number.items())
    parts = [{part for number in numbers for part in parts_of(by_number[number])} for numbers in (to_one, to_other)]
    assert parts[0].isdisjoint(parts[1])
    assert len({by_number[number][:SIGNATURE_SIZE] for number in to_one}) == 1


def parts_of(signature: bytes) -> set[bytes]:
    return {signature[:SIGNATURE_SIZE], *siblings(signature)}


async def test_who_names_no_addressee_shares_nothing() -> None:
    signatures = await asyncio.gather(*(in_lockstep(KEY.signing(None, LABEL, item(number))) for number in range(3)))
    assert signatures == [KEY.sign(LABEL, item(number)) for number in range(3)]


def test_one_that_is_given_up_takes_none_with_it() -> None:
    given_up, other = KEY.signing(TO, LABEL, item(0)), KEY.signing(TO, LABEL, item(1))
    next(given_up)
    next(other)
    given_up.close()
    with pytest.raises(StopIteration) as end:
        next(other)
    assert accepts(end.value.value, 1)


@pytest.mark.parametrize("count", [2, 5])
def test_a_flipped_bit_anywhere_is_refused(count: int) -> None:
    for number, signature in enumerate(signed_in_step(count)):
        for bit in range(8 * len(signature)):
            assert not accepts(flipped(signature, bit), number)


def test_a_way_that_is_cut_or_continued_is_refused() -> None:
    signature = signed_in_step(4)[1]
    others = [signature[:size] for size in range(len(signature))] + [signature + bytes(32), signature + b"\x00"]
    assert not any(accepts(other, 1) for other in others)


def test_a_way_of_more_than_eight_steps_is_refused() -> None:
    running, way = leaf_hash(digest(LABEL, item(0))), b""
    for _ in range(9):
        way += bytes(32)
        running = node_hash(running, bytes(32))
    signature = KEY.sign(b"warifu-v1/signed-together", running)
    assert not accepts(signature + b"\x00" + way, 0)
    eight = way[32:]
    shorter = leaf_hash(digest(LABEL, item(0)))
    for _ in range(8):
        shorter = node_hash(shorter, bytes(32))
    assert accepts(KEY.sign(b"warifu-v1/signed-together", shorter) + b"\x00" + eight, 0)


def test_the_signature_of_a_root_does_not_pass_for_a_statement() -> None:
    signature = signed_in_step(2)[0]
    root = node_hash(*(leaf_hash(digest(LABEL, item(number))) for number in range(2)))
    with pytest.raises(WarifuError):
        verify_signature(KEY.verify_key, signature[:SIGNATURE_SIZE], LABEL, root)
    with pytest.raises(WarifuError):
        verify_signature(KEY.verify_key, signature[:SIGNATURE_SIZE], LABEL, item(0))


@given(st.integers(2, 40))
def test_the_tree_is_that_of_rfc_6962(count: int) -> None:
    tree = MerkleTree(leaf_hash(digest(LABEL, item(number))) for number in range(count))
    for number, signature in enumerate(signed_in_step(count)):
        signed = sodium.crypto_sign_open(
            signature[:SIGNATURE_SIZE] + digest(b"warifu-v1/signed-together", tree.root()), KEY.verify_key
        )
        assert signed == digest(b"warifu-v1/signed-together", tree.root())
        assert siblings(signature) == tree.inclusion_proof(number, count)


def siblings(signature: bytes) -> Sequence[bytes]:
    way = signature[SIGNATURE_SIZE + 1 :]
    return [way[at : at + 32] for at in range(0, len(way), 32)]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: f"{len(case['signatures'])} together")
def test_they_are_those_of_the_golden_file(case: dict[str, Any]) -> None:
    key = SigningKey(bytes.fromhex(VECTORS["seed"]))
    assert [signature.hex() for signature in signed_in_step(len(case["signatures"]), key)] == case["signatures"]
