"""Many permits at once, large messages, and a hub that gives up."""

from __future__ import annotations

from warifu.agency import Absence, ProvidedRecord
from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest
from warifu_kit.conformance.case import Subject, expect, unknown
from warifu_kit.conformance.cast import KNOWN, SECOND, STRANGER, made_up_record
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "many", "transport.md")
_MIB = 1024 * 1024
_MAY_REFUSE = frozenset({"OVERLOADED", "DEADLINE_TOO_SHORT"})


async def _together(node: CheckedNode, count: int) -> int:
    people = [(KNOWN, SECOND, STRANGER)[turn % 3] for turn in range(count)]
    asked = [node.asked(person) for person in people]
    permits = [node.hands.permit(each) for each in asked]
    answered = 0
    for person, each, permit, reply in zip(people, asked, permits, await node.at_once(permits), strict=True):
        if not reply.ok:
            if not reply.reason:
                raise unknown(f"one had no end of its own: {reply}")
            expect(reply.reason in _MAY_REFUSE, f"one ended with {reply}")
            continue
        answered += 1
        found = node.opened(permit, each, node.answered(reply)).found
        if person is STRANGER:
            expect(found is Absence.NOT_HELD, "somebody unknown got a record")
        else:
            wanted = made_up_record(node.about.agency, node.hands.item, person, 2026)
            record = found.record if isinstance(found, ProvidedRecord) else b""
            expect(type(wanted).FromString(record) == wanted, f"{person.name} got another record")
    return answered


@SUBJECT.case(
    "together",
    "Of permits brought together each gets its own answer",
    rule="Replies are about the call that they answer",
    at="streams-of-calls",
    mend="Keep what belongs to a call in that call.",
    seconds=14,
)
async def together(node: CheckedNode) -> None:
    answered = await _together(node, 30)
    expect(answered == 30, f"of 30 at once {answered} were answered")


@SUBJECT.case(
    "given-up",
    "A hub that gives up wears nothing out",
    rule="After its deadline nobody waits; a server goes on",
    at="deadlines",
    mend="Give everything that a call holds back when it ends, however it ends.",
    seconds=14,
)
async def given_up(node: CheckedNode) -> None:
    for _ in range(4):
        await node.at_once([node.hands.permit(node.asked(KNOWN)) for _ in range(10)], seconds=0.003)
    await node.still_answers(KNOWN)


@SUBJECT.case(
    "large",
    "Large messages are taken or refused, and end nothing",
    rule="A message above the bound is REQUEST_TOO_LARGE, or RESOURCE_EXHAUSTED without a reason",
    at="bounds",
    mend="Set gRPC's bound on messages; leave the connection alone.",
    seconds=14,
)
async def large(node: CheckedNode) -> None:
    for size in (_MIB, _MIB + 1, 16 * _MIB):
        permit = node.hands.permit(node.asked(KNOWN))
        body = ProvideRequest(permit=permit).SerializeToString()
        filler = size - len(body) - 6
        reply = await node.provide(body + b"\xc2\x3e" + _varint(filler) + bytes(filler))
        if reply.status == "DEADLINE_EXCEEDED":
            raise unknown(f"{size} bytes had no end in time")
        if size > 4 * _MIB:
            expect(reply.status == "RESOURCE_EXHAUSTED", f"{size} bytes ended with {reply}")
    await node.still_answers(KNOWN)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
