"""What is said between workers and sequencer: the kinds of question, and an exchange's row as values.

Decides their shape, and refuses what does not have it. Pure: values in, values out. A row is what the store keeps: no field
is about a person, and an answer is the sealed bytes that it came as.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from warifu.errors import WarifuError
from warifu.identifiers import InstitutionCode
from warifu.pki import Identity, Role
from warifu_hub.store import ExchangeState, StoredExchange
from warifu_hub.workers.framing import FrameError, Value

__all__ = [
    "Kind",
    "identity_in",
    "identity_values",
    "institution_in",
    "row_in",
    "row_values",
    "typed",
]

_ROW: Final = struct.Struct(">16s16s32s20sqqBH")
"""Inquirer, request_id, digest, processing number, time of the permit, position, state, length of the permission row.

After it the permission row, and the answer.
"""

_STATES: Final = tuple(ExchangeState)
_NUMBERS: Final = {state: number for number, state in enumerate(_STATES)}


class Kind(enum.StrEnum):
    """What may be asked. The last three are the sequencer's; REFUSED is asked both ways; the others are a worker's."""

    HELLO = "hello"
    FIND = "find"
    OPEN = "open"
    REOPEN = "reopen"
    CLOSE = "close"
    LEAVE = "leave"
    WAIT = "wait"
    APPEND = "append"
    ENDPOINT = "endpoint"
    REFUSED = "refused"
    CALL = "call"
    NEXT = "next"
    DROP = "drop"
    STATE = "state"
    WITHDRAWN = "withdrawn"
    MOVED = "moved"


@lru_cache(4096)
def institution_in(text: str) -> InstitutionCode:
    """An institution's code in a frame; a hub meets few. Raises: FrameError."""
    try:
        return InstitutionCode(text)
    except WarifuError:
        raise FrameError("malformed") from None


def typed(fields: Sequence[Value], *types: type) -> list[Value]:
    """``fields``, which must be as many values of these types. Raises: FrameError."""
    if tuple(map(type, fields)) != types:
        raise FrameError("malformed")
    return list(fields)


def row_values(stored: StoredExchange) -> bytes:
    """A row, for a frame: one value, for it crosses thrice in every exchange. Raises: FrameError for one that is none."""
    permission_row = stored.permission_row.encode()
    try:
        head = _ROW.pack(
            stored.inquirer.encode(),
            stored.request_id,
            stored.inquiry_digest,
            stored.processing_number.encode(),
            stored.permit_ms,
            stored.permitted_position,
            _NUMBERS[stored.state],
            len(permission_row),
        )
    except struct.error:
        raise FrameError("no row") from None
    return head + permission_row + stored.answer


def row_in(value: Value) -> StoredExchange:
    """The row in a frame. Raises: FrameError."""
    if type(value) is not bytes or len(value) < _ROW.size:
        raise FrameError("malformed")
    inquirer, request_id, asked, number, permit_ms, position, state, length = _ROW.unpack_from(value)
    end = _ROW.size + length
    if state >= len(_STATES) or end > len(value):
        raise FrameError("malformed")
    return StoredExchange(
        inquirer=institution_in(inquirer.decode("ascii", "replace")),
        request_id=request_id,
        inquiry_digest=asked,
        processing_number=number.decode("ascii", "replace"),
        permission_row=value[_ROW.size : end].decode("utf-8", "replace"),
        permit_ms=permit_ms,
        state=_STATES[state],
        answer=value[end:],
        permitted_position=position,
    )


def identity_values(identity: Identity) -> tuple[Value, ...]:
    """Who somebody is, for a frame."""
    return (identity.network, identity.role.value, identity.institution)


def identity_in(value: Value) -> Identity:
    """Who somebody is, in a frame. Raises: FrameError."""
    if not isinstance(value, list):
        raise FrameError("malformed")
    network, role, institution = typed(value, str, str, str)
    try:
        return Identity(network=str(network), role=Role(role), institution=institution_in(str(institution)))
    except ValueError:
        raise FrameError("malformed") from None
