"""Codes that are issued: a hub that mistranslates them, an authority that mixes them up, receipts of something else."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from warifu.api.authority.v1.authority_service_pb2 import ConversionReceipt, IssuedCode
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as WireCode
from warifu.curve.group import Point
from warifu.errors import Reason
from warifu.exchange.context import ContextKind, ExchangeContext
from warifu.exchange.proof_policy import PolicyKind
from warifu_kit.conformance.case import Check, Subject, skip
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer

__all__ = ["SUBJECT"]

SUBJECT = Subject("inquirer", "codes", "checks.md")
_AT = "codes-that-are-issued"
_RECEIPT = "authority_signature over context and encrypted_codes; hub_signature over context, the converted codes in order, and conversion_proofs"
_PROOF = "Each proof holds, with S_A = G and the agency's own S, H, Y: CONVERSION_NOT_PROVEN"
_CONTEXT = "The receipt's context: kind ISSUE, inquirer the authority, provider this agency, epoch_to and key_id_to good; its times"
_MEND = "Check the whole receipt in the order of the page, and store no code of a batch before."
_INVALID, _NOT_PROVEN = Reason.HUB_ANSWER_INVALID, Reason.CONVERSION_NOT_PROVEN

Issued = Sequence[IssuedCode]
Spoil = Callable[[CheckedInquirer, Issued, ConversionReceipt], None]


def _authority_signature(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    receipt.authority_signature = bytes(64)


def _hub_signature(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    receipt.hub_signature = bytes(64)


def _other_code(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    group, code = node.hands.directory.group, issued[0].converted_code
    code.c2 = group.add(Point(code.c2), group.generator)


def _other_number(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    issued[0].acquisition_number = secrets.token_bytes(16)


def _numbers_swapped(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    first, second = issued[0].acquisition_number, issued[1].acquisition_number
    issued[0].acquisition_number, issued[1].acquisition_number = second, first


def _codes_swapped(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    kept = WireCode()
    kept.CopyFrom(issued[0].converted_code)
    issued[0].converted_code.CopyFrom(issued[1].converted_code)
    issued[1].converted_code.CopyFrom(kept)


def _no_receipt(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    receipt.Clear()


def _mistranslated(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    _other_code(node, issued, receipt)
    node.sign_as_hub(issued, receipt)


def _swapped_and_signed(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    _codes_swapped(node, issued, receipt)
    node.sign_as_hub(issued, receipt)


def _zero_proof(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    receipt.conversion_proofs[0] = bytes(128)
    node.sign_as_hub(issued, receipt)


def _no_proof(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    del receipt.conversion_proofs[:]
    node.sign_as_hub(issued, receipt)


def _in_context(**changes: object) -> Spoil:
    """Everybody signs, and the context is of something else."""

    def spoil(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
        context = ExchangeContext.decode(receipt.context)
        receipt.context = replace(context, **changes).encode()  # type: ignore[arg-type]  # its fields
        node.sign_as_authority(receipt)
        node.sign_as_hub(issued, receipt)

    return spoil


def _for_another(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    _in_context(provider=node.hands.provider.institution)(node, issued, receipt)


def _old(node: CheckedInquirer, issued: Issued, receipt: ConversionReceipt) -> None:
    context = ExchangeContext.decode(receipt.context)
    day = 86_400_000
    _in_context(issued_ms=context.issued_ms - day, expires_ms=context.expires_ms - day)(node, issued, receipt)


def _spoilt(spoil: Spoil, reasons: tuple[Reason, ...]) -> Check:
    async def check(node: CheckedInquirer) -> None:
        if _NOT_PROVEN in reasons and node.hands.policy.kind is PolicyKind.OFF:
            raise skip("proofs of this network are off: codes are issued without")
        await node.acquires()  # whoever trusts where it was not cheated the first time is found as well
        node.authority_does(lambda issued, receipt: spoil(node, issued, receipt))
        await node.acquires_nothing(*reasons)

    return check


@SUBJECT.case(
    "honest",
    "Codes of people whom it did not know are acquired",
    rule="One proof for each 50 codes in order and one for the rest; each code opens and is not the identity",
    at=_AT,
    mend="Hold each part against the vectors of docs/protocol/node.md first.",
)
async def honest(node: CheckedInquirer) -> None:
    await node.acquires()


for _name, _words, _rule, _spoil, _reason in (
    ("authority-signature", "without the authority's signature", _RECEIPT, _authority_signature, _INVALID),
    ("hub-signature", "without the hub's signature", _RECEIPT, _hub_signature, _INVALID),
    ("no-receipt", "without a receipt", _RECEIPT, _no_receipt, _INVALID),
    ("other-code", "of which one was changed after it was signed", _RECEIPT, _other_code, _INVALID),
    ("codes-swapped", "of which two were swapped after they were signed", _RECEIPT, _codes_swapped, _INVALID),
    (
        "other-number",
        "under a number that it did not ask with",
        "Acquisition numbers are those asked, in order",
        _other_number,
        _INVALID,
    ),
    (
        "numbers-swapped",
        "of two people in each other's place",
        "Acquisition numbers are those asked, in order",
        _numbers_swapped,
        _INVALID,
    ),
    ("mistranslated", "that the hub mistranslated and signed", _PROOF, _mistranslated, _NOT_PROVEN),
    ("swapped-and-signed", "that the hub swapped and signed", _PROOF, _swapped_and_signed, _NOT_PROVEN),
    ("zero-proof", "with a proof of zeros", _PROOF, _zero_proof, _NOT_PROVEN),
    ("no-proof", "without a proof", _PROOF, _no_proof, _NOT_PROVEN),
    ("for-another", "for another agency", _CONTEXT, _for_another, _INVALID),
    (
        "kind-of-context",
        "in a context of the kind EXCHANGE",
        _CONTEXT,
        _in_context(kind=ContextKind.EXCHANGE),
        _INVALID,
    ),
    ("key-id", "for keys that are not its own", _CONTEXT, _in_context(key_id_to=bytes(8)), _INVALID),
    ("old", "in a context of yesterday", _CONTEXT, _old, _INVALID),
):
    SUBJECT.add(
        _name,
        f"Codes {_words} are not taken",
        rule=_rule,
        at=_AT,
        mend=_MEND,
        check=_spoilt(_spoil, (_reason,)),
    )
