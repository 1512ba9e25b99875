"""Errors on the wire: the one place where a :class:`WarifuError` becomes a ``google.rpc.Status`` and back.

Decides what of an error travels: its reason, its public text, where in the input the fault lies, how much was done
before it, whether it is definite, and after which pause there may be room. What was noted for the local log (``debug``) stays. A status carries exactly one
``ErrorInfo`` whose domain is ``warifu``, so that a caller in any language can tell reasons apart without reading text.

Decides, too, what a failure means of which nobody told the reason: nothing definite, but where this side knows that it
sent nothing, or the other that it took nothing (``from_rpc_error``).

Source: AIP-193 (errors), google/rpc/error_details.proto.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # ships its types without saying so

from warifu.errors import CATALOGUE, Reason, WarifuError

__all__ = [
    "DOMAIN",
    "UNCONNECTED",
    "WHERE_LIMIT",
    "CallTakenBackError",
    "CodeTable",
    "UnparsedReplyError",
    "from_rpc_error",
    "milliseconds",
    "parsed",
    "seconds",
    "to_grpc_status",
    "to_status",
    "translated",
    "unconnected_as",
]

DOMAIN = "warifu"
WHERE_LIMIT = 512
"""Characters of ``where`` that travel: all metadata of a call share 8 KiB."""

_DETAILS_KEY = "grpc-status-details-bin"
_LONGEST_COUNT = 18  # digits
_LONGEST_PAUSE_MS = 60_000
_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,62}", re.ASCII)  # as google.rpc.ErrorInfo has it
_TRUE, _FALSE = "true", "false"

_NEVER_CONNECTED = "failed to connect"  # gRPC tells a call that never left from a broken one only in its words
_ENDED_EARLY = "the connection was ended before it was ready"
_BROKEN_OFF = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
_TOO_LARGE = "larger than max"
_BY_THIS_SIDE = "CLIENT: Received"  # of a reply: what it answers was done

UNCONNECTED = frozenset({Reason.NOT_CONNECTED, Reason.PEER_NOT_TRUSTED, Reason.OWN_CERTIFICATE_INVALID})
"""What a call ends with that found no connection. Each party says so of its own calls; none of it travels."""

CodeTable: TypeAlias = Mapping[grpc.StatusCode, Reason]
"""What a call means that ended without a reason, by its code. INTERNAL is for a reply that does not parse."""

Response = TypeVar("Response")
_BLOCKING_UNPARSED = "deserializing"


class CallTakenBackError(grpc.aio.AioRpcError):
    """A call was ended on this side, with its channel as a rule. gRPC raises CancelledError, as if its caller were cancelled."""

    def __init__(self) -> None:
        none = grpc.aio.Metadata()
        super().__init__(grpc.StatusCode.CANCELLED, none, none, details="the call was ended on this side")


class UnparsedReplyError(grpc.aio.AioRpcError):
    """A reply does not parse. gRPC's asyncio stubs give None for one; its blocking ones fail like this."""

    def __init__(self) -> None:
        none = grpc.aio.Metadata()
        super().__init__(grpc.StatusCode.INTERNAL, none, none, details="the reply does not parse")


