"""How much of a server one caller may hold at a time, and all of them together.

Decides, by counting, whether one more call, connection, stream or message of a caller is taken. What counts is what is held:
a call from being admitted until its reply was taken, a message from being read until its call has ended, a reply until it
was taken. So whoever reads nothing, or sends half of everything, is soon refused, and others are not.

Knows no gRPC and no clock. A caller is an institution in a role; where nobody is named (None), all of those are one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from warifu.errors import Reason, WarifuError

__all__ = ["Bounds", "Hold", "Holdings"]

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The bounds of one server. Others on a connection are gRPC's to keep: ``warifu.rpc.server.SERVER_OPTIONS``."""

    connection_calls: int = 512
    """Calls on one connection. gRPC's clients keep to it, nearly: a few of their calls may fail at the very edge of it."""

    connections: int = 32
    """Connections of one caller."""

    calls: int = 512
    """Calls of one caller under way, streams included."""

    streams: int = 32
    """Of those, streams of one RPC."""

    lists: int = 8
    """Of those, streams of one list: each holds a page, which may be a mebibyte."""

    in_hand: int = 8
    """Calls of one caller that wait for nobody else, and are in hand at a time; the others wait for their turn."""

    readings: int = 8
    """Calls of one caller whose message is being read; the others wait for their turn."""

    held_bytes: int = 16 * _MIB
    """Bytes of one caller's messages and replies that are held."""

    all_calls: int = 4 * 1024
    """Calls under way, whosever."""

    all_bytes: int = 128 * _MIB
    """Bytes held, whosever."""


@dataclass(slots=True)
class _Share:
    """What one caller holds."""

    calls: int = 0
    held_bytes: int = 0
    streams: Counter[str] = field(default_factory=Counter)


class Holdings:
    """What the callers of one server make it hold."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._shares: dict[Hashable, _Share] = {}
        self._calls = 0
        self._bytes = 0

    @property
    def calls(self) -> int:
        """Calls under way, whosever."""
        return self._calls

    @property
    def held_bytes(self) -> int:
        """Bytes held, whosever."""
        return self._bytes

    def begin(self, caller: Hashable, stream: str = "", most: int | None = None) -> Hold:
        """One more call of ``caller``; ``stream`` names its RPC where that is one with a stream.

        ``most`` is how many of that one there may be, if not as many as of any. Raises: OVERLOADED at ``calls`` or ``streams``.
        """
        share = self._shares.get(caller) or _Share()
        if share.calls >= self._bounds.calls or self._calls >= self._bounds.all_calls:
            raise WarifuError(Reason.OVERLOADED, where="calls")
        if stream and share.streams[stream] >= (self._bounds.streams if most is None else most):
            raise WarifuError(Reason.OVERLOADED, where="streams")
        self._shares[caller] = share
        share.calls += 1
        self._calls += 1
        if stream:
            share.streams[stream] += 1
        return Hold(self, caller, stream)

    def check(self, caller: Hashable, size: int) -> None:
        """See that ``caller`` may make the server hold ``size`` bytes more. Raises: OVERLOADED at ``bytes``."""
        held = self._shares[caller].held_bytes
        # One message alone is never too much: it has a limit of its own.
        if held and (held + size > self._bounds.held_bytes or self._bytes + size > self._bounds.all_bytes):
            raise WarifuError(Reason.OVERLOADED, where="bytes")

    def add(self, caller: Hashable, size: int) -> None:
        """So many bytes of ``caller``'s are held from now on."""
        self._shares[caller].held_bytes += size
        self._bytes += size

    def drop(self, caller: Hashable, size: int) -> None:
        """So many bytes are held no more."""
        self._shares[caller].held_bytes -= size
        self._bytes -= size

    def end(self, caller: Hashable, stream: str) -> None:
        """A call of ``caller`` is over."""
        share = self._shares[caller]
        share.calls -= 1
        self._calls -= 1
        if stream:
            share.streams[stream] -= 1
        if not share.calls:
            del self._shares[caller]


class Hold:
    """What one call makes the server hold."""

    __slots__ = ("_caller", "_ended", "_holdings", "_size", "_stream")

    def __init__(self, holdings: Holdings, caller: Hashable, stream: str) -> None:
        self._holdings = holdings
        self._caller = caller
        self._stream = stream
        self._size = 0
        self._ended = False

    def take(self, size: int) -> None:
        """A message of so many bytes, until it is dropped or the call ends. Raises: OVERLOADED at ``bytes``."""
        if not self._ended:
            self._holdings.check(self._caller, size)
            self.give(size)

    def give(self, size: int) -> None:
        """A reply of so many bytes: what it answers was done, so it is never refused."""
        if not self._ended:
            self._holdings.add(self._caller, size)
            self._size += size

    def drop(self, size: int) -> None:
        """So many bytes less."""
        if not self._ended:
            self._holdings.drop(self._caller, size)
            self._size -= size

    def end(self) -> None:
        """The call is over, and holds nothing; once is as good as twice."""
        if not self._ended:
            self.drop(self._size)
            self._ended = True
            self._holdings.end(self._caller, self._stream)
