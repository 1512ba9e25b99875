"""Permits many in a message, on either of the two streams that a node may serve.

Decides how a message of them is made, and that each call has one reply under its own number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message

from warifu.api.agency.v1 import agency_service_pb2 as agency_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import CATALOGUE, Reason
from warifu_kit.conformance.case import expect, unknown

__all__ = ["PROVIDE_BULK", "PROVIDE_STREAM", "StreamKind", "by_number", "message", "refused_in"]

_TIMEOUT_MS = 5000


@dataclass(frozen=True, slots=True)
class StreamKind:
    """``method`` is its name in AgencyService."""

    method: str
    request: type[Any]
    response: type[Any]


PROVIDE_STREAM: Final = StreamKind("ProvideStream", agency_pb2.ProvideStreamRequest, agency_pb2.ProvideStreamResponse)
PROVIDE_BULK: Final = StreamKind("ProvideBulk", agency_pb2.ProvideBulkRequest, agency_pb2.ProvideBulkResponse)


def message(
    permits: Sequence[ProvisionPermit], numbers: Sequence[int] = (), kind: StreamKind = PROVIDE_STREAM
) -> Message:
    """One message with these permits, under these numbers; from 1 unless given."""
    calls = [
        agency_pb2.ProvideCall(
            call_number=number, timeout_ms=_TIMEOUT_MS, request=agency_pb2.ProvideRequest(permit=permit)
        )
        for number, permit in zip(numbers or range(1, len(permits) + 1), permits, strict=True)
    ]
    made: Message = kind.request(calls=calls)
    return made


def by_number(
    replies: Sequence[agency_pb2.ProvideReply], numbers: Sequence[int], status: str
) -> dict[int, agency_pb2.ProvideReply]:
    """Each call's reply. Raises: CaseEnd unless each has one."""
    found = {reply.call_number: reply for reply in replies}
    expect(len(found) == len(replies), "a call was replied to twice")
    expect(set(found) <= set(numbers), "a reply is under a number that no call had")
    if set(found) != set(numbers):
        expect(not status, f"the stream ended with {status} after {len(found)} of {len(numbers)} replies")
        raise unknown(f"only {len(found)} of {len(numbers)} calls had a reply")
    return found


def refused_in(reply: agency_pb2.ProvideReply, *reasons: Reason) -> None:
    """See that a call failed, with one of these reasons, as definitely as the catalogue says. Raises: CaseEnd."""
    failure, wanted = reply.failure, [each.value for each in reasons]
    expect(not reply.HasField("response"), f"it was answered instead of refused with {' or '.join(wanted)}")
    expect(failure.reason in wanted, f"it ended with {failure.reason or 'nothing'}, not {' or '.join(wanted)}")
    definite = failure.definite if failure.HasField("definite") else CATALOGUE[reasons[0]].definite
    expect(definite, "it does not say that surely nothing was provided")
