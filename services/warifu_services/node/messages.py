"""Between NodeService's messages and the core's values, one function per message.

Decides what a well-formed identifier is and where a fault lies; nothing else. Errors never repeat what was sent.
"""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeFlags
from warifu.exchange.inquiry import REQUEST_ID_SIZE, Question
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu_services.node.inquiry_book import InquiryRequest
from warifu_services.node.provider import PendingProvision
from warifu_services.node.registration import ReplicaText
from warifu_services.node.store import ExchangeRecord, PersonFlags

__all__ = [
    "check_local_number",
    "exchange_record_message",
    "flags_from",
    "pending_message",
    "read_inquiry",
    "read_request_id",
    "replica_text",
]

_LONGEST_LOCAL_NUMBER = 64
_LAST_YEAR = 9999


def check_local_number(text: str, where: str) -> None:
    """Refuse what is no local number (宛名番号). Raises: REQUEST_MALFORMED."""
    if not 1 <= len(text) <= _LONGEST_LOCAL_NUMBER:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where)


def read_request_id(request_id: bytes, where: str) -> bytes:
    """A request_id. Raises: REQUEST_MALFORMED."""
    if len(request_id) != REQUEST_ID_SIZE:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where)
    return request_id


def read_inquiry(message: node_pb2.Inquiry) -> InquiryRequest:
    """What the business system asks. Raises: REQUEST_MALFORMED, at the field at fault."""
    check_local_number(message.local_number, "inquiry.local_number")
    if message.fiscal_year > _LAST_YEAR:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="inquiry.fiscal_year")
    flags = ExchangeFlags.NONE
    flags |= ExchangeFlags.ORDINANCE if message.ordinance else ExchangeFlags.NONE
    flags |= ExchangeFlags.CONSENT if message.consent else ExchangeFlags.NONE
    flags |= ExchangeFlags.NON_DISCLOSURE if message.non_disclosure else ExchangeFlags.NONE
    return InquiryRequest(
        local_number=message.local_number,
        question=Question(
            request_id=read_request_id(message.request_id, "inquiry.request_id"),
            provider=InstitutionCode.parse(message.provider, "inquiry.provider"),
            procedure_code=ProcedureCode.parse(message.procedure_code, "inquiry.procedure_code"),
            item_code=ItemCode.parse(message.item_code, "inquiry.item_code"),
            fiscal_year=message.fiscal_year,
            flags=flags,
        ),
    )


def replica_text(message: node_pb2.Replica) -> ReplicaText:
    """A replica as the business system says it."""
    return ReplicaText(
        local_number=message.local_number,
        item_code=message.item_code,
        fiscal_year=message.fiscal_year,
        publication_start=message.publication_start,
        publication_end=message.publication_end,
        record=message.record,
    )


def flags_from(message: node_pb2.SetFlagsRequest) -> PersonFlags:
    """A person's flags."""
    flags = PersonFlags.NONE
    flags |= PersonFlags.AUTO_RESPONSE_DISABLED if message.auto_response_disabled else PersonFlags.NONE
    flags |= PersonFlags.NON_DISCLOSURE if message.non_disclosure else PersonFlags.NONE
    flags |= PersonFlags.SELF_INFO_BLOCKED if message.self_info_blocked else PersonFlags.NONE
    return flags


def _timestamp(unix_ms: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMilliseconds(unix_ms)
    return stamp


def pending_message(pending: PendingProvision | None) -> node_pb2.PendingProvision | None:
    """One provision that waits for a clerk; None of None."""
    if pending is None:
        return None
    record = pending.record
    return node_pb2.PendingProvision(
        processing_number=record.processing_number,
        inquirer=record.inquirer,
        procedure_code=record.procedure_code,
        item_code=record.item_code,
        local_number=pending.local_number,
        received_time=_timestamp(record.requested_ms),
    )


def exchange_record_message(record: ExchangeRecord) -> node_pb2.ExchangeRecord:
    """One exchange record."""
    return node_pb2.ExchangeRecord(
        side=f"EXCHANGE_SIDE_{record.side.name}",
        request_id=record.request_id,
        processing_number=record.processing_number,
        inquirer=record.inquirer,
        provider=record.provider,
        procedure_code=record.procedure_code,
        item_code=record.item_code,
        requested_time=_timestamp(record.requested_ms),
        provided_time=None if record.provided_ms is None else _timestamp(record.provided_ms),
        outcome=f"EXCHANGE_OUTCOME_{record.outcome.name}",
        reason=record.reason.value if record.reason else "",
        inquiry_digest=record.inquiry_digest,
        answer_digest=record.answer_digest,
        non_disclosure=record.non_disclosure,
    )
