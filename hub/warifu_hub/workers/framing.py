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
_NOTHING, _FALSE, _TRUE, _WHOLE, _BYTES, _TEXT, _LIST = b"NFTIBSL"

Value: TypeAlias = "bool | int | bytes | str | Sequence[Value] | None"


class FrameError(ValueError):
    """What was read is no frame. It never says what was in it."""


def framed(values: Sequence[Value]) -> bytes:
    """One frame that holds ``values``. Raises: FrameError when it would be too large, or holds something else."""
    parts: list[bytes] = []
    _put(parts, values, 0)
    body = b"".join(parts)
    if len(body) > LARGEST_FRAME:
        raise FrameError("too large")
    return _LENGTH.pack(len(body)) + body


def _put(parts: list[bytes], value: Value, depth: int) -> None:
    match value:
        case bytes():
            parts.append(b"B" + _LENGTH.pack(len(value)) + value)
        case str():
            text = value.encode()
            parts.append(b"S" + _LENGTH.pack(len(text)) + text)
        case bool() | None:
            parts.append(b"N" if value is None else b"T" if value else b"F")
        case int():
            parts.append(b"I" + _NUMBER.pack(value))
        case list() | tuple() if depth < _DEEPEST:
            parts.append(b"L" + _LENGTH.pack(len(value)))
            for each in value:
                _put(parts, each, depth + 1)
        case _:
            raise FrameError("no value that a frame can hold")


def read_values(body: bytes) -> list[Value]:
    """The values of one frame, without its length. Raises: FrameError."""
    try:
        value, end = _take(body, 0, 0)
    except (struct.error, IndexError, UnicodeDecodeError):
        raise FrameError("malformed") from None
    if end != len(body) or not isinstance(value, list):
        raise FrameError("malformed")
    return value


def _take(body: bytes, at: int, depth: int) -> tuple[Value, int]:
    tag, at = body[at], at + 1
    if tag in (_BYTES, _TEXT, _LIST):
        (length,), at = _LENGTH.unpack_from(body, at), at + 4
        if length > len(body) - at:
            raise FrameError("malformed")
        return _take_list(body, at, length, depth) if tag == _LIST else _take_piece(body, at, length, tag)
    if tag == _WHOLE:
        return _NUMBER.unpack_from(body, at)[0], at + 8
    if tag == _NOTHING:
        return None, at
    if tag in (_TRUE, _FALSE):
        return tag == _TRUE, at
    raise FrameError("malformed")


def _take_piece(body: bytes, at: int, length: int, tag: int) -> tuple[Value, int]:
    piece = body[at : at + length]
    return (piece if tag == _BYTES else piece.decode()), at + length


def _take_list(body: bytes, at: int, count: int, depth: int) -> tuple[Value, int]:
    if depth >= _DEEPEST:
        raise FrameError("too deep")
    values: list[Value] = []
    for _ in range(count):
        value, at = _take(body, at, depth + 1)
        values.append(value)
    return values, at


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
