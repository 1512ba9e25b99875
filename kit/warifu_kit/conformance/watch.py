"""What stood beside the answers of a business system, through a whole run.

Decides that it matters in whichever case it was seen: every answer is looked at, and one case tells what was found.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError, Message

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu_kit.conformance.wire.beside import beside, strange_fields
from warifu_kit.conformance.wire.calls import Reply

__all__ = ["REPLIES", "Watch"]

REPLIES: dict[str, type[Message]] = {
    "GetReadiness": adapter_pb2.GetReadinessResponse,
    "LookUp": adapter_pb2.LookUpResponse,
    "GetClerkDecision": adapter_pb2.GetClerkDecisionResponse,
}
"""What each call of AdapterService is answered with."""


class Watch:
    """What was seen beside the answers of a whole run, whichever case asked: each kind of thing once, with its call."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def look(self, method: str, reply: Reply, record_type: type[Message] | None) -> None:
        """Look at all of an answer, and at the record in it."""
        message = REPLIES.get(method)
        if not reply.ok or message is None:
            return
        found = beside(reply, message)
        if message is adapter_pb2.LookUpResponse and record_type is not None:
            found += [f"the record: {each}" for each in _strange_in_record(reply.body, record_type)]
        for each in found:
            self.seen.setdefault(each, method)


def _strange_in_record(body: bytes, record_type: type[Message]) -> list[str]:
    try:
        record = adapter_pb2.LookUpResponse.FromString(body).record
    except DecodeError:
        return []
    return strange_fields(record, record_type)