class _GrpcStatus(NamedTuple):
    """The shape that ``abort_with_status`` asks for."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


def to_status(error: WarifuError) -> status_pb2.Status:
    """``error`` as a ``google.rpc.Status`` with one ``ErrorInfo``."""
    info = error_details_pb2.ErrorInfo(reason=error.reason.value, domain=DOMAIN)
    info.metadata["definite"] = _TRUE if error.definite else _FALSE
    if error.where:
        info.metadata["where"] = error.where[:WHERE_LIMIT]
    if error.done is not None:
        info.metadata["done"] = str(error.done)
    if error.retry_after_s is not None:
        info.metadata["retry_after_ms"] = str(milliseconds(error.retry_after_s))
    packed = any_pb2.Any()
    packed.Pack(info)
    code = grpc.StatusCode[error.entry.status].value[0]
    return status_pb2.Status(code=code, message=error.entry.public_text, details=[packed])


def to_grpc_status(error: WarifuError) -> grpc.Status:
    """The same, as ``context.abort_with_status`` takes it."""
    status = to_status(error)
    details = ((_DETAILS_KEY, status.SerializeToString()),)
    code = grpc.StatusCode[error.entry.status]
    return cast(grpc.Status, _GrpcStatus(code, status.message, details))


def from_rpc_error(error: grpc.RpcError, *, default: CodeTable) -> WarifuError:
    """The error that a failed call reports, from a channel of either kind.

    What the other side said in its ``ErrorInfo`` holds. That it is definite is believed unless the catalogue says that such a
    reason never is; that it is not, always. A reason of a later version is read from the status code, as below, and stands
    in ``where``; whether that is definite, only the other side can say.

    Where the other side said nothing, it broke off, or gRPC itself refused, on either side. Nothing of that is definite, but
    for two: a call that never left is NOT_CONNECTED, and a request that the other side's gRPC did not take is
    REQUEST_TOO_LARGE. Else the status code is looked up in ``default``: the caller knows whom it called. A peer that dies in
    the middle of a call shows as UNAVAILABLE, INTERNAL or UNKNOWN, as it happens; since no party ends a call with the last two
    and no reason, they mean what UNAVAILABLE means; but for a reply that does not parse, or is too large to be taken, which
    is INTERNAL. Any code that is not in there is INTERNAL.
    """
    call = cast(Any, error)  # every RpcError that a call raises is a Call too; the published types do not say so
    info = _info_told(call.trailing_metadata())
    if info is not None and info.reason in Reason.__members__:
        return _error_told(info)
    meant = _meant(error, call.code(), call.details() or "", default)
    return meant if info is None else _of_later_version(info, meant)


def _meant(error: grpc.RpcError, code: grpc.StatusCode, details: str, default: CodeTable) -> WarifuError:
    """What a call means that ended so, and without a reason that is known here."""
    if code is grpc.StatusCode.UNAVAILABLE and _NEVER_CONNECTED in details:
        return WarifuError(Reason.NOT_CONNECTED, where=_ENDED_EARLY, debug=_ENDED_EARLY)
    too_large = code is grpc.StatusCode.RESOURCE_EXHAUSTED and _TOO_LARGE in details
    if too_large and _BY_THIS_SIDE not in details:
        return WarifuError(Reason.REQUEST_TOO_LARGE)
    if too_large or isinstance(error, UnparsedReplyError) or _BLOCKING_UNPARSED in details:
        read_as = grpc.StatusCode.INTERNAL
    else:
        read_as = grpc.StatusCode.UNAVAILABLE if code in _BROKEN_OFF else code
    reason = default.get(read_as, Reason.INTERNAL)
    return WarifuError(reason, debug=f"the call ended {code.name} without a reason", definite=False)


def _of_later_version(info: error_details_pb2.ErrorInfo, meant: WarifuError) -> WarifuError:
    """What somebody says with a reason that is not known here."""
    where = f"{info.reason} {info.metadata.get('where', '')}".rstrip()[:WHERE_LIMIT]
    definite = info.metadata.get("definite", "") == _TRUE
    return WarifuError(meant.reason, where=where, done=_done(info), debug=meant.debug, definite=definite)


@contextmanager
def translated(default: CodeTable) -> Iterator[None]:
    """Within it a failed call raises the :class:`WarifuError` that :func:`from_rpc_error` gives."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc_error(error, default=default) from None


@contextmanager
def unconnected_as(reason: Reason, *, whom: str = "") -> Iterator[None]:
    """Within it a call that found no connection raises ``reason``, in the same words.

    Where they travel on to somebody else, ``whom`` stands for the address, which is not that one's business.
    """
    try:
        yield
    except WarifuError as error:
        if error.reason not in UNCONNECTED:
            raise
        where = f"{whom}: {error.debug}" if whom else error.where
        raise WarifuError(reason, where=where, debug=error.where) from None


async def parsed(call: Awaitable[Response], garbled: Reason) -> Response:
    """What a call returned. Raises: ``garbled`` for what does not parse, whatever table the caller looks codes up in."""
    try:
        return await call
    except UnparsedReplyError as error:
        raise WarifuError(garbled, debug=error.details() or "") from None


def _info_told(metadata: Any) -> error_details_pb2.ErrorInfo | None:
    """What a call's trailing metadata say with our domain, when they do."""
    for key, value in metadata or ():
        info = _error_info(value) if key == _DETAILS_KEY else None
        if info is not None and info.domain == DOMAIN and _REASON.fullmatch(info.reason):
            return info
    return None


def _error_told(info: error_details_pb2.ErrorInfo) -> WarifuError:
    """The error of an ``ErrorInfo`` whose reason is known. A party that does not say whether it is definite means the catalogue."""
    reason = Reason[info.reason]
    definite = CATALOGUE[reason].definite and info.metadata.get("definite", _TRUE) == _TRUE
    where = info.metadata.get("where", "")[:WHERE_LIMIT]
    after_s = seconds(_count_told(info.metadata.get("retry_after_ms", "")))
    return WarifuError(reason, where=where, done=_done(info), definite=definite, retry_after_s=after_s)


def milliseconds(retry_after_s: float) -> int:
    """A pause as it travels: whole milliseconds, one at least, and a minute at most."""
    return min(max(1, round(retry_after_s * 1000)), _LONGEST_PAUSE_MS)


def seconds(retry_after_ms: int | None) -> float | None:
    """A pause that another party asks for, a minute at most; None where it says none."""
    return min(retry_after_ms, _LONGEST_PAUSE_MS) / 1000 if retry_after_ms else None


def _done(info: error_details_pb2.ErrorInfo) -> int | None:
    return _count_told(info.metadata.get("done", ""))


def _count_told(text: str) -> int | None:
    """The number that somebody else states, if it is one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_COUNT else None


def _error_info(details: bytes) -> error_details_pb2.ErrorInfo | None:
    info = error_details_pb2.ErrorInfo()
    try:
        (packed,) = status_pb2.Status.FromString(details).details
        return info if packed.Unpack(info) else None
    except (ValueError, DecodeError):
        return None
