"""What becomes of an inquiry's record when something came back, or nothing did.

Decides, as pure functions, which reasons are refusals and which failures, and whether the inquiry has ended, so that
what sending it again would need is erased. The hub's log draws the line at the same place: what it refused before it
gave a permit is REFUSED, what went wrong after is FAILED and may be asked again with the same bytes.
"""

from __future__ import annotations

from dataclasses import replace

from warifu.agency import Absence
from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.type.v1 import inquiry_pb2
from warifu.errors import Reason
from warifu.exchange.inquiry import OpenedAnswer
from warifu_services.node.store import ExchangeOutcome, KeptInquiry

__all__ = ["ended_well", "ended_with"]

_END_UNKNOWN = frozenset(
    {
        Reason.HUB_UNREACHABLE,
        Reason.HUB_TIMED_OUT,
        Reason.LOG_BEHIND,  # not even looked at: nothing goes on until somebody decides
        Reason.RECORDS_BEHIND,
    }
)
_REFUSED = frozenset(
    {
        Reason.CALLER_NOT_IDENTIFIED,
        Reason.CALLER_REVOKED,
        Reason.CALLER_NOT_ALLOWED,
        Reason.REQUEST_MALFORMED,
        Reason.REQUEST_TOO_LARGE,
        Reason.REQUEST_REUSED,
        Reason.POINT_INVALID,
        Reason.SUITE_UNKNOWN,
        Reason.SIGNATURE_INVALID,
        Reason.EPOCH_STALE,
        Reason.CLOCK_SKEWED,
        Reason.INSTITUTION_UNKNOWN,
        Reason.PROCEDURE_UNKNOWN,
        Reason.ITEM_UNKNOWN,
        Reason.EXCHANGE_NOT_PERMITTED,
        Reason.ASSESSMENT_NOT_IN_FORCE,
        Reason.CONSENT_MISSING,
    }
)
_REFUSED_FOR_NOW = frozenset({Reason.DEADLINE_TOO_SHORT})


def ended_with(kept: KeptInquiry, reason: Reason, *, now_ms: int) -> KeptInquiry | None:
    """What to store after an error; None when nothing was learnt, so that the inquiry stays as it was."""
    if reason in _END_UNKNOWN:
        return None
    refused = reason in _REFUSED or reason in _REFUSED_FOR_NOW
    outcome = ExchangeOutcome.REFUSED if refused else ExchangeOutcome.FAILED
    return replace(
        kept,
        record=replace(kept.record, outcome=outcome, reason=reason),
        sealed_secrets=b"" if reason in _REFUSED else kept.sealed_secrets,
        changed_ms=now_ms,
    )


def ended_well(
    kept: KeptInquiry, response: ExchangeResponse, answer: OpenedAnswer, *, now_ms: int, sealed_result: bytes = b""
) -> KeptInquiry:
    """What to store after an answer that verified; ``sealed_result`` is the record it brought, sealed for the store."""
    outcome, reason = _outcome(answer)
    record = replace(
        kept.record,
        processing_number=response.processing_number,
        provided_ms=answer.provided_ms if outcome is ExchangeOutcome.ANSWERED else None,
        outcome=outcome,
        reason=reason,
        answer_digest=answer.digest,
    )
    return replace(
        kept,
        record=record,
        sealed_secrets=kept.sealed_secrets if outcome is ExchangeOutcome.PENDING else b"",
        sealed_result=sealed_result,
        permitted_position=response.permitted_position,
        changed_ms=now_ms,
    )


def _outcome(answer: OpenedAnswer) -> tuple[ExchangeOutcome, Reason | None]:
    if answer.outcome == inquiry_pb2.PROVISION_OUTCOME_PENDING:
        return ExchangeOutcome.PENDING, None
    if answer.outcome == inquiry_pb2.PROVISION_OUTCOME_REFUSED:
        return ExchangeOutcome.REFUSED, Reason.RELEASE_REFUSED
    return ExchangeOutcome.ANSWERED, answer.found.value if isinstance(answer.found, Absence) else None
