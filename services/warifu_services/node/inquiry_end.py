"""What becomes of an inquiry's record when something came back, or nothing did, and what the business system is told.

Decides, as pure functions, which reasons are refusals and which failures, and whether the inquiry has ended, so that
what sending it again would need is erased. The hub's log draws the line at the same place: what it refused before it
gave a permit is REFUSED, what went wrong after is FAILED and may be asked again with the same bytes.

A reason that is definite says that surely nothing was provided. Of an inquiry that was sent before, and whose end this node
did not see, only the hub can say so, for it knows whether it gave a permit; a door that did not let the inquiry in, or a
deadline that was too short this time, says nothing of the time before. Then the record stays as it was.
"""

from __future__ import annotations

from dataclasses import replace

from warifu.agency import Absence
from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.type.v1 import inquiry_pb2
from warifu.errors import CATALOGUE, Reason, WarifuError
from warifu.exchange.inquiry import OpenedAnswer
from warifu_services.node.store import ExchangeOutcome, ExchangeRecord, KeptInquiry

__all__ = ["as_told", "asked_before", "believed", "ended_well", "ended_with", "is_at_the_door", "may_be_provided"]

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
        Reason.CALLER_NOT_IN_DATE,
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
_AT_THE_DOOR = frozenset(
    {
        Reason.CALLER_NOT_IDENTIFIED,
        Reason.CALLER_REVOKED,
        Reason.CALLER_NOT_IN_DATE,
        Reason.CALLER_NOT_ALLOWED,
        Reason.REQUEST_TOO_LARGE,
        Reason.OVERLOADED,
    }
)
"""What the hub says before it knows which inquiry it is."""

_AFTER_A_PERMIT = frozenset(
    {
        Reason.ASKED_BEFORE,
        Reason.PROVIDER_UNREACHABLE,
        Reason.PROVIDER_TIMED_OUT,
        Reason.PROVIDER_ANSWER_INVALID,
        Reason.PROVIDER_FAILED,
        Reason.HUB_ANSWER_INVALID,
        Reason.LOG_UNAVAILABLE,
        Reason.INTERNAL,
    }
)
_EXPECTED = _END_UNKNOWN | _REFUSED | _REFUSED_FOR_NOW | _AT_THE_DOOR | _AFTER_A_PERMIT
"""How an inquiry may end, as the contract lists it."""

_OF_WHAT_WAS_SENT = frozenset(
    {
        Reason.REQUEST_MALFORMED,
        Reason.SUITE_UNKNOWN,
        Reason.POINT_INVALID,
        Reason.SIGNATURE_INVALID,
    }
)
"""What the hub may find wrong with an inquiry as this node made it. The business system made nothing of that."""


def may_be_provided(record: ExchangeRecord) -> bool:
    """Whether, by this record alone, something may have been provided for an inquiry that was taken down before."""
    return record.reason is None or not CATALOGUE[record.reason].definite


def is_at_the_door(reason: Reason) -> bool:
    """Whether the hub says it of whoever calls, or of the moment, and so nothing of the inquiry."""
    return reason in _AT_THE_DOOR


def believed(kept: KeptInquiry, error: WarifuError) -> WarifuError:
    """``error``, unless no hub says so of an inquiry, or none that permitted it before."""
    if error.reason in _REFUSED and kept.record.processing_number:
        return WarifuError(Reason.HUB_ANSWER_INVALID, where=f"the hub: {error.reason.value} after a permit")
    if error.reason not in _EXPECTED:
        return WarifuError(Reason.HUB_ANSWER_INVALID, where=f"the hub: {error.reason.value}")
    if error.definite and not error.entry.definite:  # by a reason of a later version: here it may be sent again
        return WarifuError(error.reason, where=error.where, debug=error.debug)
    return error


def as_told(error: WarifuError) -> WarifuError:
    """What the business system is told of an inquiry that ended so. What it did not make is not its fault."""
    if error.reason in _OF_WHAT_WAS_SENT:
        where = f"the hub: {error.reason.value} {error.where}".rstrip()
        return WarifuError(Reason.HUB_ANSWER_INVALID, where=where, debug=error.debug)
    return error


def asked_before(error: WarifuError) -> WarifuError:
    """``error``, which kept an inquiry from being sent again, as it is told: it is not known what came of it before."""
    where = f"{error.reason.value} {error.where}".rstrip()
    return WarifuError(Reason.ASKED_BEFORE, where=where, debug=error.debug, retry_after_s=error.retry_after_s)


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
