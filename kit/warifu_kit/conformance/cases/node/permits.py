"""Permits that are forged, changed, for another, or not such as the table allows."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedInquiry
from warifu.errors import Reason
from warifu.exchange.context import ContextKind, ExchangeFlags
from warifu.exchange.signature import SigningKey
from warifu.identifiers import ItemCode, ProcedureCode
from warifu_kit.conformance.case import Check, Subject
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.hands import Asked, processing_number
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "permits", "checks.md")
_AT = "the-provider"
_SIGNED = "permit.hub_signature is the hub's over the permit with all its fields"
_SIGNED_MEND = "Verify hub_signature over every field of the page's table, with the hub's key of the directory, before anything else of it counts."
_ASKED = "inquirer_signature is the inquirer's over the inquiry with all its fields"
_ASKED_MEND = (
    "Verify inquirer_signature over every field, with the key of the directory's entry of the inquirer in the context."
)
_FORGED = (Reason.SIGNATURE_INVALID,)


@SUBJECT.case(
    "honest",
    "An honest permit is answered, and the answer verifies",
    rule="Of a permit that passes every check the answer is sealed, signed and given",
    at=_AT,
    mend="Hold each part against the vectors of docs/protocol/node.md first.",
)
async def honest(node: CheckedNode) -> None:
    await node.found(node.asked(KNOWN))


def _other_row(permit: ProvisionPermit) -> None:
    permit.permission_row = "R99"


def _later(permit: ProvisionPermit) -> None:
    permit.permit_time.seconds += 60


def _other_number(permit: ProvisionPermit) -> None:
    permit.processing_number = processing_number()


def _other_code(permit: ProvisionPermit) -> None:
    permit.converted_code.c1, permit.converted_code.c2 = permit.converted_code.c2, permit.converted_code.c1


def _other_proof(permit: ProvisionPermit) -> None:
    proof = permit.conversion_proof or bytes(128)  # where permits come without one
    permit.conversion_proof = proof[:-1] + bytes([proof[-1] ^ 1])


def _other_signature_inside(permit: ProvisionPermit) -> None:
    permit.inquiry.inquirer_signature = bytes(64)


def _changed_after(change: Callable[[ProvisionPermit], None]) -> Check:
    async def check(node: CheckedNode) -> None:
        permit = node.hands.permit(node.asked(KNOWN))
        change(permit)
        await node.refused(permit, *_FORGED)

    return check


for _name, _words, _change in (
    ("permission-row", "permission_row", _other_row),
    ("permit-time", "permit_time", _later),
    ("processing-number", "processing_number", _other_number),
    ("converted-code", "converted_code", _other_code),
    ("conversion-proof", "conversion_proof", _other_proof),
    ("inquirer-signature", "the signature of its inquiry", _other_signature_inside),
):
    SUBJECT.add(
        f"signed-{_name}",
        f"A permit of which {_words} was changed after it was signed is refused",
        rule=_SIGNED,
        at="signed.md#warifu-v1permit",
        mend=_SIGNED_MEND,
        check=_changed_after(_change),
    )


@SUBJECT.case("forged", "A permit with a signature of nothing is refused", rule=_SIGNED, at=_AT, mend=_SIGNED_MEND)
async def forged(node: CheckedNode) -> None:
    for signature in (bytes(64), secrets.token_bytes(64), b""):
        permit = node.hands.permit(node.asked(KNOWN))
        permit.hub_signature = signature
        await node.refused(permit, *_FORGED)


@SUBJECT.case(
    "signed-by-another",
    "A permit that the inquirer signed instead of the hub is refused",
    rule=_SIGNED,
    at=_AT,
    mend=_SIGNED_MEND,
)
async def signed_by_another(node: CheckedNode) -> None:
    permit = node.hands.permit(node.asked(KNOWN))
    node.hands.sign(permit, node.hands.inquirer.signing_key)
    await node.refused(permit, *_FORGED)


@SUBJECT.case(
    "signature-of-another-permit",
    "A permit with the signature of another permit is refused",
    rule=_SIGNED,
    at=_AT,
    mend=_SIGNED_MEND,
)
async def signature_of_another_permit(node: CheckedNode) -> None:
    permit, other = (node.hands.permit(node.asked(KNOWN)) for _ in range(2))
    permit.hub_signature = other.hub_signature
    await node.refused(permit, *_FORGED)


def _query(inquiry: SignedInquiry) -> None:
    inquiry.sealed_query = inquiry.sealed_query[:-1] + bytes([inquiry.sealed_query[-1] ^ 1])


def _tag(inquiry: SignedInquiry) -> None:
    inquiry.citizen_tag = secrets.token_bytes(16)


def _proof(inquiry: SignedInquiry) -> None:
    inquiry.code_proof = secrets.token_bytes(64)


def _signature(inquiry: SignedInquiry) -> None:
    inquiry.inquirer_signature = secrets.token_bytes(64)


def _swapped(inquiry: SignedInquiry) -> None:
    code = inquiry.encrypted_code
    code.c1, code.c2 = code.c2, code.c1


def _hub_changed(change: Callable[[SignedInquiry], None]) -> Check:
    """The hub changes the inquiry, and signs a permit for what it made of it."""

    async def check(node: CheckedNode) -> None:
        asked = node.asked(KNOWN)
        permit = node.hands.spoilt(asked, lambda made: change(made.inquiry))
        await node.refused(permit, *_FORGED)

    return check


for _name, _words, _spoil in (
    ("sealed-query", "the sealed query", _query),
    ("citizen-tag", "the citizen tag", _tag),
    ("code-proof", "the proof of the code", _proof),
    ("encrypted-code", "the encrypted code", _swapped),
    ("signature", "the inquirer's signature", _signature),
):
    SUBJECT.add(
        f"inquiry-{_name}",
        f"A hub that changes {_words} of the inquiry and signs is refused",
        rule=_ASKED,
        at="signed.md#warifu-v1inquiry",
        mend=_ASKED_MEND,
        check=_hub_changed(_spoil),
    )


@SUBJECT.case(
    "inquiry-of-the-hub", "A hub that asks in an inquirer's name is refused", rule=_ASKED, at=_AT, mend=_ASKED_MEND
)
async def inquiry_of_the_hub(node: CheckedNode) -> None:
    asked = node.asked(KNOWN)
    node.hands.sign_inquiry(asked.inquiry, node.hands.hub_key)
    await node.refused(node.hands.permit(asked), *_FORGED)


@SUBJECT.case(
    "inquiry-of-anybody", "An inquiry signed with a key of nobody is refused", rule=_ASKED, at=_AT, mend=_ASKED_MEND
)
async def inquiry_of_anybody(node: CheckedNode) -> None:
    asked = node.asked(KNOWN)
    node.hands.sign_inquiry(asked.inquiry, SigningKey(secrets.token_bytes(32)))
    await node.refused(node.hands.permit(asked), *_FORGED)


# Addressed otherwise.


def _in_context(words: str, reasons: tuple[Reason, ...], make: Callable[[CheckedNode], Asked]) -> Check:
    async def check(node: CheckedNode) -> None:
        node.evidence.noted(words)
        await node.refused(node.hands.permit(make(node)), *reasons)

    return check


def _for_another(node: CheckedNode) -> Asked:
    other = node.hands.inquirer.own.institution
    return node.hands.asked_in(
        node.code(KNOWN), node.hands.context(provider=other, inquirer=node.hands.provider.institution)
    )


def _issue(node: CheckedNode) -> Asked:
    return node.hands.asked_in(node.code(KNOWN), node.hands.context(kind=ContextKind.ISSUE))


def _suite(node: CheckedNode) -> Asked:
    return node.hands.asked_in(node.code(KNOWN), node.hands.context(suite=3 - node.hands.directory.suite))


def _epoch_to(node: CheckedNode) -> Asked:
    return node.hands.asked_in(node.code(KNOWN), node.hands.context(epoch_to=node.hands.provider.epoch + 7))


def _epoch_from(node: CheckedNode) -> Asked:
    return node.hands.asked_in(node.code(KNOWN), node.hands.context(epoch_from=node.hands.inquirer.own.epoch + 7))


def _key_id(node: CheckedNode) -> Asked:
    return node.hands.asked_in(node.code(KNOWN), node.hands.context(key_id_to=bytes(8)))


for _name, _words, _reason, _make in (
    ("for-another", "addressed to another agency", Reason.INSTITUTION_UNKNOWN, _for_another),
    ("kind-of-context", "whose context is of the kind ISSUE", Reason.REQUEST_MALFORMED, _issue),
    ("other-suite", "of another suite", Reason.SUITE_UNKNOWN, _suite),
    ("epoch-to", "for an epoch of the provider that there is not", Reason.EPOCH_STALE, _epoch_to),
    ("epoch-from", "from an epoch of the inquirer that there is not", Reason.EPOCH_STALE, _epoch_from),
    ("key-id", "for keys that are not the provider's", Reason.EPOCH_STALE, _key_id),
):
    SUBJECT.add(
        _name,
        f"A permit {_words} is refused with {_reason.value}",
        rule="kind EXCHANGE, the network's suite, provider this agency, epochs and key_id_to good",
        at=_AT,
        mend="Compare each field of the context with the own entry of the directory, in the order of the page.",
        check=_in_context(_words, (_reason,), _make),
    )


@SUBJECT.case(
    "short-context",
    "A permit whose context has another length is refused",
    rule="The context decodes: 116 bytes",
    at=_AT,
    mend="Refuse every other length with REQUEST_MALFORMED.",
)
async def short_context(node: CheckedNode) -> None:
    for length in (0, 115, 117):
        asked = node.asked(KNOWN)
        permit = node.hands.permit(asked)
        permit.inquiry.context = (permit.inquiry.context + b"\0")[:length]
        node.hands.sign_inquiry(permit.inquiry)
        node.hands.sign(permit)
        await node.refused(permit, Reason.REQUEST_MALFORMED)


@SUBJECT.case(
    "number",
    "A processing number that is not 20 digits is refused",
    rule="processing_number is 20 ASCII digits",
    at=_AT,
    mend="Match [0-9]{20}, ASCII, whole.",
)
async def number(node: CheckedNode) -> None:
    for made in ("", "1" * 19, "1" * 21, "1" * 19 + "x", "１" * 20, "1" * 20 + "\n"):
        await node.refused(node.hands.permit(node.asked(KNOWN), number=made), Reason.REQUEST_MALFORMED)


# The permission table, again.

_TABLE = "The permission table, by this node's own copy; permission_row names the row that permits"
_TABLE_MEND = (
    "Decide again by the own copy of permissions.yaml, whatever the hub decided, and compare the row's number."
)


@SUBJECT.case("other-row", "A permit that names another row is refused", rule=_TABLE, at=_AT, mend=_TABLE_MEND)
async def other_row(node: CheckedNode) -> None:
    named = "R02" if node.hands.row != "R02" else "R01"
    await node.refused(node.hands.permit(node.asked(KNOWN), row=named), Reason.EXCHANGE_NOT_PERMITTED)


@SUBJECT.case(
    "item-not-permitted",
    "A hub that permits an item that the table does not is refused",
    rule=_TABLE,
    at=_AT,
    mend=_TABLE_MEND,
)
async def item_not_permitted(node: CheckedNode) -> None:
    asked = node.asked(KNOWN, item_code=ItemCode("TM00000000000004"))
    await node.refused(node.hands.permit(asked), Reason.EXCHANGE_NOT_PERMITTED)


@SUBJECT.case(
    "item-unknown", "A hub that permits an item of no table is refused", rule=_TABLE, at=_AT, mend=_TABLE_MEND
)
async def item_unknown(node: CheckedNode) -> None:
    asked = node.asked(KNOWN, item_code=ItemCode("TM98989898989898"))
    await node.refused(node.hands.permit(asked), Reason.ITEM_UNKNOWN)


@SUBJECT.case(
    "procedure-unknown", "A hub that permits a procedure of no table is refused", rule=_TABLE, at=_AT, mend=_TABLE_MEND
)
async def procedure_unknown(node: CheckedNode) -> None:
    asked = node.asked(KNOWN, procedure_code=ProcedureCode("JT98989898989898"))
    await node.refused(node.hands.permit(asked), Reason.PROCEDURE_UNKNOWN)


@SUBJECT.case(
    "ordinance",
    "A hub that permits by an ordinance that the table does not have is refused",
    rule=_TABLE,
    at=_AT,
    mend=_TABLE_MEND,
)
async def ordinance(node: CheckedNode) -> None:
    asked = node.asked(KNOWN, flags=ExchangeFlags.ORDINANCE | ExchangeFlags.CONSENT)
    await node.refused(node.hands.permit(asked), Reason.EXCHANGE_NOT_PERMITTED)


@SUBJECT.case(
    "first-fault",
    "Of several faults the first of the page is told",
    rule="These checks, in this order: the signature before the table, the times and the proof",
    at=_AT,
    mend="Check in the order of the page: what is not signed must decide nothing.",
)
async def first_fault(node: CheckedNode) -> None:
    context = node.hands.context()
    old = replace(context, issued_ms=context.issued_ms - 86_400_000, expires_ms=context.expires_ms - 86_400_000)
    permit = node.hands.permit(node.hands.asked_in(node.code(KNOWN), old), row="R99")
    permit.conversion_proof, permit.hub_signature = b"", bytes(64)
    await node.refused(permit, *_FORGED)
