"""Where permits come without proofs: those that the node draws are proven, and no hub can foresee which."""

from __future__ import annotations

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.curve.group import Point
from warifu.errors import Reason
from warifu.exchange.proof_policy import PolicyKind
from warifu_kit.conformance.case import Subject, expect, fail, skip
from warifu_kit.conformance.cast import KNOWN, SECOND
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "sampled", "checks.md")
_AT = "a-drawn-permit"
_MOST_ONE_IN = 4
_TRIES_EACH = 12
"""For each permit in which one is drawn: an honest node lets so many pass one time in 100,000 at most."""


def _tries(node: CheckedNode) -> int:
    """How many permits show whether any is drawn. Raises: CaseEnd."""
    policy = node.hands.policy
    if policy.kind is not PolicyKind.SAMPLED:
        raise skip(f"permits of this network are not sampled ({policy}); make one with --proofs sampled:2")
    if policy.one_in > _MOST_ONE_IN:
        raise skip(f"{policy}: too rare to be seen; make a network with --proofs sampled:{_MOST_ONE_IN} at most")
    return _TRIES_EACH * policy.one_in


def _moved(node: CheckedNode) -> ProvisionPermit:
    """A permit for a code that is nobody's, signed by the hub."""

    def spoil(permit: ProvisionPermit) -> None:
        group = node.hands.directory.group
        permit.converted_code.c2 = group.add(Point(permit.converted_code.c2), group.generator)

    return node.hands.spoilt(node.asked(KNOWN), spoil)


@SUBJECT.case(
    "drawn",
    "Of permits that are wrongly converted, some are drawn and found out",
    rule="A provider draws one permit in one_in and has it proven; what is not proven is CONVERSION_NOT_PROVEN",
    at=_AT,
    mend="Draw by a keyed hash of inquiry digest and converted code, and ask HubService.ProveConversions for what is drawn.",
    seconds=20,
)
async def drawn(node: CheckedNode) -> None:
    tries = _tries(node)
    for _ in range(tries):
        reply = await node.provide(_moved(node))
        if reply.reason == Reason.CONVERSION_NOT_PROVEN.value:
            return
        expect(reply.ok, f"it ended with {reply}")
    raise fail(f"{tries} wrong conversions were answered, though one in {node.hands.policy.one_in} is to be drawn")


@SUBJECT.case(
    "drawn-again",
    "What was drawn is drawn again, however often it comes",
    rule="One in one_in by a keyed hash that the hub cannot foresee",
    at=_AT,
    mend="Draw by a hash of what came under a key of your own, not by chance at each call.",
    seconds=20,
)
async def drawn_again(node: CheckedNode) -> None:
    for _ in range(_tries(node)):
        permit = _moved(node)
        reply = await node.provide(permit)
        if reply.reason == Reason.CONVERSION_NOT_PROVEN.value:
            for _ in range(6):
                await node.refused(permit, Reason.CONVERSION_NOT_PROVEN)
            return
    raise fail("none was drawn")


@SUBJECT.case(
    "honest",
    "Permits that are rightly converted are answered, drawn or not",
    rule="The proof and signature that come are put into the permit: the signature must be good, then the proof",
    at=_AT,
    mend="Ask the hub with the permit as it came, and verify what comes back over the same permit with its proof.",
    seconds=20,
)
async def honest(node: CheckedNode) -> None:
    for turn in range(_tries(node) // 2):
        await node.record(node.asked((KNOWN, SECOND)[turn % 2]))


@SUBJECT.case(
    "no-point",
    "A conversion that is no code is refused, drawn or not",
    rule="Otherwise D1 and D2 are points",
    at="the-provider",
    mend="Decode both halves before the code is opened, also where no proof is asked for.",
)
async def no_point(node: CheckedNode) -> None:
    if node.hands.policy.kind is PolicyKind.ALWAYS:
        raise skip("every conversion of this network is proven: node.conversions looks at them")

    def spoil(permit: ProvisionPermit) -> None:
        permit.converted_code.c1 = b"\xff" * 32

    for _ in range(4):
        permit = node.hands.spoilt(node.asked(KNOWN), spoil)
        await node.refused(permit, Reason.POINT_INVALID, Reason.CONVERSION_NOT_PROVEN)
