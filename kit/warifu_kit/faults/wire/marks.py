"""The header by which one call asks for faults, and the mark by which its caller is told what was done.

Decides that both have one name: ``warifu-fault``. A party without faults knows neither, so a caller whose call asked for one
and has no mark in its trailing metadata knows that nothing was done.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias, cast

import grpc

from warifu.errors import WarifuError
from warifu.rpc.status import to_grpc_status
from warifu_kit.faults.plan import Refusal

__all__ = ["FAULT_KEY", "EndedCall", "asked_for", "marked", "refused"]

FAULT_KEY = "warifu-fault"
"""In the metadata of a call, what it asks for; in its trailing metadata, what was done."""

Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]


class EndedCall(NamedTuple):
    """How a party ended a call, in the shape that ``abort_with_status`` asks for."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: Metadata


def asked_for(metadata: Iterable[tuple[str, str | bytes]] | None) -> str:
    """What a call asks for, chained if it asks several times; empty for nothing."""
    asked = (value for key, value in metadata or () if key == FAULT_KEY)
    return "+".join(value if isinstance(value, str) else value.decode("ascii", "replace") for value in asked)


def refused(end: Refusal) -> EndedCall:
    """A refusal as the party itself would send it."""
    status = to_grpc_status(WarifuError(end.reason, where=end.where))
    return EndedCall(status.code, status.details, tuple(cast(Any, status.trailing_metadata)))


def marked(ended: EndedCall, mark: str) -> grpc.Status:
    """The same with the mark, for ``abort_with_status``."""
    trailing = (*ended.trailing_metadata, (FAULT_KEY, mark))
    return cast(grpc.Status, ended._replace(trailing_metadata=trailing))
