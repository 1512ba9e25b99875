"""Whether what answers a call speaks gRPC at all, told from how the call ended.

Decides it by what gRPC's library says of an answer that is none: an HTTP status, or a stream without a status of gRPC.
"""

from __future__ import annotations

import re

from warifu_kit.conformance.wire.calls import Reply

__all__ = ["why_no_grpc"]

_HTTP_STATUS = re.compile(r"Received http2 header with status: ([0-9]{3})")
_NO_STATUS = ("Stream removed", "Missing :authority header", "invalid value content-type")


def why_no_grpc(reply: Reply) -> str:
    """Why not, in words; empty where it does, or nothing is known of it."""
    if reply.ok or reply.details > 0:
        return ""
    if found := _HTTP_STATUS.search(reply.words):
        return f"it speaks HTTP/2 and no gRPC: it answered with the HTTP status {found[1]}"
    if reply.words.startswith(_NO_STATUS):
        return "it speaks HTTP/2 and no gRPC: it ended a call without a status of gRPC"
    if reply.status == "UNAVAILABLE" and not reply.reason:
        return (
            "TLS is good, and the connection was ended when the caller showed its certificate: it trusts another root.pem than"
            " this network's, or speaks no gRPC"
        )
    return ""
