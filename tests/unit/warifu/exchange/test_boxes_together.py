"""Boxes that share a set-up: who shares one, and that each still opens only where it belongs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from warifu.api.record.v1.sealed_pb2 import SealedQuery
from warifu.errors import Reason, WarifuError
from warifu.exchange.boxes_together import (
    AnswersTogether,
    QueriesTogether,
    Query,
    answer_info,
    between_answers,
    between_queries,
)
from warifu.exchange.seal import LEAST_ANSWER, SealingKey, is_together, open_sealed
from warifu.lockstep import Paced

PROVIDER = SealingKey.generate()


def contexts(count: int, key_id: bytes = b"k" * 8) -> list[bytes]:
    """Contexts between the same two, under the same keys; the rest differs."""
    return [
        b"\x01\x01" + os.urandom(16) + b"a" * 16 + b"b" * 16 + os.urandom(50) + b"e" * 8 + key_id for _ in range(count)
    ]


def in_step(calculations: list[Paced[Any]]) -> list[Any]:
    """What all give, each part taken of all before the next of any."""
    ends: dict[int, Any] = {}
    while len(ends) < len(calculations):
        for place, each in enumerate(calculations):
            if place not in ends:
                try:
                    next(each)
                except StopIteration as end:
                    ends[place] = end.value
    return [ends[place] for place in range(len(calculations))]


def sealed(together: QueriesTogether, given: list[bytes]) -> list[tuple[bytes, SealingKey]]:
    return in_step([together.sealing(PROVIDER.public, Query(each, SealedQuery(fiscal_year=2026))) for each in given])


@pytest.fixture
def queries() -> Iterator[QueriesTogether]:
    together = QueriesTogether()
    yield together
    assert together._together._open == {}


def test_queries_in_step_share_a_set_up_and_an_answer_key_and_each_opens_in_its_own_context(
    queries: QueriesTogether,
) -> None:
    given = contexts(5)
    made = sealed(queries, given)
    assert len({box[:32] for box, _ in made}) == len({key for _, key in made}) == 1
    assert {box[32:34] for box, _ in made} == {place.to_bytes(2, "big") for place in range(5)}
    for context, (box, key) in zip(given, made, strict=True):
        between = between_queries(context)
        query = SealedQuery.FromString(open_sealed(PROVIDER, context, box, where="query", between=between))
        assert (query.answer_key, query.fiscal_year) == (key.public, 2026)
        other = next(each for each in given if each != context)
        with pytest.raises(WarifuError):
            open_sealed(PROVIDER, other, box, where="query", between=between)


def test_a_query_that_has_nobody_beside_it_is_sealed_alone(queries: QueriesTogether) -> None:
    ((box, _),) = sealed(queries, contexts(1))
    assert not is_together(box)


def test_queries_of_different_moments_share_nothing(queries: QueriesTogether) -> None:
    first, second = sealed(queries, contexts(2)), sealed(queries, contexts(2))
    assert first[0][0][:32] != second[0][0][:32]
    assert first[0][1].public != second[0][1].public


def test_queries_under_other_keys_share_nothing(queries: QueriesTogether) -> None:
    made = sealed(queries, contexts(2) + contexts(2, key_id=b"l" * 8))
    assert len({box[:32] for box, _ in made}) == len({key.public for _, key in made}) == 2


def test_answers_to_one_key_share_a_set_up_and_each_opens_in_its_own_context() -> None:
    key, given, together = SealingKey.generate(), contexts(4), AnswersTogether()
    boxes = in_step([together.sealing(key.public, each, b"answer") for each in given])
    assert len({box[:32] for box in boxes}) == 1
    for context, box in zip(given, boxes, strict=True):
        opens: dict[str, Any] = {"where": "answer", "least": LEAST_ANSWER, "between": between_answers(context)}
        assert open_sealed(key, answer_info(context), box, **opens) == b"answer"
        with pytest.raises(WarifuError):
            open_sealed(key, answer_info(given[0] if context != given[0] else given[1]), box, **opens)
        with pytest.raises(WarifuError):
            open_sealed(key, answer_info(context), box, **{**opens, "between": between_queries(context)})


def test_an_answer_made_again_is_sealed_anew_even_in_the_same_place() -> None:
    key, given, together = SealingKey.generate(), contexts(2), AnswersTogether()
    first, again = (in_step([together.sealing(key.public, each, b"answer") for each in given]) for _ in range(2))
    assert {box[:32] for box in first}.isdisjoint(box[:32] for box in again)


def test_a_key_of_small_order_is_everybodys_fault_who_gave_it_and_nobody_elses() -> None:
    together, good = AnswersTogether(), SealingKey.generate()
    refused = [together.sealing(bytes(32), each, b"answer") for each in contexts(2)]
    made = [together.sealing(good.public, each, b"answer") for each in contexts(2)]
    for each in (*refused, *made):
        next(each)
    for each in refused:
        with pytest.raises(WarifuError) as error:
            next(each)
        assert error.value.reason is Reason.KEY_INVALID
    assert all(is_together(box) for box in in_step(made))
