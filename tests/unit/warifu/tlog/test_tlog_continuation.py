"""A log that went on from an older state says so in every checkpoint; a reader follows it then, and only then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import Checkpoint
from warifu.tlog.continuation import MOST_CONTINUATIONS, NEVER_CONTINUED, Continuation, check_follows
from warifu.tlog.merkle import MerkleTree, leaf_hash

NUMBERS = st.integers(1, MOST_CONTINUATIONS)


def tree_of(*entries: bytes) -> MerkleTree:
    return MerkleTree([leaf_hash(entry) for entry in entries])


def checkpoint_of(tree: MerkleTree, continuation: Continuation = NEVER_CONTINUED) -> Checkpoint:
    return Checkpoint(origin="log", size=tree.size, root_hash=tree.root(), extensions=continuation.lines)


@given(NUMBERS, st.integers(0, 2**63 - 1))
def test_what_a_checkpoint_says_is_read_back(number: int, position: int) -> None:
    continuation = Continuation(number, position)
    checkpoint = checkpoint_of(tree_of(b"a"), continuation)
    assert Continuation.of(Checkpoint.parse(checkpoint.to_text())) == continuation


OUT_OF_RANGE = [
    (MOST_CONTINUATIONS + 1, 0),
    (1, 2**63),
    (10**5000, 0),
    (1, 10**5000),
]


@pytest.mark.parametrize(("number", "position"), OUT_OF_RANGE, ids=range(4))
def test_what_is_out_of_range_is_neither_written_nor_read_as_a_log_that_never_went_on(
    number: int, position: int
) -> None:
    with pytest.raises(WarifuError) as unwritten:
        Continuation(number, position)
    line = f"continued {_digits(number)} at {_digits(position)}"
    checkpoint = Checkpoint(origin="log", size=0, root_hash=tree_of().root(), extensions=(line,))
    with pytest.raises(WarifuError) as unread:
        Continuation.of(checkpoint)
    assert {unwritten.value.reason, unread.value.reason} == {Reason.LOG_INVALID}


def _digits(number: int) -> str:
    """Also of a number that Python does not write."""
    return str(number) if number < 10**4000 else "1" + "0" * 5000


@pytest.mark.parametrize(("number", "position"), [(0, 0), (-1, 0), (1, -1), (-1, -1)])
def test_a_number_and_a_position_are_there_both_or_neither(number: int, position: int) -> None:
    with pytest.raises(WarifuError):
        Continuation(number, position)


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
    assert not refused.value.definite, "what it lost may be what is asked for"


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
