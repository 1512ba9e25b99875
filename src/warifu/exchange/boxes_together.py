"""Boxes that calls in lockstep seal to one key, under one set-up.

Decides which share one: queries to one key of a provider, and then their answers come to one answer key, and share one as well.
What sealing costs is its set-up, two multiplications on a curve. The set-up is bound to what all of them have in common, the two
institutions and their keys, and each box to its own exchange; whoever has nobody beside it makes a box alone. Sharing tells no more
than the signature that they share anyway (ADR 14): what one party made for another in the same moment. Pure; must never know what a query or an
answer says.

    between     suite, kind, inquirer, provider, epoch_from, epoch_to, key_id_to of the context: 50 bytes of its 116
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

from warifu.api.record.v1.sealed_pb2 import SealedQuery
from warifu.canonical import length_prefixed
from warifu.curve.group import RandomBytes
from warifu.exchange.seal import LEAST_ANSWER, SealingKey, seal, seal_together
from warifu.exchange.together import Together
from warifu.lockstep import Paced

__all__ = [
    "AnswersTogether",
    "QueriesTogether",
    "Query",
    "answer_info",
    "between_answers",
    "between_queries",
    "seal_queries",
]

_ANSWER_LABEL: Final = b"warifu-v1/answer"
_QUERIES_LABEL: Final = b"warifu-v1/queries-together"
_ANSWERS_LABEL: Final = b"warifu-v1/answers-together"


class Query(NamedTuple):
    """What one inquiry asks, before its answer key is in it, and the 116 bytes of its context."""

    context: bytes
    query: SealedQuery


def answer_info(context: bytes) -> bytes:
    """The HPKE ``info`` under which the answer to the inquiry with this context is sealed; together with others, its ``aad``."""
    return length_prefixed(_ANSWER_LABEL, context)


def _between(context: bytes) -> bytes:
    return context[:2] + context[18:50] + context[100:]


def between_queries(context: bytes) -> bytes:
    """The HPKE ``info`` of queries that share a set-up, of which this is the context of one."""
    return length_prefixed(_QUERIES_LABEL, _between(context))


def between_answers(context: bytes) -> bytes:
    """The same of their answers."""
    return length_prefixed(_ANSWERS_LABEL, _between(context))


def seal_queries(
    sealing_key: bytes, queries: Sequence[Query], random_bytes: RandomBytes = secrets.token_bytes
) -> list[tuple[bytes, SealingKey]]:
    """The box of each query, and the new key that opens the answers to all of them.

    They are of one inquirer to one provider under the same keys. Raises: ``KEY_INVALID``.
    """
    answer_key = SealingKey.from_bytes(random_bytes(32))
    for each in queries:
        each.query.answer_key = answer_key.public
    messages = [(each.context, each.query.SerializeToString()) for each in queries]
    if len(messages) == 1:
        boxes = [seal(sealing_key, *messages[0])]
    else:
        boxes = seal_together(sealing_key, between_queries(queries[0].context), messages)
    return [(box, answer_key) for box in boxes]


class QueriesTogether:
    """Seals the queries of one inquirer."""

    __slots__ = ("_together",)

    def __init__(self) -> None:
        self._together: Together[Query, tuple[bytes, SealingKey]] = Together()

    def sealing(
        self, sealing_key: bytes, asked: Query, random_bytes: RandomBytes = secrets.token_bytes
    ) -> Paced[tuple[bytes, SealingKey]]:
        """The box, and the key to its answer, in steps: shared with all in step between the same keys. On one thread only."""
        common = (sealing_key, _between(asked.context))
        return self._together.sharing(common, asked, lambda queries: seal_queries(sealing_key, queries, random_bytes))


class AnswersTogether:
    """Seals the answers of one provider to queries that came together."""

    __slots__ = ("_together",)

    def __init__(self) -> None:
        self._together: Together[tuple[bytes, bytes], bytes] = Together()

    def sealing(self, answer_key: bytes, context: bytes, plaintext: bytes) -> Paced[bytes]:
        """The box, in steps: shared with all in step to the same answer key. On one thread only.

        Raises: ``KEY_INVALID`` when it is a key that nothing can be sealed to.
        """
        between = between_answers(context)

        def seal_all(messages: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
            if len(messages) == 1:
                return [seal(answer_key, *messages[0], least=LEAST_ANSWER)]
            return seal_together(answer_key, between, messages, least=LEAST_ANSWER)

        common, message = (answer_key, between), (answer_info(context), plaintext)
        return self._together.sharing(common, message, seal_all)
