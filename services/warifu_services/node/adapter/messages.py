"""What a node asks a business system, as messages, and what of its replies is a reply to that.

Decides that a reply repeats what it is about: a business system that answers two questions at once and mixes them up would
otherwise give one person's record as another's. Whether a record fits its item is not decided here. Pure.
"""

from __future__ import annotations

from datetime import date

from google.protobuf.timestamp_pb2 import Timestamp

from warifu.agency import Absence, Decision, Found, HeldProvision, LookUp, Pending, ProvidedRecord
from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.errors import Reason, WarifuError

__all__ = ["decision_request", "look_up_request", "read_decision", "read_found", "read_readiness"]

_WITHOUT_RECORD: dict[int, Absence | Pending] = {
    adapter_pb2.LOOK_UP_OUTCOME_NOT_HELD: Absence.NOT_HELD,
    adapter_pb2.LOOK_UP_OUTCOME_NOT_PUBLISHED: Absence.NOT_PUBLISHED,
    adapter_pb2.LOOK_UP_OUTCOME_PENDING: Pending.CLERK,
}
_DECISIONS: dict[int, Decision] = {
    adapter_pb2.PROVISION_DECISION_PENDING: Decision.PENDING,
    adapter_pb2.PROVISION_DECISION_RELEASE: Decision.RELEASE,
    adapter_pb2.PROVISION_DECISION_REFUSE: Decision.REFUSE,
}


def look_up_request(asked: LookUp) -> adapter_pb2.LookUpRequest:
    """A question about one person."""
    return adapter_pb2.LookUpRequest(
        local_number=asked.local_number,
        item_code=asked.item_code,
        fiscal_year=asked.fiscal_year,
        asked_on=asked.today.isoformat(),
        procedure_code=asked.procedure_code,
        inquirer=asked.inquirer,
        processing_number=asked.processing_number,
        released=asked.released,
    )


def read_found(asked: LookUp, told: adapter_pb2.LookUpResponse) -> Found | Pending:
    """What a reply says, once it is shown to be a reply to that question. Raises: ADAPTER_ANSWER_INVALID."""
    if told.local_number != asked.local_number:
        raise _invalid("local_number is not the one it was asked about")
    if told.item_code != asked.item_code:
        raise _invalid("item_code is not the one it was asked for")
    if told.outcome != adapter_pb2.LOOK_UP_OUTCOME_FOUND:
        return _without_record(told)
    if asked.fiscal_year and told.fiscal_year != asked.fiscal_year:
        raise _invalid("fiscal_year is not the one it was asked for")
    start = _day(told.publication_start, "publication_start")
    end = _day(told.publication_end, "publication_end")
    if start and end and end < start:
        raise _invalid("publication_end is before publication_start")
    if (start and asked.today < start) or (end and asked.today > end):
        return Absence.NOT_PUBLISHED
    return ProvidedRecord(told.record_type, told.record)


def decision_request(held: HeldProvision) -> adapter_pb2.GetClerkDecisionRequest:
    """A question about one provision that waits."""
    received = Timestamp()
    received.FromDatetime(held.received)
    return adapter_pb2.GetClerkDecisionRequest(
        processing_number=held.processing_number,
        local_number=held.local_number,
        item_code=held.item_code,
        procedure_code=held.procedure_code,
        inquirer=held.inquirer,
        received_time=received,
    )


def read_decision(held: HeldProvision, told: adapter_pb2.GetClerkDecisionResponse) -> Decision:
    """What a reply says, once it is shown to be a reply to that question. Raises: ADAPTER_ANSWER_INVALID."""
    if told.processing_number != held.processing_number:
        raise _invalid("processing_number is not the one it was asked about")
    if told.decision not in _DECISIONS:
        raise _invalid("decision is none")
    return _DECISIONS[told.decision]


def read_readiness(institution: str, items: frozenset[str], told: adapter_pb2.GetReadinessResponse) -> None:
    """Accept the word of the institution's own business system that it is ready for the items.

    Raises: ADAPTER_UNREACHABLE when it says that it is not ready; ADAPTER_ANSWER_INVALID.
    """
    if told.institution_code != institution:
        raise _invalid("institution_code is another's")
    if missing := sorted(items - set(told.item_codes)):
        raise _invalid(f"item_codes lacks {', '.join(missing)}")
    if not told.ready:
        raise WarifuError(Reason.ADAPTER_UNREACHABLE, where="adapter: it says that it is not ready")


def _without_record(told: adapter_pb2.LookUpResponse) -> Found | Pending:
    if told.outcome not in _WITHOUT_RECORD:
        raise _invalid("outcome is none")
    if told.record:
        raise _invalid("record is there, though the outcome says that there is none")
    return _WITHOUT_RECORD[told.outcome]


def _day(text: str, where: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        day = None
    if text and (day is None or day.isoformat() != text):  # ISO 8601 has other ways to write a day
        raise _invalid(f"{where} is no day")
    return day


def _invalid(words: str) -> WarifuError:
    return WarifuError(Reason.ADAPTER_ANSWER_INVALID, where=f"adapter: {words}")
