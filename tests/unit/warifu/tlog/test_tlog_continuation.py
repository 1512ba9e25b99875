"""A log that went on from an older state says so in every checkpoint; a reader follows it then, and only then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import Checkpoint
from warifu.tlog.continuation import NEVER_CONTINUED, Continuation, check_follows
from warifu.tlog.merkle import MerkleTree, leaf_hash

NUMBERS = st.integers(1, 10**9 - 1)


def tree_of(*entries: bytes) -> MerkleTree:
    return MerkleTree([leaf_hash(entry) for entry in entries])


def checkpoint_of(tree: MerkleTree, continuation: Continuation = NEVER_CONTINUED) -> Checkpoint:
    return Checkpoint(origin="log", size=tree.size, root_hash=tree.root(), extensions=continuation.lines)


@given(NUMBERS, st.integers(0, 2**62))
def test_what_a_checkpoint_says_is_read_back(number: int, position: int) -> None:
    continuation = Continuation(number, position)
    checkpoint = checkpoint_of(tree_of(b"a"), continuation)
    assert Continuation.of(Checkpoint.parse(checkpoint.to_text())) == continuation


def test_an_unbroken_log_writes_no_line_and_lines_of_others_are_passed_over() -> None:
    assert NEVER_CONTINUED.lines == ()
    odd = ("continued", "continued 0 at 4", "continued 1 at -1", "continued 1 at 2 again", "else")
    checkpoint = Checkpoint(origin="log", size=0, root_hash=tree_of().root(), extensions=odd)
    assert Continuation.of(checkpoint) == NEVER_CONTINUED


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_log_that_extends_what_was_seen_is_followed(seen_size: int, more: int) -> None:
    entries = [b"%d" % number for number in range(seen_size + more)]
    tree = tree_of(*entries)
    assert check_follows(
        checkpoint_of(tree_of(*entries[:seen_size])),
        checkpoint_of(tree),
        consistency=tree.consistency_proof(seen_size, tree.size),
        continuation_leaf=b"",
        continuation_proof=[],
    )


SEEN = checkpoint_of(tree_of(b"a", b"b", b"c"))


@pytest.mark.parametrize("entries", [[], [b"a"], [b"a", b"b", b"x"], [b"a", b"b", b"x", b"y"]])
def test_a_log_that_is_shorter_or_another_one_is_refused(entries: list[bytes]) -> None:
    tree = tree_of(*entries)
    proof = tree.consistency_proof(3, tree.size) if tree.size >= 3 else []
    with pytest.raises(WarifuError) as refused:
        check_follows(SEEN, checkpoint_of(tree), consistency=proof, continuation_leaf=b"", continuation_proof=[])
    assert refused.value.reason is Reason.LOG_BEHIND
    assert refused.value.definite


def followed(tree: MerkleTree, said: Continuation, leaf: bytes, position: int, seen: Checkpoint = SEEN) -> bool:
    return check_follows(
        seen,
        checkpoint_of(tree, said),
        consistency=[],
        continuation_leaf=leaf,
        continuation_proof=tree.inclusion_proof(position, tree.size),
    )


def test_a_log_that_says_that_it_went_on_and_proves_it_is_followed_as_a_broken_one() -> None:
    tree = tree_of(b"a", b"went on", b"more")
    assert followed(tree, Continuation(1, 1), b"went on", 1) is False


@pytest.mark.parametrize(
    ("said", "leaf", "position"),
    [
        (Continuation(1, 1), b"another", 1),
        (Continuation(1, 2), b"went on", 1),
        (Continuation(1, 9), b"went on", 1),
    ],
)
def test_a_break_that_the_log_does_not_prove_is_refused(said: Continuation, leaf: bytes, position: int) -> None:
    with pytest.raises(WarifuError) as refused:
        followed(tree_of(b"a", b"went on", b"more"), said, leaf, position)
    assert refused.value.reason is Reason.LOG_BEHIND


def test_a_break_that_was_seen_before_explains_no_second_one() -> None:
    first = tree_of(b"a", b"went on", b"more", b"and more")
    second = tree_of(b"a", b"went on", b"other")
    with pytest.raises(WarifuError) as refused:
        followed(second, Continuation(1, 1), b"went on", 1, checkpoint_of(first, Continuation(1, 1)))
    assert refused.value.reason is Reason.LOG_BEHIND
