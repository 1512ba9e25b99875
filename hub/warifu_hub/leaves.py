"""What a leaf of the exchange log says.

Decides the fields of each kind of leaf (Act Art. 23(1), (3)). Pure: values in, bytes out; the bytes are hashed and
stored exactly as made here. A leaf says who asked whom for what, when and with what end, and nothing about the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf, LeafEvent
from warifu.errors import Reason
from warifu.exchange.context import ContextKind, ExchangeContext, ExchangeFlags
from warifu.exchange.directory_header import header_digest
from warifu.identifiers import InstitutionCode, ItemCode
from warifu_hub.store import ExchangeState, StoredExchange

__all__ = [
    "ReceivedInquiry",
    "assessment_leaf",
    "closing_leaf",
    "continuation_leaf",
    "conversion_leaf",
    "directory_leaf",
    "permitted_leaf",
    "refused_leaf",
    "timestamp",
    "timestamp_ms",
]

_CLOSING: dict[ExchangeState, LeafEvent] = {
    ExchangeState.PENDING: log_pb2.LEAF_EVENT_PENDING,
    ExchangeState.FAILED: log_pb2.LEAF_EVENT_FAILED,
    ExchangeState.UNASKED: log_pb2.LEAF_EVENT_FAILED,
    ExchangeState.ANSWERED: log_pb2.LEAF_EVENT_ANSWERED,
    ExchangeState.REFUSED: log_pb2.LEAF_EVENT_REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedInquiry:
    """What an inquirer asked: the context if it could be read, the digest of the inquiry as received, and its tag."""

    caller: InstitutionCode
    context: ExchangeContext | None
    digest: bytes
    citizen_tag: bytes = b""


def timestamp(moment: datetime) -> Timestamp:
    """``moment`` as protobuf has it."""
    return Timestamp(seconds=int(moment.timestamp()), nanos=moment.microsecond * 1000)


def timestamp_ms(unix_ms: int) -> Timestamp:
    """Whole milliseconds since 1970 as protobuf has them."""
    stamp = Timestamp()
    stamp.FromMilliseconds(unix_ms)
    return stamp


def _leaf(event: LeafEvent, asked: ReceivedInquiry, now: datetime) -> ExchangeLeaf:
    """Of an exchange: both sides see it, so that it says the minute and no more."""
    when = timestamp(now.replace(second=0, microsecond=0))
    leaf = ExchangeLeaf(event=event, event_time=when, inquirer=asked.caller, inquiry_digest=asked.digest)
    if asked.context is not None:
        leaf.request_id = asked.context.request_id
        leaf.provider = asked.context.provider
        leaf.procedure_code = asked.context.procedure_code
        leaf.item_code = asked.context.item_code
        leaf.non_disclosure = ExchangeFlags.NON_DISCLOSURE in asked.context.flags
    return leaf


def permitted_leaf(asked: ReceivedInquiry, stored: StoredExchange, now: datetime) -> bytes:
    """The exchange was permitted, under this processing number and permission row."""
    leaf = _leaf(log_pb2.LEAF_EVENT_PERMITTED, asked, now)
    leaf.processing_number = stored.processing_number
    leaf.permission_row = stored.permission_row
    leaf.inquirer_tag = asked.citizen_tag
    return leaf.SerializeToString(deterministic=True)


def refused_leaf(asked: ReceivedInquiry, reason: Reason, now: datetime) -> bytes:
    """The hub refused the exchange before anything left it."""
    leaf = _leaf(log_pb2.LEAF_EVENT_REFUSED, asked, now)
    leaf.reason = reason.value
    return leaf.SerializeToString(deterministic=True)


def closing_leaf(
    asked: ReceivedInquiry,
    stored: StoredExchange,
    now: datetime,
    *,
    reason: Reason | None = None,
    answer_digest: bytes = b"",
    provider_tag: bytes = b"",
) -> bytes:
    """What became of a permitted exchange, by the exchange's state: answered, pending, refused by a clerk, or failed."""
    leaf = _leaf(_CLOSING[stored.state], asked, now)
    leaf.processing_number = stored.processing_number
    leaf.permission_row = stored.permission_row
    leaf.reason = reason.value if reason else ""
    leaf.answer_digest = answer_digest
    leaf.inquirer_tag = asked.citizen_tag
    leaf.provider_tag = provider_tag
    return leaf.SerializeToString(deterministic=True)


def conversion_leaf(context: ExchangeContext, code_count: int, now: datetime) -> bytes:
    """Codes were converted: issued for the authority, or an agency's own to its next code epoch; how many, for whom."""
    rotated = context.kind is ContextKind.ROTATE
    leaf = ExchangeLeaf(
        event=log_pb2.LEAF_EVENT_CODES_ROTATED if rotated else log_pb2.LEAF_EVENT_CODES_CONVERTED,
        event_time=timestamp(now),
        request_id=context.request_id,
        inquirer=context.inquirer,
        provider=context.provider,
        code_count=code_count,
    )
    return leaf.SerializeToString(deterministic=True)


def directory_leaf(hub: InstitutionCode, header: DirectoryHeader, now: datetime) -> bytes:
    """A version of the directory was published: which one, and the digest of its header."""
    leaf = ExchangeLeaf(
        event=log_pb2.LEAF_EVENT_DIRECTORY_PUBLISHED,
        event_time=timestamp(now),
        inquirer=hub,
        directory_version=header.version,
        directory_digest=header_digest(header),
    )
    return leaf.SerializeToString(deterministic=True)


def assessment_leaf(
    supervisor: InstitutionCode, institution: InstitutionCode, item_code: ItemCode, now: datetime, *, withdrawn: bool
) -> bytes:
    """The supervisor withdrew or reinstated the assessment of one file."""
    withdrew, reinstated = log_pb2.LEAF_EVENT_ASSESSMENT_WITHDRAWN, log_pb2.LEAF_EVENT_ASSESSMENT_REINSTATED
    leaf = ExchangeLeaf(
        event=withdrew if withdrawn else reinstated,
        event_time=timestamp(now),
        inquirer=supervisor,
        provider=institution,
        item_code=item_code,
    )
    return leaf.SerializeToString(deterministic=True)


def continuation_leaf(hub: InstitutionCode, lost_size: int, lost_root: bytes, number: int, now: datetime) -> bytes:
    """The log was restored from an older state and goes on; others had seen it with ``lost_size`` entries."""
    leaf = ExchangeLeaf(
        event=log_pb2.LEAF_EVENT_LOG_CONTINUED,
        event_time=timestamp(now),
        inquirer=hub,
        lost_size=lost_size,
        lost_root_hash=lost_root,
        continuation=number,
    )
    return leaf.SerializeToString(deterministic=True)
