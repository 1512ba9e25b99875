"""What is said between workers and sequencer: the kinds of question, and an exchange's row as values.

Decides their shape, and refuses what does not have it. Pure: values in, values out. A row is what the store keeps: no field
is about a person, and an answer is the sealed bytes that it came as.
"""

from __future__ import annotations

import enum
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

_ROW: Final = (str, bytes, bytes, str, str, int, str, bytes, int)
_STATES: Final = {state.value: state for state in ExchangeState}


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
    if len(fields) != len(types) or any(type(field) is not kind for field, kind in zip(fields, types, strict=True)):
        raise FrameError("malformed")
    return list(fields)


def row_values(stored: StoredExchange) -> tuple[Value, ...]:
    """A row, for a frame."""
    return (
        stored.inquirer,
        stored.request_id,
        stored.inquiry_digest,
        stored.processing_number,
        stored.permission_row,
        stored.permit_ms,
        stored.state.value,
        stored.answer,
        stored.permitted_position,
    )


def row_in(value: Value) -> StoredExchange:
    """The row in a frame. Raises: FrameError."""
    if not isinstance(value, list):
        raise FrameError("malformed")
    inquirer, request_id, asked, number, row, permit_ms, state, answer, position = typed(value, *_ROW)
    if state not in _STATES:
        raise FrameError("malformed")
    return StoredExchange(
        inquirer=institution_in(str(inquirer)),
        request_id=request_id,  # type: ignore[arg-type]  # typed() has seen what each is
        inquiry_digest=asked,  # type: ignore[arg-type]
        processing_number=number,  # type: ignore[arg-type]
        permission_row=row,  # type: ignore[arg-type]
        permit_ms=permit_ms,  # type: ignore[arg-type]
        state=_STATES[str(state)],
        answer=answer,  # type: ignore[arg-type]
        permitted_position=position,  # type: ignore[arg-type]
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
