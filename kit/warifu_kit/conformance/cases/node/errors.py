"""How a refusal is told: one ErrorInfo, with the catalogue's words and nothing of the request."""

from __future__ import annotations

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest
from warifu.errors import CATALOGUE, Reason
from warifu_kit.conformance.case import Subject, expect, unknown
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.wire.calls import Reply

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "errors", "transport.md")
_AT = "errors"


async def _refusal(node: CheckedNode) -> Reply:
    permit = node.hands.permit(node.asked(KNOWN))
    permit.hub_signature = bytes(64)
    reply = await node.provide(permit)
    if reply.status in {"DEADLINE_EXCEEDED", "UNAVAILABLE"} and not reply.reason:
        raise unknown(f"no end of its own: {reply}")
    expect(not reply.ok, "a forged permit was answered")
    return reply


@SUBJECT.case(
    "told",
    "A refusal carries exactly one ErrorInfo of the domain warifu",
    rule="In it is exactly one detail, a google.rpc.ErrorInfo; domain warifu",
    at=_AT,
    mend="Put a google.rpc.Status with one ErrorInfo into grpc-status-details-bin of the trailing metadata.",
)
async def told(node: CheckedNode) -> None:
    reply = await _refusal(node)
    expect(reply.details == 1, f"there are {reply.details} details")
    expect(reply.domain == "warifu", f"the domain is {reply.domain!r}")
    expect(reply.reason in Reason.__members__, f"the reason is {reply.reason!r}")


@SUBJECT.case(
    "status",
    "A refusal travels as the status of its reason",
    rule="The status again is the one of the catalogue",
    at=_AT,
    mend="Take status and definite from docs/errors.json.",
)
async def status(node: CheckedNode) -> None:
    reply = await _refusal(node)
    expect(reply.reason in Reason.__members__, f"the reason is {reply.reason!r}")
    wanted = CATALOGUE[Reason(reply.reason)]
    expect(reply.status == wanted.status, f"{reply.reason} travels as {reply.status}, not {wanted.status}")


@SUBJECT.case(
    "definite",
    "A refusal says that it is definite",
    rule="metadata definite: true, surely nothing was provided; never true for a reason that is not definite",
    at=_AT,
    mend="Say definite in the metadata of ErrorInfo, as the catalogue has it.",
)
async def definite(node: CheckedNode) -> None:
    reply = await _refusal(node)
    expect(reply.definite == "true", f"definite is {reply.definite!r}")


@SUBJECT.case(
    "nothing-personal",
    "No refusal tells anything of the request",
    rule="Never put anything of a request into an error",
    at=_AT,
    mend="Give the catalogue's public text, the same for everybody; keep exceptions in your own log.",
)
async def nothing_personal(node: CheckedNode) -> None:
    spoils = ("hub_signature", "conversion_proof")
    for name in spoils:
        permit = node.hands.permit(node.asked(KNOWN))
        setattr(permit, name, bytes(64))
        if name != "hub_signature":
            node.hands.sign(permit)
        reply = await node.provide(permit)
        needles = [
            permit.processing_number.encode(),
            permit.inquiry.context[2:18],
            permit.inquiry.context[2:18].hex().encode(),
        ]
        needles += [number.encode() for number in node.about.local_numbers]
        found = [needle for needle in needles if not reply.ok and needle in reply.everything]
        expect(not found, "the error tells something of the request or of a person")


@SUBJECT.case(
    "garbled",
    "What does not parse is REQUEST_MALFORMED, and ends nothing",
    rule="It parses; otherwise REQUEST_MALFORMED",
    at="checks.md#at-the-edge-of-every-server",
    mend="Let the library parse the request, and answer an error when it cannot.",
)
async def garbled(node: CheckedNode) -> None:
    reply = await node.provide(b"\xff\xff\xff")
    if reply.status == "DEADLINE_EXCEEDED":
        raise unknown("no end in time")
    expect(not reply.ok, "it was answered")
    await node.still_answers(KNOWN)


@SUBJECT.case(
    "empty",
    "An empty request is refused",
    rule="The context decodes; otherwise REQUEST_MALFORMED",
    at="checks.md#the-provider",
    mend="A field that is not there has its default value: 0 bytes are no context.",
)
async def empty(node: CheckedNode) -> None:
    reply = await node.provide(ProvideRequest().SerializeToString())
    if reply.status in {"DEADLINE_EXCEEDED", "UNAVAILABLE"} and not reply.reason:
        raise unknown(f"no end of its own: {reply}")
    expect(reply.reason == "REQUEST_MALFORMED", f"it ended with {reply}")


@SUBJECT.case(
    "later-version",
    "A field of a later version is passed over",
    rule="It parses; unknown fields are passed over",
    at="checks.md#at-the-edge-of-every-server",
    mend="Parse with a protobuf library as it is, and do not refuse unknown fields.",
)
async def later_version(node: CheckedNode) -> None:
    body = ProvideRequest(permit=node.hands.permit(node.asked(KNOWN))).SerializeToString()
    node.answered(await node.provide(body + b"\xc2\x3e\x03new"))


@SUBJECT.case(
    "no-such-method",
    "A method that there is not is UNIMPLEMENTED",
    rule="The role may call this RPC, and no other",
    at="checks.md#at-the-edge-of-every-server",
    mend="Leave unknown methods to the gRPC library.",
)
async def no_such_method(node: CheckedNode) -> None:
    reply = await node.call("ListEverybody", b"")
    if reply.status == "DEADLINE_EXCEEDED":
        raise unknown("no end in time")
    expect(reply.status in {"UNIMPLEMENTED", "PERMISSION_DENIED"}, f"it ended with {reply}")
