"""What is on the socket between a worker and the sequencer: frames of plain values.

Decides the bytes. A frame is its length (four bytes, big-endian) and one list of values; a value is a tag of one byte and what
that tag says: nothing, a truth value, a whole number (eight bytes, signed), bytes or UTF-8 text (after their length), or a list (after its
count). Bounded in size and depth. Whatever is not that is refused, and whoever reads ends the connection. It knows no message.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

__all__ = ["LARGEST_FRAME", "FrameError", "Frames", "Value", "framed", "read_values"]

LARGEST_FRAME: Final = 4 * 1024 * 1024
"""Bytes of one frame: the largest message of the hub's contract, and what is said beside it."""

_DEEPEST: Final = 4
_LENGTH: Final = struct.Struct(">I")
_NUMBER: Final = struct.Struct(">q")
_TAGGED: Final = struct.Struct(">BI")
_NUMBERED: Final = struct.Struct(">Bq")
_NOTHING, _FALSE, _TRUE, _WHOLE, _BYTES, _TEXT, _LIST = b"NFTIBSL"
_SIZED: Final = frozenset((_BYTES, _TEXT, _LIST))
_PLAIN: Final = {_NOTHING: None, _FALSE: False, _TRUE: True}

Value: TypeAlias = "bool | int | bytes | str | Sequence[Value] | None"


class FrameError(ValueError):
    """What was read is no frame. It never says what was in it."""


def framed(values: Sequence[Value]) -> bytes:
    """One frame that holds ``values``. Raises: FrameError when it would be too large, or holds something else."""
    parts: list[bytes] = [b""]
    _put_list(parts, values, 0)
    size = sum(map(len, parts))
    if size > LARGEST_FRAME:
        raise FrameError("too large")
    parts[0] = _LENGTH.pack(size)
    return b"".join(parts)


def _put_list(parts: list[bytes], values: Sequence[Value], depth: int) -> None:
    parts.append(_TAGGED.pack(_LIST, len(values)))
    for value in values:
        kind = type(value)
        if kind is bytes:
            parts += (_TAGGED.pack(_BYTES, len(value)), value)  # type: ignore[arg-type]
        elif kind is int:
            parts.append(_NUMBERED.pack(_WHOLE, value))
        elif kind is bool or value is None:
            parts.append(b"N" if value is None else b"T" if value else b"F")
        elif isinstance(value, str):
            text = value.encode()
            parts += (_TAGGED.pack(_TEXT, len(text)), text)
        elif isinstance(value, list | tuple) and depth < _DEEPEST:
            _put_list(parts, value, depth + 1)
        else:
            raise FrameError("no value that a frame can hold")


def read_values(body: bytes) -> list[Value]:
    """The values of one frame, without its length. Raises: FrameError."""
    try:
        tag, count = _TAGGED.unpack_from(body)
        if tag != _LIST:
            raise FrameError("malformed")
        values, end = _take_list(body, _TAGGED.size, count, 0)
    except (struct.error, IndexError, KeyError, UnicodeDecodeError):
        raise FrameError("malformed") from None
    if end != len(body):
        raise FrameError("malformed")
    return values


def _take_list(body: bytes, at: int, count: int, depth: int) -> tuple[list[Value], int]:
    values: list[Value] = []
    for _ in range(count):
        tag = body[at]
        if tag == _WHOLE:
            values.append(_NUMBER.unpack_from(body, at + 1)[0])
            at += _NUMBERED.size
        elif tag in _SIZED:
            (length,), at = _LENGTH.unpack_from(body, at + 1), at + _TAGGED.size
            if length > len(body) - at:
                raise FrameError("malformed")
            if tag == _LIST:
                value, at = _take_inner(body, at, length, depth)
            else:
                piece, at = body[at : at + length], at + length
                value = piece if tag == _BYTES else piece.decode()
            values.append(value)
        else:
            values.append(_PLAIN[tag])
            at += 1
    return values, at


def _take_inner(body: bytes, at: int, count: int, depth: int) -> tuple[Value, int]:
    if depth >= _DEEPEST:
        raise FrameError("too deep")
    return _take_list(body, at, count, depth + 1)


class Frames:
    """Cuts what arrives into frames. What is kept between two pieces is less than one frame."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept = bytearray()

    def cut(self, piece: bytes) -> Iterator[list[Value]]:
        """The frames that are whole now. Raises: FrameError; nothing is to be read after that."""
        kept = self._kept
        kept += piece
        at = 0
        try:
            while len(kept) - at >= 4:
                (length,) = _LENGTH.unpack_from(kept, at)
                if length > LARGEST_FRAME:
                    raise FrameError("too large")
                if len(kept) - at - 4 < length:
                    return
                body = bytes(kept[at + 4 : at + 4 + length])
                at += 4 + length
                yield read_values(body)
        finally:
            del kept[:at]
