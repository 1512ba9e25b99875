"""The decisions of a mediated exchange, one pure function each; ``exchange.py`` calls them in the law's order.

Decides whether an inquiry may go on: whose it is, and whether it has the right shape; whether the law has a row for it is
decided in ``warifu.permissions``. It looks at institutions, times and keys, and at the sizes of what is sealed; it cannot
tell one person from another, and so neither can a refusal.
"""

from __future__ import annotations

from warifu.api.type.v1.inquiry_pb2 import (
    PROVISION_OUTCOME_ANSWERED,
    PROVISION_OUTCOME_PENDING,
    PROVISION_OUTCOME_REFUSED,
    SignedAnswer,
    SignedInquiry,
)
from warifu.errors import Reason, WarifuError
from warifu.exchange.code_proof import check_own
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ContextKind, ExchangeContext
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.statements import CITIZEN_TAG_SIZE
from warifu.pki import Identity, Role
from warifu_hub.store import ExchangeState, StoredExchange

__all__ = [
    "LARGEST_SEALED_ANSWER",
    "LARGEST_SEALED_QUERY",
    "answered_state",
    "check_identity",
    "check_made_by_inquirer",
    "check_shape",
    "failed_state",
    "fault_of",
    "find_keys",
    "must_be_same",
]

_SEAL_OVERHEAD = 48
_SIZE_CLASS = 256

LARGEST_SEALED_QUERY = _SEAL_OVERHEAD + 256 * _SIZE_CLASS
"""The largest sealed query the hub carries, in bytes."""

LARGEST_SEALED_ANSWER = _SEAL_OVERHEAD + 4095 * _SIZE_CLASS
"""The largest sealed answer the hub carries, in bytes: what stays within 1 MiB."""

_STATES = {
    PROVISION_OUTCOME_ANSWERED: ExchangeState.ANSWERED,
    PROVISION_OUTCOME_PENDING: ExchangeState.PENDING,
    PROVISION_OUTCOME_REFUSED: ExchangeState.REFUSED,
}


def check_identity(caller: Identity, context: ExchangeContext) -> None:
    """Step 3.0. The certificate's institution must be the one the inquiry is from. Raises: CALLER_NOT_IDENTIFIED."""
    if caller.role is not Role.AGENCY or caller.institution != context.inquirer:
        raise WarifuError(Reason.CALLER_NOT_IDENTIFIED, where="inquiry.context.inquirer")


def check_shape(inquiry: SignedInquiry, context: ExchangeContext, directory: Directory) -> EncryptedCode:
    """Step 3.1. Kind, suite, sizes and points. Raises: REQUEST_MALFORMED, SUITE_UNKNOWN, POINT_INVALID.

    The points' membership in the group is proven where the conversion multiplies them.
    """
    if context.kind is not ContextKind.EXCHANGE:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="inquiry.context.kind")
    if context.suite != directory.suite:
        raise WarifuError(Reason.SUITE_UNKNOWN, where="inquiry.context.suite")
    if context.inquirer == context.provider:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="inquiry.context.provider")
    _check_tag(inquiry.citizen_tag, "inquiry.citizen_tag")
    _check_sealed(inquiry.sealed_query, LARGEST_SEALED_QUERY, "inquiry.sealed_query")
    code = inquiry.encrypted_code
    return EncryptedCode.from_wire(directory.group, code.c1, code.c2, where="inquiry.encrypted_code")


def check_made_by_inquirer(inquiry: SignedInquiry, encrypted: EncryptedCode, directory: Directory) -> None:
    """Step 3.5, after the signature. The inquirer made the encrypted code itself, for this inquiry.

    Raises: SIGNATURE_INVALID; POINT_INVALID when its first half is not in the group.
    """
    check_own(directory.group, encrypted, inquiry.context, inquiry.code_proof, where="inquiry.code_proof")


def _check_tag(tag: bytes, where: str) -> None:
    if len(tag) != CITIZEN_TAG_SIZE:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where, debug=f"{len(tag)} bytes")


def _check_sealed(body: bytes, largest: int, where: str) -> None:
    padded = len(body) - _SEAL_OVERHEAD
    if padded < _SIZE_CLASS or padded % _SIZE_CLASS or len(body) > largest:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where, debug=f"{len(body)} bytes")


def find_keys(context: ExchangeContext, directory: Directory) -> tuple[DirectoryEntry, DirectoryEntry]:
    """Step 3.1, with the directory at hand: inquirer and provider, under keys that this context may be made with.

    Raises: INSTITUTION_UNKNOWN; EPOCH_STALE when an epoch or the provider's key id is not of the directory, or was
    replaced too long before the context was issued.
    """
    inquirer = directory.entry_for(
        context.inquirer,
        context.epoch_from,
        context.issued_ms,
        where="inquiry.context.inquirer",
        epoch_where="inquiry.context.epoch_from",
    )
    provider = directory.entry_for(
        context.provider,
        context.epoch_to,
        context.issued_ms,
        where="inquiry.context.provider",
        epoch_where="inquiry.context.epoch_to",
    )
    if context.key_id_to != provider.key_id:
        raise WarifuError(Reason.EPOCH_STALE, where="inquiry.context.epoch_to")
    return inquirer, provider


def answered_state(answer: SignedAnswer) -> ExchangeState:
    """Step 3.9. What the provider's answer makes of the exchange. Raises: PROVIDER_ANSWER_INVALID for a shapeless one."""
    state = _STATES.get(answer.outcome)
    if state is None:
        raise WarifuError(Reason.PROVIDER_ANSWER_INVALID, where="answer.outcome")
    try:
        _check_tag(answer.citizen_tag, "answer.citizen_tag")
        if state is ExchangeState.ANSWERED:
            _check_sealed(answer.sealed_answer, LARGEST_SEALED_ANSWER, "answer.sealed_answer")
    except WarifuError as error:
        raise WarifuError(Reason.PROVIDER_ANSWER_INVALID, where=error.where) from error
    if state is not ExchangeState.ANSWERED and answer.sealed_answer:
        raise WarifuError(Reason.PROVIDER_ANSWER_INVALID, where="answer.sealed_answer")
    return state


def fault_of(known: StoredExchange | None, fault: Exception) -> Exception:
    """Step 3.9 of an attempt that failed: ``fault`` as what it means of the exchange, ``known`` before it or new.

    That nothing was asked of the provider now says nothing of the time before: such a fault becomes ASKED_BEFORE.
    """
    surely_unasked = known is None or known.state is ExchangeState.UNASKED
    if surely_unasked or not isinstance(fault, WarifuError) or not fault.definite:
        return fault
    return WarifuError(Reason.ASKED_BEFORE, where=f"{fault.reason.value} {fault.where}".rstrip(), debug=fault.debug)


def failed_state(fault: Exception) -> ExchangeState:
    """What a failure, as :func:`fault_of` gives it, makes of the exchange: whether its provider was surely not asked."""
    return ExchangeState.UNASKED if isinstance(fault, WarifuError) and fault.definite else ExchangeState.FAILED


def must_be_same(known: bytes, digest: bytes) -> None:
    """Step 3.4. Whether two inquiries under one request_id are the same, by their digests. Raises: REQUEST_REUSED."""
    if known != digest:
        raise WarifuError(Reason.REQUEST_REUSED, where="inquiry.context.request_id")
