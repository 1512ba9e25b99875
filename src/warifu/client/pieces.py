"""Cutting what a caller hands over into messages, and telling what came of it in the caller's own terms.

Decides where one message ends and the next begins: by count, or before its bytes pass what a server takes, whichever
comes first. A fault that the other side locates within a message is told at the caller's own place, with how much was
done before it. Nobody else needs to know that anything was cut. Knows no service; opens no connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from google.protobuf.message import Message

from warifu.errors import Reason, WarifuError
from warifu.rpc.server import TYPED_MESSAGE_LIMIT

__all__ = ["PIECE_COUNT", "Piece", "pieces"]

PIECE_COUNT = 250
"""How many things go into one message unless a method says otherwise."""

Thing = TypeVar("Thing", bound=Message | str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece(Generic[Thing]):
    """What goes into one message: ``things`` of the caller's list ``name``, from its place ``first`` on."""

    name: str
    first: int
    things: list[Thing] = field(repr=False)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Within it a :class:`WarifuError` about this message becomes one about the caller's list."""
        try:
            yield
        except WarifuError as error:
            where = re.sub(rf"^{self.name}\[(\d+)\]", self._own_place, error.where)
            done = self.first + (error.done or 0)
            raise WarifuError(
                error.reason, where=where, debug=error.debug, done=done, definite=error.definite
            ) from error

    def _own_place(self, found: re.Match[str]) -> str:
        return f"{self.name}[{self.first + int(found[1])}]"


def pieces(
    things: Iterable[Thing], name: str, *, count: int = PIECE_COUNT, limit: int = TYPED_MESSAGE_LIMIT
) -> Iterator[Piece[Thing]]:
    """Cut ``things`` into pieces of at most ``count`` that fill a message of at most ``limit`` bytes.

    A list is looked at as a whole before the first piece is given; anything else is read as the pieces are.

    Raises:
        WarifuError: REQUEST_TOO_LARGE at ``name[place]`` for one that no message can carry.
    """
    if isinstance(things, Sequence):
        for place, thing in enumerate(things):
            _check(thing, name, place, limit, done=0)
    return _cut(things, name, count, limit)


def _cut(things: Iterable[Thing], name: str, count: int, limit: int) -> Iterator[Piece[Thing]]:
    first, held, size = 0, list[Thing](), 0
    for place, thing in enumerate(things):
        more = _check(thing, name, place, limit, done=first)
        if held and (len(held) == count or size + more > limit):
            yield Piece(name=name, first=first, things=held)
            first, held, size = place, [], 0
        held.append(thing)
        size += more
    if held:
        yield Piece(name=name, first=first, things=held)


def _check(thing: Thing, name: str, place: int, limit: int, *, done: int) -> int:
    """How many bytes of a message one thing takes. Raises: REQUEST_TOO_LARGE."""
    size = len(thing.encode()) if isinstance(thing, str) else thing.ByteSize()
    digits = (max(size.bit_length(), 1) + 6) // 7  # of its length, 7 bits each; before them goes the field's number
    held = 1 + digits + size
    if held > limit:
        raise WarifuError(Reason.REQUEST_TOO_LARGE, where=f"{name}[{place}]", done=done)
    return held
