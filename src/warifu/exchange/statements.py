"""What each party signs, and what it checks of the others: one function pair per statement.

Decides the label and the fields under each signature. Works on sealed bodies as opaque bytes: nothing here can open
one, so the hub may import it. The three signatures of an exchange are the inquirer's over its inquiry, the hub's over
its permit and the provider's over its answer, and exchanges in step share them; issuing codes adds the authority's and
the hub's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from warifu.api.type.v1.inquiry_pb2 import EncryptedCode, ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.canonical import digest
from warifu.exchange.signature import SigningKey, verify_signature
from warifu.lockstep import Lockstep, Paced

__all__ = [
    "CITIZEN_TAG_SIZE",
    "answer_digest",
    "check_answer",
    "check_conversion",
    "check_inquiry",
    "check_issue",
    "check_permit",
    "check_rotation",
    "inquiry_digest",
    "sign_answer",
    "sign_conversion",
    "sign_inquiry",
    "sign_issue",
    "sign_permit",
    "sign_rotation",
]

CITIZEN_TAG_SIZE: Final = 16
"""Bytes of a citizen tag. Each side puts one under its signature; the hub cannot tell what any of them means."""

_INQUIRY = b"warifu-v1/inquiry"
_PERMIT = b"warifu-v1/permit"
_ANSWER = b"warifu-v1/answer"
_ISSUE = b"warifu-v1/issue"
_ROTATION = b"warifu-v1/rotation"
_CONVERSION = b"warifu-v1/conversion"


def _inquiry_fields(inquiry: SignedInquiry) -> tuple[bytes, ...]:
    code = inquiry.encrypted_code
    return inquiry.context, code.c1, code.c2, inquiry.sealed_query, inquiry.code_proof, inquiry.citizen_tag


@Lockstep
def sign_inquiry(key: SigningKey, inquiry: SignedInquiry, *, to: str | None = None) -> Paced[None]:
    """Put the inquirer's signature on ``inquiry``, whose other fields are set.

    It is shared with others in step that go ``to`` the same provider.
    """
    inquiry.inquirer_signature = yield from key.signing(to, _INQUIRY, *_inquiry_fields(inquiry))


def check_inquiry(verify_key: bytes, inquiry: SignedInquiry) -> None:
    """Verify the inquirer's signature. Raises: SIGNATURE_INVALID."""
    verify_signature(
        verify_key,
        inquiry.inquirer_signature,
        _INQUIRY,
        *_inquiry_fields(inquiry),
        where="inquiry.inquirer_signature",
    )


def inquiry_digest(inquiry: SignedInquiry) -> bytes:
    """32 bytes that stand for the signed inquiry, signature included, in records and in the log."""
    return digest(b"warifu-v1/inquiry-digest", *_inquiry_fields(inquiry), inquiry.inquirer_signature)


def _permit_fields(permit: ProvisionPermit, asked: bytes) -> tuple[bytes, ...]:
    return (
        asked,
        permit.converted_code.c1,
        permit.converted_code.c2,
        permit.processing_number.encode(),
        permit.permission_row.encode(),
        permit.permit_time.seconds.to_bytes(8, "big", signed=True),
        permit.permit_time.nanos.to_bytes(4, "big", signed=True),
        permit.conversion_proof,
    )


@Lockstep
def sign_permit(key: SigningKey, permit: ProvisionPermit, asked: bytes, *, to: str | None = None) -> Paced[None]:
    """Put the hub's signature on ``permit``; ``asked`` is the digest of the inquiry in it.

    It is shared with others in step that go ``to`` the same provider.
    """
    permit.hub_signature = yield from key.signing(to, _PERMIT, *_permit_fields(permit, asked))


def check_permit(verify_key: bytes, permit: ProvisionPermit, asked: bytes) -> None:
    """Verify the hub's signature; ``asked`` is the digest of the inquiry in the permit. Raises: SIGNATURE_INVALID."""
    verify_signature(
        verify_key, permit.hub_signature, _PERMIT, *_permit_fields(permit, asked), where="permit.hub_signature"
    )


