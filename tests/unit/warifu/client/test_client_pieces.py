"""What a caller hands over is cut by count and by bytes, and every fault is told at the caller's own place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.api.authority.v1.authority_service_pb2 import DesignateMyNumbersRequest
from warifu.api.node.v1.node_service_pb2 import RegisterReplicasRequest, Replica
from warifu.client.pieces import PIECE_COUNT, pieces
from warifu.errors import Reason, WarifuError
from warifu.rpc.server import TYPED_MESSAGE_LIMIT


def replica(size: int) -> Replica:
    return Replica(record=bytes(size))


@given(sizes=st.lists(st.integers(0, 300), max_size=60), count=st.integers(1, 20), limit=st.integers(310, 1000))
def test_pieces_in_order_are_the_list_and_each_fills_no_more_than_a_message(
    sizes: list[int], count: int, limit: int
) -> None:
    things = [replica(size) for size in sizes]
    cut = list(pieces(things, "replicas", count=count, limit=limit))
    assert [thing for piece in cut for thing in piece.things] == things
    assert [piece.first for piece in cut] == [sum(len(each.things) for each in cut[:n]) for n in range(len(cut))]
    for piece in cut:
        assert 1 <= len(piece.things) <= count
        assert RegisterReplicasRequest(replicas=piece.things).ByteSize() <= limit


@given(sizes=st.lists(st.integers(0, 40), min_size=1, max_size=40), limit=st.integers(42, 100))
def test_no_piece_ends_before_it_must(sizes: list[int], limit: int) -> None:
    texts = ["x" * size for size in sizes]
    cut = list(pieces(texts, "texts", count=7, limit=limit))
    for piece, following in pairwise(cut):
        fuller = DesignateMyNumbersRequest(resident_record_codes=[*piece.things, following.things[0]])
        assert len(piece.things) == 7 or fuller.ByteSize() > limit


def test_two_hundred_and_fifty_go_together_and_never_more_than_a_server_takes() -> None:
    assert [len(piece.things) for piece in pieces([replica(1)] * 600, "replicas")] == [PIECE_COUNT, PIECE_COUNT, 100]
    large = [len(piece.things) for piece in pieces([replica(TYPED_MESSAGE_LIMIT // 3)] * 5, "replicas")]
    assert large == [2, 2, 1]


def test_one_that_fills_a_message_to_the_last_byte_goes_alone() -> None:
    largest = replica(TYPED_MESSAGE_LIMIT - 10)
    (piece,) = pieces([largest], "replicas")
    assert RegisterReplicasRequest(replicas=piece.things).ByteSize() == TYPED_MESSAGE_LIMIT
    with pytest.raises(WarifuError):
        pieces([replica(TYPED_MESSAGE_LIMIT - 9)], "replicas")


def test_one_that_no_message_can_carry_is_refused_at_its_place_before_any_piece_is_given() -> None:
    things = [replica(1)] * 512 + [replica(TYPED_MESSAGE_LIMIT)] + [replica(1)] * 87
    with pytest.raises(WarifuError) as refused:
        pieces(things, "replicas")
    error = refused.value
    assert (error.reason, error.where, error.done) == (Reason.REQUEST_TOO_LARGE, "replicas[512]", 0)


def test_what_is_no_list_is_read_no_further_than_it_is_needed() -> None:
    read: list[int] = []

    def things() -> Iterator[Replica]:
        for place in range(512):
            read.append(place)
            yield replica(1)
        yield replica(TYPED_MESSAGE_LIMIT)

    cut = pieces(things(), "replicas")
    next(cut)
    assert len(read) == PIECE_COUNT + 1
    next(cut)
    with pytest.raises(WarifuError) as refused:
        next(cut)
    assert (refused.value.where, refused.value.done) == ("replicas[512]", 2 * PIECE_COUNT)


@pytest.mark.parametrize(
    ("where", "done", "told", "told_done"),
    [
        ("replicas[12].local_number", None, "replicas[512].local_number", 500),
        ("replicas[0]", 0, "replicas[500]", 500),
        ("replicas[12].record: replicas[3]", 2, "replicas[512].record: replicas[3]", 502),
        ("replicas", None, "replicas", 500),
        ("other_replicas[12]", None, "other_replicas[12]", 500),
        ("certificate", None, "certificate", 500),
        ("", None, "", 500),
    ],
)
def test_a_fault_in_a_message_is_told_at_the_callers_place(
    where: str, done: int | None, told: str, told_done: int
) -> None:
    *_, piece = pieces([replica(1)] * 600, "replicas")
    with pytest.raises(WarifuError) as raised, piece.told():
        raise WarifuError(Reason.CODE_NOT_ACQUIRED, where=where, done=done)
    assert (raised.value.reason, raised.value.where, raised.value.done) == (Reason.CODE_NOT_ACQUIRED, told, told_done)
