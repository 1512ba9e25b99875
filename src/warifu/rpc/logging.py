"""The log that a party writes while it runs: one JSON object a line, on standard error.

Decides what may stand in a line: an event name and a few plain values. Anything else (a message, bytes, an object) is
replaced by the name of its type, so a payload cannot slip in, and other libraries' messages are left out because their
text may quote values; their logger, level and error type are kept. An exception is told by its type and where it was
raised, never by its text.

Not to be taken for the exchange log, which is evidence: ``warifu.tlog``.
"""

from __future__ import annotations

import json
import logging as stdlib_logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO, TypeAlias, cast

import structlog
from structlog.typing import FilteringBoundLogger

from warifu.errors import WarifuError
from warifu.printable import json_escaped

__all__ = [
    "EventLog",
    "Level",
    "bind",
    "configure",
    "error_fields",
    "get_logger",
    "raised_at",
    "serving_log",
    "use_serving_log",
]

EventLog: TypeAlias = FilteringBoundLogger
Level = Literal["debug", "info", "warning", "error"]

_LONGEST_TEXT = 4000  # a fault in a configuration file names every line
_DEEPEST_TRACE = 6


class _Output:
    """Where lines go and from which level on; what :func:`configure` changes."""

    stream: TextIO | None = None
    level: Level = "warning"


class _LineWriter:
    """Writes whole lines. A log that cannot be written (its reader is gone) must not stop the calls it tells of."""

    __slots__ = ("_stream",)

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def _write(self, line: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = _write


def configure(level: Level = "info", stream: TextIO | None = None) -> None:
    """Set the level and the stream (standard error by default) for loggers made from now on.

    Other libraries' warnings and errors go the same way, without their text.
    """
    _Output.level, _Output.stream = level, stream
    root = stdlib_logging.getLogger()
    root.handlers = [_LibraryHandler(stdlib_logging.WARNING)]


def get_logger(party: str) -> EventLog:
    """A logger whose lines carry ``party``. Call it with an event and plain values: ``log.info("started", n=3)``."""
    logger = structlog.wrap_logger(
        _LineWriter(_Output.stream or sys.stderr),
        processors=[structlog.contextvars.merge_contextvars, _only_plain_values, _as_json_line],
        wrapper_class=structlog.make_filtering_bound_logger(_Output.level),
        party=party,
    )
    return cast(EventLog, logger.bind())


_serving: ContextVar[EventLog] = ContextVar("serving")


def use_serving_log(log: EventLog) -> None:
    """Let the task that calls this, and those it begins, serve a call whose party ``log`` names."""
    _serving.set(log)


def serving_log() -> EventLog:
    """The log of the party whose call this task serves."""
    return _serving.get(None) or get_logger("no call")


def bind(**fields: str) -> None:
    """Add fields, such as ``request_id``, to every further line of the task that calls this, also to the edge's own."""
    structlog.contextvars.bind_contextvars(**fields)


def error_fields(error: WarifuError) -> dict[str, str]:
    """What a line says of ``error``: its reason, where in the input it lies, and the note for the local log."""
    fields = {"reason": error.reason.value, "where": error.where, "debug": error.debug}
    return {name: value for name, value in fields.items() if value}


def raised_at(error: BaseException) -> str:
    """Where ``error`` was raised, innermost first: ``file:line function``. Holds no value and no message."""
    frames = traceback.extract_tb(error.__traceback__)[-_DEEPEST_TRACE:]
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames))


def _only_plain_values(_: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    line: dict[str, Any] = {"time": _timestamp(), "level": method}
    line.update((name, _plain(value)) for name, value in event.items())
    return line


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    return f"<{type(value).__name__}>"


def _as_json_line(_: object, __: str, event: Mapping[str, Any]) -> str:
    """Plain text, not ASCII escapes: whoever searches a log for a name must find it if it is there.

    But for what a terminal would obey when somebody reads the log on one.
    """
    return json_escaped(json.dumps(event, ensure_ascii=False))


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class _LibraryHandler(stdlib_logging.Handler):
    """Turns a record of Python's own logging into a line without its text."""

    def emit(self, record: stdlib_logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        fields = {"error": type(error).__name__, "at": raised_at(error)} if error is not None else {}
        get_logger(record.name).warning("library", severity=record.levelname.lower(), **fields)
