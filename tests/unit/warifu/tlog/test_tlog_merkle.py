from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.tlog.merkle import EMPTY_ROOT, MerkleTree, leaf_hash, node_hash, verify_consistency, verify_inclusion

SMALL = 64
LARGE = 300
LEAVES = [leaf_hash(b"entry %d" % number) for number in range(LARGE)]
TREE = MerkleTree(LEAVES)

LoadVectors = Callable[[str], dict[str, Any]]


# The definitions of RFC 6962 §2.1, word for word and slow, over the first leaves above.


def split(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


@functools.cache
def naive_root(start: int, end: int) -> bytes:
    if start == end:
        return hashlib.sha256(b"").digest()
    if end - start == 1:
        return LEAVES[start]
    middle = start + split(end - start)
    return hashlib.sha256(b"\x01" + naive_root(start, middle) + naive_root(middle, end)).digest()


def naive_path(index: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + split(end - start)
    if index < middle:
        return [*naive_path(index, start, middle), naive_root(middle, end)]
    return [*naive_path(index, middle, end), naive_root(start, middle)]


def naive_subproof(first: int, start: int, end: int, *, whole: bool) -> list[bytes]:
    if first == end:
        return [] if whole else [naive_root(start, end)]
    middle = start + split(end - start)
    if first <= middle:
        return [*naive_subproof(first, start, middle, whole=whole), naive_root(middle, end)]
    return [*naive_subproof(first, middle, end, whole=False), naive_root(start, middle)]


def refuse_inclusion(**changed: Any) -> None:
    with pytest.raises(WarifuError) as caught:
        verify_inclusion(where="here", **changed)
    assert (caught.value.reason, caught.value.where) == (Reason.LOG_INVALID, "here")


def refuse_consistency(**changed: Any) -> None:
    with pytest.raises(WarifuError) as caught:
        verify_consistency(where="here", **changed)
    assert (caught.value.reason, caught.value.where) == (Reason.LOG_INVALID, "here")


def inclusion_case(index: int, size: int) -> dict[str, Any]:
    proof = TREE.inclusion_proof(index, size)
    return {"leaf_hash": LEAVES[index], "index": index, "size": size, "proof": proof, "root": TREE.root(size)}


def consistency_case(first: int, second: int) -> dict[str, Any]:
    roots = {"first_root": TREE.root(first), "second_root": TREE.root(second)}
    return {"first": first, "second": second, **roots, "proof": TREE.consistency_proof(first, second)}


def flip_bit(value: bytes, bit: int) -> bytes:
    flipped = bytearray(value)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def test_the_published_roots_are_computed(load_vectors: LoadVectors) -> None:
    vectors = load_vectors("rfc6962_merkle.json")
    tree = MerkleTree(leaf_hash(bytes.fromhex(leaf)) for leaf in vectors["leaves"])
    assert EMPTY_ROOT.hex() == vectors["empty_root"] == tree.root(0).hex() == MerkleTree().root().hex()
    assert [tree.root(size).hex() for size in range(1, 9)] == vectors["roots"]


def test_the_published_proofs_are_computed_and_verify(load_vectors: LoadVectors) -> None:
    vectors = load_vectors("rfc6962_merkle.json")
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in vectors["leaves"]]
    roots = [bytes.fromhex(root) for root in vectors["roots"]]
    tree = MerkleTree(leaves)
    for case in vectors["inclusion"]:
        index, size, proof = case["index"], case["size"], [bytes.fromhex(part) for part in case["proof"]]
        assert tree.inclusion_proof(index, size) == proof
        verify_inclusion(leaf_hash=leaves[index], index=index, size=size, proof=proof, root=roots[size - 1])
    for case in vectors["consistency"]:
        first, second, proof = case["first"], case["second"], [bytes.fromhex(part) for part in case["proof"]]
        assert tree.consistency_proof(first, second) == proof
        verify_consistency(
            first=first, second=second, first_root=roots[first - 1], second_root=roots[second - 1], proof=proof
        )


def test_every_historic_root_is_the_one_the_definition_gives() -> None:
    assert [TREE.root(size) for size in range(LARGE + 1)] == [naive_root(0, size) for size in range(LARGE + 1)]


def test_every_inclusion_proof_up_to_64_leaves_is_the_definition_and_verifies() -> None:
    for size in range(1, SMALL + 1):
        for index in range(size):
            case = inclusion_case(index, size)
            assert case["proof"] == naive_path(index, 0, size)
            verify_inclusion(**case)


def test_every_consistency_proof_up_to_64_leaves_is_the_definition_and_verifies() -> None:
    for second in range(1, SMALL + 1):
        for first in range(1, second + 1):
            case = consistency_case(first, second)
            assert case["proof"] == naive_subproof(first, 0, second, whole=True)
            verify_consistency(**case)


def test_every_tree_extends_the_empty_tree_with_an_empty_proof() -> None:
    for second in range(SMALL + 1):
        verify_consistency(**consistency_case(0, second))
    refuse_consistency(**{**consistency_case(0, 5), "first_root": LEAVES[0]})
    refuse_consistency(**{**consistency_case(0, 5), "proof": [LEAVES[0]]})


def test_no_leaf_verifies_at_another_index() -> None:
    for index in range(13):
        for other in set(range(-1, 15)) - {index}:
            refuse_inclusion(**{**inclusion_case(index, 13), "index": other})


@pytest.mark.parametrize(("index", "size"), [(0, 1), (1, 2), (2, 3), (4, 5), (8, 9)])
def test_a_proof_is_not_stretched_over_a_tree_of_another_depth(index: int, size: int) -> None:
    refuse_inclusion(**{**inclusion_case(3, 4), "index": index, "size": size})


def test_a_negative_index_is_refused_where_nothing_else_would_tell() -> None:
    refuse_inclusion(**{**inclusion_case(0, 1), "index": -1})


@pytest.mark.parametrize(
    ("true_sizes", "claimed"),
    [((7, 8), (3, 4)), ((7, 8), (5, 6)), ((7, 8), (6, 8)), ((1, 2), (1, 3)), ((1, 2), (2, 5))],
)
def test_a_consistency_proof_is_not_stretched_over_other_sizes(
    true_sizes: tuple[int, int], claimed: tuple[int, int]
) -> None:
    refuse_consistency(**{**consistency_case(*true_sizes), "first": claimed[0], "second": claimed[1]})


@given(st.data())
def test_a_flipped_bit_anywhere_in_an_inclusion_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, LARGE))
    case = inclusion_case(data.draw(st.integers(0, size - 1)), size)
    parts = [case["leaf_hash"], case["root"], *case["proof"]]
    place = data.draw(st.integers(0, len(parts) - 1))
    parts[place] = flip_bit(parts[place], data.draw(st.integers(0, 255)))
    refuse_inclusion(**{**case, "leaf_hash": parts[0], "root": parts[1], "proof": parts[2:]})


