"""How a call ended that has no reply: gRPC's status, and the reason where the other side told one."""

from __future__ import annotations

from typing import Any, NamedTuple

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # ships its types without saying so

__all__ = ["CANCELLED", "End", "end_told"]

_DETAILS = "grpc-status-details-bin"


class End(NamedTuple):
    """``status`` is gRPC's name of it."""

    status: str
    reason: str = ""


CANCELLED = End("CANCELLED")
"""Of a call that ended before the party had ended it."""


def end_told(code: grpc.StatusCode, trailing: Any) -> End:
    """The end of a call with this code and trailing metadata."""
    info = error_details_pb2.ErrorInfo()
    for key, value in trailing or ():
        try:
            details = status_pb2.Status.FromString(value).details if key == _DETAILS else ()
        except DecodeError:
            continue
        for each in details:
            if each.Is(info.DESCRIPTOR) and each.Unpack(info):
                return End(code.name, info.reason)
    return End(code.name)
