"""Wrong conversions among many: each is found out, however much there is to do."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason
from warifu_kit.conformance.case import Subject, expect, unknown
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.proofs import must_come_with_proofs, of_somebody_else
from warifu_kit.conformance.streams import by_number, message, refused_in
from warifu_kit.conformance.wire.calls import Reply

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "load", "checks.md")
_AT = "the-provider"
_RULE = "policy ALWAYS: conversion_proof holds for (context, C of the inquiry, converted_code), of every permit"
_MEND = "Verify every proof before its code is opened. Where that is too much work, be slower or refuse with OVERLOADED; answer nothing unproven."
_NOT_PROVEN = frozenset({Reason.CONVERSION_NOT_PROVEN.value, Reason.POINT_INVALID.value})
_MAY_REFUSE = frozenset({"OVERLOADED", "DEADLINE_TOO_SHORT"})
_MANY, _ON_A_STREAM, _TURNS = 32, 32, 3


def _good(node: CheckedNode, count: int) -> list[ProvisionPermit]:
    return [node.hands.permit(node.asked(KNOWN)) for _ in range(count)]


def _found_out(replies: Sequence[Reply], wrong: int) -> None:
    """See that the wrong one, and none beside it, was refused as unproven. Raises: CaseEnd."""
    for place, reply in enumerate(replies):
        if not reply.ok and not reply.reason:
            raise unknown(f"one had no end of its own: {reply}")
        if place == wrong:
            expect(not reply.ok, f"of {len(replies)} at once the one with another person's code was answered")
            expect(reply.reason in _NOT_PROVEN | _MAY_REFUSE, f"the one with another person's code ended with {reply}")
        else:
            expect(reply.ok or reply.reason in _MAY_REFUSE, f"a good one beside it ended with {reply}")


@SUBJECT.case(
    "two-at-once",
    "Of two permits brought at once, the second with a wrong proof, the second is refused",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=14,
)
async def two_at_once(node: CheckedNode) -> None:
    must_come_with_proofs(node)
    for _ in range(_TURNS):
        (good,) = _good(node, 1)
        _found_out(await node.at_once([good, of_somebody_else(node, KNOWN)]), wrong=1)


@SUBJECT.case(
    "one-of-many",
    "Of very many permits brought at once, the one with a wrong proof is refused",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=18,
)
async def one_of_many(node: CheckedNode) -> None:
    must_come_with_proofs(node)
    for half in (0, 1):
        wrong = half * _MANY // 2 + secrets.randbelow(_MANY // 2)
        permits = _good(node, _MANY)
        permits[wrong] = of_somebody_else(node, KNOWN)
        node.evidence.noted(f"number {wrong + 1} has another person's code")
        _found_out(await node.at_once(permits), wrong)


@SUBJECT.case(
    "one-on-a-stream",
    "Of many permits in one message, the one with a wrong proof is refused",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=18,
)
async def one_on_a_stream(node: CheckedNode) -> None:
    must_come_with_proofs(node)
    for wrong in (1, _ON_A_STREAM - 1):
        permits = _good(node, _ON_A_STREAM)
        permits[wrong] = of_somebody_else(node, KNOWN)
        replies, status = await node.on_a_stream([message(permits)], replies=_ON_A_STREAM, seconds=10)
        found = by_number(replies, range(1, _ON_A_STREAM + 1), status)
        refused_in(found[wrong + 1], Reason.CONVERSION_NOT_PROVEN, Reason.POINT_INVALID)
        bad = {reply.failure.reason for number, reply in found.items() if number != wrong + 1} - {""}
        expect(not bad, f"good ones beside it failed with {sorted(bad)}")
