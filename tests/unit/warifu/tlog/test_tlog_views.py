"""What two checkpoints of one origin show of the log, or logs, that they are of."""

from __future__ import annotations

import itertools

import pytest

from warifu.tlog.checkpoint import Checkpoint
from warifu.tlog.continuation import NEVER_CONTINUED, Continuation
from warifu.tlog.merkle import MerkleTree, leaf_hash
from warifu.tlog.views import Relation, relation, relation_in

TRUE = MerkleTree([leaf_hash(b"%d" % place) for place in range(24)])
FORKED = MerkleTree([leaf_hash(b"%d" % place if place < 3 else b"other %d" % place) for place in range(24)])


def at(tree: MerkleTree, size: int, continuation: Continuation = NEVER_CONTINUED) -> Checkpoint:
    return Checkpoint(origin="log", size=size, root_hash=tree.root(size), extensions=continuation.lines)


SIZES = list(itertools.combinations_with_replacement(range(24), 2))


@pytest.mark.parametrize(("first", "second"), SIZES)
def test_an_honest_log_shows_that_any_two_of_its_checkpoints_are_of_one_log(first: int, second: int) -> None:
    proof = TRUE.consistency_proof(first, second)
    assert relation(at(TRUE, first), at(TRUE, second), proof) is Relation.ONE_LOG
    assert relation(at(TRUE, second), at(TRUE, first), proof) is Relation.ONE_LOG


def test_two_roots_of_one_size_are_two_logs() -> None:
    assert relation(at(TRUE, 7), at(FORKED, 7)) is Relation.TWO_LOGS


@pytest.mark.parametrize("larger", range(6, 24))
def test_the_proof_of_the_log_that_is_longer_convicts_it(larger: int) -> None:
    proof = FORKED.consistency_proof(5, larger)
    assert relation(at(TRUE, 5), at(FORKED, larger), proof) is Relation.TWO_LOGS


@pytest.mark.parametrize("larger", range(5, 24))
def test_of_a_size_whose_root_no_proof_holds_it_does_not(larger: int) -> None:
    proof = FORKED.consistency_proof(4, larger)
    assert relation(at(TRUE, 4), at(FORKED, larger), proof) is Relation.NOT_SHOWN


def test_the_proof_of_the_log_that_is_shorter_convicts_nobody_for_it_can_be_made_up() -> None:
    proof = TRUE.consistency_proof(5, 11)
    assert relation(at(TRUE, 5), at(FORKED, 11), proof) is Relation.NOT_SHOWN


@pytest.mark.parametrize("proof", [[], [bytes(32)], [bytes(31)], [bytes(32)] * 60])
def test_what_is_no_proof_shows_nothing(proof: list[bytes]) -> None:
    assert relation(at(TRUE, 5), at(TRUE, 11), proof) is Relation.NOT_SHOWN


@pytest.mark.parametrize(("first", "second"), [pair for pair in SIZES if pair[0] > 3])
def test_a_whole_copy_decides_whatever_the_sizes(first: int, second: int) -> None:
    assert relation_in(TRUE, at(TRUE, first), at(TRUE, second)) is Relation.ONE_LOG
    if first < second:
        assert relation_in(FORKED, at(TRUE, first), at(FORKED, second)) is Relation.TWO_LOGS


def test_a_copy_that_has_neither_decides_nothing() -> None:
    assert relation_in(TRUE, at(FORKED, 5), at(FORKED, 11)) is Relation.NOT_SHOWN


def test_a_log_that_says_it_went_on_from_an_older_state_is_not_two_logs() -> None:
    assert relation(at(TRUE, 7), at(FORKED, 7, Continuation(1, 3))) is Relation.CONTINUED
    assert relation_in(TRUE, at(TRUE, 7), at(FORKED, 9, Continuation(1, 3))) is Relation.CONTINUED


def test_one_that_says_so_as_often_is_held_against_itself() -> None:
    once = Continuation(1, 3)
    assert relation(at(TRUE, 7, once), at(FORKED, 7, once)) is Relation.TWO_LOGS