def _answer_fields(answer: SignedAnswer, asked: bytes, processing_number: str) -> tuple[bytes, ...]:
    return (
        asked,
        processing_number.encode(),
        int(answer.outcome).to_bytes(1, "big"),
        answer.sealed_answer,
        answer.provision_time.seconds.to_bytes(8, "big", signed=True),
        answer.provision_time.nanos.to_bytes(4, "big", signed=True),
        answer.citizen_tag,
    )


@Lockstep
def sign_answer(
    key: SigningKey, answer: SignedAnswer, *, asked: bytes, processing_number: str, to: str | None = None
) -> Paced[None]:
    """Put the provider's signature on ``answer`` to the inquiry whose digest is ``asked``.

    It is shared with others in step that go ``to`` the same inquirer.
    """
    answer.provider_signature = yield from key.signing(to, _ANSWER, *_answer_fields(answer, asked, processing_number))


def check_answer(verify_key: bytes, answer: SignedAnswer, *, asked: bytes, processing_number: str) -> None:
    """Verify that the provider signed this answer to this inquiry. Raises: SIGNATURE_INVALID."""
    verify_signature(
        verify_key,
        answer.provider_signature,
        _ANSWER,
        *_answer_fields(answer, asked, processing_number),
        where="answer.provider_signature",
    )


def answer_digest(answer: SignedAnswer, *, asked: bytes, processing_number: str) -> bytes:
    """32 bytes that stand for the signed answer in records and in the log."""
    fields = _answer_fields(answer, asked, processing_number)
    return digest(b"warifu-v1/answer-digest", *fields, answer.provider_signature)


def _code_fields(context: bytes, codes: Iterable[EncryptedCode]) -> tuple[bytes, bytes]:
    return context, b"".join(half for code in codes for half in (code.c1, code.c2))


def sign_issue(key: SigningKey, context: bytes, codes: Iterable[EncryptedCode]) -> bytes:
    """The authority's signature over person points it encrypted to an agency, 64 bytes."""
    return key.sign(_ISSUE, *_code_fields(context, codes))


def check_issue(verify_key: bytes, signature: bytes, context: bytes, codes: Iterable[EncryptedCode]) -> None:
    """Verify the authority's signature. Every code's halves are 32 bytes long. Raises: SIGNATURE_INVALID."""
    verify_signature(verify_key, signature, _ISSUE, *_code_fields(context, codes), where="authority_signature")


def sign_rotation(key: SigningKey, context: bytes, codes: Iterable[EncryptedCode]) -> bytes:
    """The agency's signature over codes of its own that it has brought to its next code epoch, 64 bytes."""
    return key.sign(_ROTATION, *_code_fields(context, codes))


def check_rotation(verify_key: bytes, signature: bytes, context: bytes, codes: Iterable[EncryptedCode]) -> None:
    """Verify the agency's signature. Every code's halves are 32 bytes long. Raises: SIGNATURE_INVALID."""
    verify_signature(verify_key, signature, _ROTATION, *_code_fields(context, codes), where="agency_signature")


def sign_conversion(
    key: SigningKey, context: bytes, codes: Iterable[EncryptedCode], proofs: Sequence[bytes] = ()
) -> bytes:
    """The hub's signature over codes it converted, issued or rotated, and over its proofs of that, 64 bytes."""
    return key.sign(_CONVERSION, *_code_fields(context, codes), *proofs)


def check_conversion(
    verify_key: bytes, signature: bytes, context: bytes, codes: Iterable[EncryptedCode], proofs: Sequence[bytes] = ()
) -> None:
    """Verify the hub's signature. Every code's halves are 32 bytes long. Raises: SIGNATURE_INVALID."""
    verify_signature(verify_key, signature, _CONVERSION, *_code_fields(context, codes), *proofs, where="hub_signature")