@given(st.data())
def test_a_flipped_bit_anywhere_in_a_consistency_proof_is_refused(data: st.DataObject) -> None:
    second = data.draw(st.integers(1, LARGE))
    case = consistency_case(data.draw(st.integers(0, second)), second)
    parts = [case["first_root"], case["second_root"], *case["proof"]]
    # From the empty tree everything follows, so only the root of the empty tree itself is bound.
    place = data.draw(st.integers(0, len(parts) - 1 if case["first"] else 0))
    parts[place] = flip_bit(parts[place], data.draw(st.integers(0, 255)))
    refuse_consistency(**{**case, "first_root": parts[0], "second_root": parts[1], "proof": parts[2:]})


@given(st.data())
def test_a_shortened_or_lengthened_proof_is_refused(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, LARGE))
    inclusion = inclusion_case(data.draw(st.integers(0, second - 1)), second)
    consistency = consistency_case(data.draw(st.integers(1, second)), second)
    extra = data.draw(st.sampled_from([LEAVES[0], inclusion["root"], EMPTY_ROOT, bytes(32)]))
    for case, refuse in ((inclusion, refuse_inclusion), (consistency, refuse_consistency)):
        proof = case["proof"]
        place = data.draw(st.integers(0, len(proof)))
        refuse(**{**case, "proof": [*proof[:place], extra, *proof[place:]]})
        if place < len(proof):
            refuse(**{**case, "proof": proof[:place] + proof[place + 1 :]})


