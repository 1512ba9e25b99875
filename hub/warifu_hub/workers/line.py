"""One end of the socket between a worker and the sequencer: questions and their answers, many under way.

Decides that what is said in one turn of the event loop leaves in one piece, so that exchanges in step share what a message
costs; which answer is whose; and that whoever sends what is no message loses the connection, and nothing else. The two
ends are the same. What is asked, it does not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final, cast

from warifu.errors import Reason, WarifuError
from warifu.rpc.logging import get_logger, raised_at
from warifu_hub.workers.framing import FrameError, Frames, Value, framed

__all__ = ["Answer", "Line", "Question", "error_in", "error_values", "is_text", "lost"]

_OK: Final = "ok"
_NO: Final = "no"


def lost(debug: str = "the sequencer is not there") -> WarifuError:
    """What a call ends with that needs the other end. It leaves open what was done there."""
    return WarifuError(Reason.LOG_UNAVAILABLE, where="log", debug=debug)


def error_values(error: WarifuError) -> tuple[Value, ...]:
    """What a party is told of an error, and its note for the log, for a frame."""
    pause_ms = None if error.retry_after_s is None else round(error.retry_after_s * 1000)
    return error.reason.value, error.where, error.debug, error.definite, pause_ms


def error_in(fields: Sequence[Value]) -> WarifuError:
    """The error in a frame. Raises: FrameError, ValueError."""
    reason, where, debug, definite, pause_ms = fields
    if not isinstance(definite, bool) or not (pause_ms is None or isinstance(pause_ms, int)):
        raise FrameError("malformed")
    pause_s = None if pause_ms is None else pause_ms / 1000
    known, at, note = Reason(is_text(reason)), is_text(where), is_text(debug)
    return WarifuError(known, where=at, debug=note, definite=definite, retry_after_s=pause_s)


def is_text(value: Value) -> str:
    """``value``, which must be text. Raises: FrameError."""
    if not isinstance(value, str):
        raise FrameError("malformed")
    return value


class Question:
    """What the other end asks: a kind, some values, and a number that is its for as long as it is under way."""

    __slots__ = ("_line", "fields", "kind", "number")

    def __init__(self, line: Line, number: int, kind: str, fields: Sequence[Value]) -> None:
        self._line, self.number, self.kind, self.fields = line, number, kind, fields

    @property
    def line(self) -> Line:
        """Where it came from."""
        return self._line

    def answer(self, *values: Value) -> None:
        """Say what it was asked for. Nobody hears it when the line has ended."""
        self._line.say(self.number, _OK, *values)

    def refuse(self, error: WarifuError) -> None:
        """Say why there is no answer."""
        self._line.say(self.number, _NO, *error_values(error))


Answer = Sequence[Value]


class Line(asyncio.Protocol):
    """One end. ``hear`` is given each question; ``over`` is called once, when the line has ended."""

    def __init__(self, hear: Callable[[Question], None], over: Callable[[Line], None]) -> None:
        self._hear, self._over = hear, over
        self._frames = Frames()
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self.pieces_sent = 0
        """How many pieces left, each with what was said in one turn."""
        self.messages_sent = 0
        """How many messages they held."""

    @property
    def is_open(self) -> bool:
        """Whether the other end can be heard."""
        return self._transport is not None

    def ask(self, kind: str, *values: Value) -> asyncio.Future[Answer]:
        """Ask the other end. Raises, when awaited: what it refuses with; LOG_UNAVAILABLE when it is, or goes, away."""
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if self._transport is None:
            answered.set_exception(lost())
            return answered
        number = next(self._numbers)
        self._asked[number] = answered
        self.say(number, kind, *values)
        return answered

    def say(self, *values: Value) -> None:
        """Put one message to what leaves next."""
        if self._transport is None:
            return
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(framed(values))

    def close(self) -> None:
        """End the line; what was not sent is lost."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio. A piece that is no message ends the line."""
        try:
            for values in self._frames.cut(data):
                self._take(values)
        except Exception as error:  # noqa: BLE001  # whatever it was, it was no message, and one line ends by it
            get_logger("hub").error("line_ended", error=type(error).__name__, at=raised_at(error))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio. Whoever waits is told that nobody knows."""
        self._transport = None
        asked, self._asked = self._asked, {}
        for answered in asked.values():
            if not answered.done():
                answered.set_exception(lost("the line to the sequencer ended"))
                answered.exception()  # seen here, for whoever waited may have gone
        self._over(self)

    def _take(self, values: list[Value]) -> None:
        if len(values) < 2 or type(values[0]) is not int:
            raise FrameError("malformed")
        number, kind, fields = values[0], is_text(values[1]), values[2:]
        if kind not in (_OK, _NO):
            self._hear(Question(self, number, kind, fields))
            return
        answered = self._asked.pop(number, None)
        if answered is None or answered.done():
            return
        if kind == _OK:
            answered.set_result(fields)
        else:
            answered.set_exception(error_in(fields))

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is not None:
            self.pieces_sent += 1
            self.messages_sent += len(out)
            self._transport.write(b"".join(out))
