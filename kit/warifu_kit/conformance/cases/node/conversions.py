"""A hub that mistranslates: every code has to be proven to be the conversion of the one that the inquirer signed."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from warifu.agency import Absence
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.curve.group import Point
from warifu.errors import Reason
from warifu_kit.conformance.case import Check, Subject, expect
from warifu_kit.conformance.cast import KNOWN, SECOND
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.proofs import must_come_with_proofs

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "conversions", "checks.md")
_AT = "the-provider"
_RULE = "conversion_proof holds for (context, C of the inquiry, converted_code) and the two entries' S_A, S_B, H, Y"
_MEND = "Verify the proof over exactly these, before the code is opened and anybody is looked up."
_NOT_PROVEN = (Reason.CONVERSION_NOT_PROVEN, Reason.POINT_INVALID)

Spoil = Callable[[CheckedNode, ProvisionPermit], None]


def _no_proof(node: CheckedNode, permit: ProvisionPermit) -> None:
    permit.conversion_proof = b""


def _zero_proof(node: CheckedNode, permit: ProvisionPermit) -> None:
    permit.conversion_proof = bytes(128)


def _random_proof(node: CheckedNode, permit: ProvisionPermit) -> None:
    permit.conversion_proof = b"".join(secrets.token_bytes(31) + b"\0" for _ in range(4))


def _short_proof(node: CheckedNode, permit: ProvisionPermit) -> None:
    permit.conversion_proof = permit.conversion_proof[:127]


def _long_proof(node: CheckedNode, permit: ProvisionPermit) -> None:
    permit.conversion_proof += b"\0"


def _of_another(node: CheckedNode, permit: ProvisionPermit) -> None:
    permit.conversion_proof = node.hands.permit(node.asked(KNOWN)).conversion_proof


def _swapped(node: CheckedNode, permit: ProvisionPermit) -> None:
    """Somebody else's code, with the proof that belongs to it."""
    other = node.hands.permit(node.asked(SECOND))
    permit.converted_code.CopyFrom(other.converted_code)
    permit.conversion_proof = other.conversion_proof


def _swapped_code_alone(node: CheckedNode, permit: ProvisionPermit) -> None:
    permit.converted_code.CopyFrom(node.hands.permit(node.asked(SECOND)).converted_code)


def _moved(node: CheckedNode, permit: ProvisionPermit) -> None:
    """Another point for D2: a code that nobody has."""
    group = node.hands.directory.group
    permit.converted_code.c2 = group.add(Point(permit.converted_code.c2), group.generator)


def _not_converted(node: CheckedNode, permit: ProvisionPermit) -> None:
    permit.converted_code.CopyFrom(permit.inquiry.encrypted_code)


def _halves_swapped(node: CheckedNode, permit: ProvisionPermit) -> None:
    code = permit.converted_code
    code.c1, code.c2 = code.c2, code.c1


def _no_point(node: CheckedNode, permit: ProvisionPermit) -> None:
    permit.converted_code.c1 = b"\xff" * 32


def _short_point(node: CheckedNode, permit: ProvisionPermit) -> None:
    permit.converted_code.c2 = permit.converted_code.c2[:31]


def _empty_points(node: CheckedNode, permit: ProvisionPermit) -> None:
    permit.converted_code.c1 = permit.converted_code.c2 = b""


def _scalar_not_reduced(node: CheckedNode, permit: ProvisionPermit) -> None:
    """The same scalar plus the group's order: equal modulo it, and not its one encoding."""
    order = 2**252 + 27742317777372353535851937790883648493
    last = int.from_bytes(permit.conversion_proof[96:128], "little") + order
    permit.conversion_proof = permit.conversion_proof[:96] + last.to_bytes(32, "little")


def _spoilt(spoil: Spoil, reasons: tuple[Reason, ...]) -> Check:
    async def check(node: CheckedNode) -> None:
        must_come_with_proofs(node)
        permit = node.hands.spoilt(node.asked(KNOWN), lambda made: spoil(node, made))
        await node.refused(permit, *reasons)

    return check


for _name, _words, _spoil in (
    ("no-proof", "gives no proof", _no_proof),
    ("zero-proof", "gives a proof of zeros", _zero_proof),
    ("random-proof", "gives a made-up proof", _random_proof),
    ("short-proof", "gives a proof that is a byte too short", _short_proof),
    ("long-proof", "gives a proof that is a byte too long", _long_proof),
    ("proof-of-another", "gives the proof of another conversion", _of_another),
    ("other-person", "gives another person's code with the proof that belongs to it", _swapped),
    ("other-code", "gives another person's code with this one's proof", _swapped_code_alone),
    ("moved-code", "gives a code that it moved", _moved),
    ("not-converted", "gives the code as it came", _not_converted),
    ("halves-swapped", "swaps the halves of the code", _halves_swapped),
    ("no-point", "gives bytes that are no point", _no_point),
    ("short-point", "gives a point of 31 bytes", _short_point),
    ("empty-points", "gives no code at all", _empty_points),
    ("scalar-not-reduced", "writes a number of the proof in another way", _scalar_not_reduced),
):
    SUBJECT.add(
        _name,
        f"A hub that {_words} gets no answer",
        rule=_RULE,
        at=_AT,
        mend=_MEND,
        check=_spoilt(_spoil, _NOT_PROVEN),
    )


@SUBJECT.case(
    "nobody",
    "A code that is proven and the identity is nobody's",
    rule="The code opens; the identity is nobody",
    at=_AT,
    mend="Answer NOT_HELD for the identity, as for anybody whom you do not hold.",
)
async def nobody(node: CheckedNode) -> None:
    found = await node.found(node.hands.asked_in(None, node.hands.context()))
    expect(found is Absence.NOT_HELD, f"there was {found}")
