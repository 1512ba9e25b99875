"""A recording as values: its first line, and one line of JSON for each call.

Decides what is kept of a call: when it began, its RPC and direction, the caller's role, the request as it was on the wire, and
the reply or how it was refused. Of a stream that is not many calls, only how many messages there were. It knows no file.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2

__all__ = ["CONTRACT", "MADE", "SERVED", "Beginning", "Direction", "RecordedCall", "begins_with", "call_in"]

CONTRACT = adapter_pb2.DESCRIPTOR.package.rpartition(".")[2]
"""The version of the contract that messages are of, such as v1."""

_NOTICE = "SIMULATED"
_FORM = 1
_LARGEST = 2**53

Direction: TypeAlias = Literal["served", "made"]
SERVED: Direction = "served"
"""The party was asked."""
MADE: Direction = "made"
"""The party asked somebody else, such as its business system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Whose recording it is. ``began`` is in seconds since 1970; ``version`` is of this software."""

    network: str
    party: str
    role: str
    institution_code: str
    version: str
    began: float
    contract: str = CONTRACT

    def to_json(self) -> str:
        """The first line."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps({"notice": _NOTICE, "recording": _FORM, **told})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call. ``rpc`` is ``Service.Method``; ``at_ms`` is since the recording's beginning; ``caller`` a role, or empty.

    ``status`` is gRPC's name of how it ended, ``reason`` the catalogue's where one was told. ``messages`` is (0, 0), or of a
    stream of which only that is kept, how many requests and replies it had.
    """

    at_ms: int
    direction: Direction
    rpc: str
    caller: str
    status: str
    reason: str = ""
    request: bytes = field(default=b"", repr=False)
    reply: bytes = field(default=b"", repr=False)
    is_stream: bool = False
    messages: tuple[int, int] = (0, 0)

    def to_json(self) -> str:
        """Its line."""
        told: dict[str, Any] = {
            "at_ms": self.at_ms,
            "direction": self.direction,
            "rpc": self.rpc,
            "caller": self.caller,
            "status": self.status,
        }
        if self.is_stream:
            return json.dumps({**told, "requests": self.messages[0], "replies": self.messages[1]})
        told["request"] = base64.b64encode(self.request).decode()
        if self.status == "OK":
            told["reply"] = base64.b64encode(self.reply).decode()
        elif self.reason:
            told["reason"] = self.reason
        return json.dumps(told)


def begins_with(line: str) -> Beginning:
    """The first line of a recording. Raises: ValueError, saying what is wrong with it."""
    told = _object(line)
    if told.pop("notice", None) != _NOTICE:
        raise ValueError("is no recording: its first line does not say SIMULATED")
    if told.pop("recording", None) != _FORM:
        raise ValueError(f"recording: not {_FORM}, the form that is known here")
    if told.get("contract") != CONTRACT:
        raise ValueError(f"contract: not {CONTRACT}, the version that is known here")
    began = told.pop("began", None)
    if isinstance(began, bool) or not isinstance(began, int | float) or not 0 <= began < _LARGEST:
        raise ValueError("began: not a number")
    names = set(Beginning.__slots__) - {"began"}
    return Beginning(**{name: _text(told, name) for name in names}, began=float(began))


def call_in(line: str) -> RecordedCall:
    """The call in a line. Raises: ValueError, naming the field and never what is in it."""
    told = _object(line)
    direction, status = _text(told, "direction"), _text(told, "status")
    if direction not in (SERVED, MADE):
        raise ValueError("direction: neither served nor made")
    is_stream = "requests" in told
    return RecordedCall(
        at_ms=_count(told, "at_ms"),
        direction=direction,
        rpc=_text(told, "rpc"),
        caller=_text(told, "caller"),
        status=status,
        reason=_text(told, "reason") if "reason" in told else "",
        request=b"" if is_stream else _bytes(told, "request"),
        reply=_bytes(told, "reply") if status == "OK" and not is_stream else b"",
        is_stream=is_stream,
        messages=(_count(told, "requests"), _count(told, "replies")) if is_stream else (0, 0),
    )


def _object(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(told, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  # whoever reads a file catches one kind
    return told


def _text(told: dict[str, Any], name: str) -> str:
    if not isinstance(found := told.get(name), str):
        raise ValueError(f"{name}: not text")  # noqa: TRY004
    return found


def _count(told: dict[str, Any], name: str) -> int:
    found = told.get(name)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < _LARGEST:
        raise ValueError(f"{name}: not a whole number from 0")
    return found


def _bytes(told: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(_text(told, name), validate=True)
    except ValueError:
        raise ValueError(f"{name}: not base64") from None