@pytest.mark.parametrize("name", ["leaf_hash", "root", "proof"])
@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_hash_of_another_length_is_refused_in_an_inclusion_proof(name: str, length: int) -> None:
    wrong: Any = [bytes(length)] * 3 if name == "proof" else bytes(length)
    refuse_inclusion(**{**inclusion_case(2, 5), name: wrong})


@pytest.mark.parametrize("name", ["first_root", "second_root", "proof"])
@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_hash_of_another_length_is_refused_in_a_consistency_proof(name: str, length: int) -> None:
    wrong: Any = [bytes(length)] * 3 if name == "proof" else bytes(length)
    refuse_consistency(**{**consistency_case(3, 5), name: wrong})


def test_a_tree_that_shrank_is_refused() -> None:
    case = consistency_case(5, 9)
    swapped = {"first": 9, "second": 5, "first_root": case["second_root"], "second_root": case["first_root"]}
    refuse_consistency(**{**case, **swapped})
    refuse_consistency(**{**case, "first": -1})


def test_two_roots_of_one_size_are_refused() -> None:
    refuse_consistency(**{**consistency_case(5, 5), "second_root": TREE.root(6)})
    refuse_consistency(**{**consistency_case(5, 5), "proof": [LEAVES[0]]})


def test_an_inner_node_never_passes_as_a_leaf() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


def test_what_the_tree_never_had_cannot_be_asked_of_it() -> None:
    asked: list[tuple[Callable[[], object], str]] = [
        (lambda: TREE.root(LARGE + 1), "size"),
        (lambda: TREE.root(-1), "size"),
        (lambda: TREE.inclusion_proof(0, LARGE + 1), "size"),
        (lambda: TREE.inclusion_proof(5, 5), "index"),
        (lambda: TREE.inclusion_proof(-1, 5), "index"),
        (lambda: TREE.inclusion_proof(0, 0), "index"),
        (lambda: TREE.consistency_proof(0, LARGE + 1), "second"),
        (lambda: TREE.consistency_proof(6, 5), "first"),
        (lambda: TREE.consistency_proof(-1, 5), "first"),
        (lambda: TREE.subtree_hashes(8, 1, 1), "subtree"),
        (lambda: TREE.subtree_hashes(0, -1, 1), "subtree"),
    ]
    for ask, where in asked:
        with pytest.raises(WarifuError) as caught:
            ask()
        assert (caught.value.reason, caught.value.where) == (Reason.REQUEST_MALFORMED, where)


def test_only_hashes_are_appended() -> None:
    tree = MerkleTree()
    for wrong in (b"", bytes(31), bytes(33)):
        with pytest.raises(ValueError, match="32 bytes"):
            tree.append(wrong)
    assert (tree.size, tree.root()) == (0, EMPTY_ROOT)


def test_appending_gives_indexes_and_extending_gives_the_size() -> None:
    tree = MerkleTree()
    assert [tree.append(leaf) for leaf in LEAVES[:5]] == [0, 1, 2, 3, 4]
    assert tree.extend(LEAVES[5:9]) == tree.size == 9
    assert tree.root() == naive_root(0, 9)


def test_subtree_hashes_are_the_roots_of_complete_subtrees() -> None:
    assert TREE.subtree_hashes(0, 3, 2) == LEAVES[3] + LEAVES[4]
    assert TREE.subtree_hashes(3, 1, 2) == naive_root(8, 16) + naive_root(16, 24)
    assert TREE.subtree_hashes(20, 0, 0) == b""


def test_a_reader_never_meets_a_half_appended_leaf() -> None:
    tree, looked = MerkleTree(), 0

    def look(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal looked
        if frame.f_code is MerkleTree.append.__code__:
            looked += 1
            assert tree.root() == naive_root(0, tree.size)
            return look
        return None

    before = sys.gettrace()
    sys.settrace(look)
    try:
        for leaf in LEAVES[:33]:
            tree.append(leaf)
    finally:
        sys.settrace(before)
    assert looked > 33 * 5
