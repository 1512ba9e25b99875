"""Certificates that are taken back while their owner is connected: from then on they open nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from cryptography import x509

from warifu.errors import Reason
from warifu_kit.conformance.case import Subject, Turn, expect, fail, skip, unknown
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.certificates import Forge
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.streams import PROVIDE_STREAM, by_number, message
from warifu_kit.conformance.wire.calls import Pair, Reply

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "revocation", "directory.md")
_AT = "revocation"
_RULE = "Every call and every second of a stream, a caller whose serial is in it is refused (CALLER_REVOKED)"
_MEND = (
    "Fetch the hub's list when its number grows, and look at the caller's serial at each call and each message: TLS looked"
    " when the connection was made, and no more."
)
_WITHIN_S, _LOOK_S = 10.0, 0.2
_PENDING = "/warifu.api.node.v1.NodeService/ListPendingProvisions"
_NO_END = frozenset({"DEADLINE_EXCEEDED", "UNAVAILABLE", "CANCELLED"})


def _made(forge: Forge) -> tuple[Pair, int]:
    """A new, good certificate, and its serial number."""
    pair = Pair(*forge.right())
    return pair, x509.load_pem_x509_certificate(pair.chain_pem).serial_number


@SUBJECT.case(
    "while-connected",
    "A caller whose certificate is taken back is refused on the connection that it has",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=16,
    turn=Turn.LAST,
)
async def while_connected(node: CheckedNode) -> None:
    caller, serial = _made(node.about.forge)
    node.answered(await node.provide(node.hands.permit(node.asked(KNOWN)), caller=caller))
    node.about.keys.take_back(serial)
    node.evidence.noted("the certificate was taken back; the connection is still open")
    await _soon(lambda: node.provide(node.hands.permit(node.asked(KNOWN)), caller=caller))
    await node.still_answers(KNOWN)  # by the hub's other certificate


async def _soon(call: Callable[[], Awaitable[Reply]]) -> None:
    """See that the caller is refused within some seconds, for what it is. Raises: CaseEnd."""
    end = asyncio.get_running_loop().time() + _WITHIN_S
    while asyncio.get_running_loop().time() < end:
        reply = await call()
        if not reply.ok:
            cut = reply.status == "UNAVAILABLE" and not reply.reason
            expect(cut or reply.reason == Reason.CALLER_REVOKED.value, f"it ended with {reply}")
            return
        await asyncio.sleep(_LOOK_S)
    raise fail(f"{_WITHIN_S:.0f} seconds after it was taken back it is answered still")


@SUBJECT.case(
    "open-stream",
    "A stream of a caller whose certificate is taken back ends",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=16,
    turn=Turn.LAST,
)
async def open_stream(node: CheckedNode) -> None:
    await node.must_serve(PROVIDE_STREAM)
    caller, serial = _made(node.about.forge)
    permit = node.hands.permit(node.asked(KNOWN))
    told = asyncio.ensure_future(
        node.on_a_stream([message([permit])], replies=2, seconds=_WITHIN_S, caller=caller)
    )  # one reply, and then the stream stays open
    try:
        await asyncio.sleep(_LOOK_S)
        node.about.keys.take_back(serial)
        replies, status = await told
    finally:
        told.cancel()
    by_number(replies, [1], "")
    if status == "DEADLINE_EXCEEDED":
        raise fail(f"{_WITHIN_S:.0f} seconds after the certificate was taken back the stream is open still")
    if not status:
        raise unknown("the stream had no end")
    await node.still_answers(KNOWN)


@SUBJECT.case(
    "business-system",
    "A business system whose certificate is taken back is refused on the connection that it has",
    rule=_RULE,
    at=_AT,
    mend="Look at the caller's serial at each call of every service on the port, NodeService as well.",
    seconds=16,
    turn=Turn.LAST,
)
async def business_system(node: CheckedNode) -> None:
    if node.about.business is None:
        raise skip("the node serves no NodeService")
    caller, serial = _made(replace(node.about.forge, own=node.about.own_business))
    reply = await node.call_as(caller, _PENDING, b"")
    if reply.status in _NO_END and not reply.reason:
        raise unknown(f"no end of its own: {reply}")
    expect(reply.ok, f"a new certificate of its business system got {reply}")
    node.about.keys.take_back(serial)
    node.evidence.noted("the certificate was taken back; the connection is still open")
    await _soon(lambda: node.call_as(caller, _PENDING, b""))
    await node.still_answers(KNOWN)
