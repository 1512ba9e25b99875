"""BER-TLV as the card's files use it: tags of one or two bytes, definite lengths.

Decides how values are joined into a file and found again. Knows no tag's meaning.

Source: ISO/IEC 8825-1 (BER), ISO/IEC 7816-4 section 5.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["found", "header_size", "tlv", "values"]

_SHORT = 0x80


def tlv(tag: int, *values: bytes) -> bytes:
    """One object: the tag in as few bytes as it has, the length, the values one after another."""
    value = b"".join(values)
    return _tag(tag) + _length(len(value)) + value


def header_size(tag: int, length: int) -> int:
    """Bytes of tag and length in front of a value of ``length`` bytes."""
    return len(_tag(tag)) + len(_length(length))


def values(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The objects that ``content`` begins with, as (tag, value), until filler (FF FF) or the end.

    Raises: ValueError when an object is cut short.
    """
    at = 0
    while at < len(content) and content[at : at + 2] not in {b"\xff\xff", b"\xff", b"\x00\x00"}:
        tag, at = _read_tag(content, at)
        length, at = _read_length(content, at)
        if at + length > len(content):
            raise ValueError("an object is longer than the file")
        yield tag, content[at : at + length]
        at += length


def found(content: bytes, *path: int) -> bytes:
    """The value of the object at ``path``, tag within tag. Raises: ValueError when it is not there."""
    value = content
    for tag in path:
        for each, inside in values(value):
            if each == tag:
                value = inside
                break
        else:
            raise ValueError(f"no object {tag:X}")
    return value


def _tag(tag: int) -> bytes:
    return tag.to_bytes(1 if tag <= 0xFF else 2, "big")


def _length(length: int) -> bytes:
    if length < _SHORT:
        return bytes([length])
    if length <= 0xFF:
        return bytes([0x81, length])
    return b"\x82" + length.to_bytes(2, "big")


def _read_tag(content: bytes, at: int) -> tuple[int, int]:
    size = 2 if content[at] & 0x1F == 0x1F else 1
    if at + size >= len(content):
        raise ValueError("an object ends in its tag")
    return int.from_bytes(content[at : at + size], "big"), at + size


def _read_length(content: bytes, at: int) -> tuple[int, int]:
    first = content[at]
    if first < _SHORT:
        return first, at + 1
    size = first & 0x7F
    if size not in {1, 2} or at + 1 + size > len(content):
        raise ValueError("an object's length is malformed")
    return int.from_bytes(content[at + 1 : at + 1 + size], "big"), at + 1 + size
