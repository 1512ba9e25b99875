"""What came with a reply beside what its contract has: metadata of the party's own, words with an answer, fields that no message has.

Decides what gRPC itself may send with an answer. It looks at all of a reply at once and knows no case, no person and no secret:
what is sealed in a reply is looked at by whoever can open it, with :func:`strange_fields`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from warifu_kit.conformance.wire.calls import Reply

__all__ = ["beside", "own_metadata", "strange_fields"]

_DAY = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT"
_CODINGS = re.compile(r"((identity|deflate|gzip|snappy|br|zstd)(, ?)?){0,6}")
_OF_GRPC = {
    "accept-encoding": _CODINGS,
    "content-type": re.compile(r"application/grpc(\+proto)?"),
    "date": re.compile(_DAY, re.ASCII),
    "grpc-accept-encoding": _CODINGS,
    "grpc-encoding": _CODINGS,
    "server": re.compile(r"(Kestrel|envoy|istio-envoy|nginx)(/[0-9.]{1,12})?"),
}
"""What gRPC's libraries, and what stands in front of them, send with every answer, and how: anything else under these names was put there."""

_NUMBER, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_LENGTHS = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
_KINDS = {
    **dict.fromkeys((FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FIXED64, FieldDescriptor.TYPE_SFIXED64), 1),
    **dict.fromkeys((FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_FIXED32, FieldDescriptor.TYPE_SFIXED32), 5),
    **dict.fromkeys((FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_MESSAGE), 2),
}
"""How a type of field travels; what is not here travels as a number."""


def beside(reply: Reply, message: type[Message], allowed: frozenset[str] = frozenset()) -> list[str]:
    """All that came with an answer and is not in its message, each in words; nothing for an error. Shows no values.

    ``allowed`` are names of metadata that the contract has.
    """
    if not reply.ok:
        return []
    found = [f"metadata {name!r}" for name in own_metadata(reply) if name not in allowed]
    if reply.words:
        found.append("a text with the status OK")
    return found + [f"{message.DESCRIPTOR.name}: {each}" for each in strange_fields(reply.body, message)]


def own_metadata(reply: Reply) -> list[str]:
    """The names of metadata, initial or trailing, that no gRPC library sends by itself, sorted."""
    return sorted({name for name, value in reply.metadata if not _is_of_grpc(name, value)})


def strange_fields(body: bytes, message: type[Message]) -> list[str]:
    """What ``body`` holds that such a message has not, at any depth: by path, as "record.field 1000".

    Strange is a field of another number or another kind, one that stands there twice though there is one, and bytes that are
    no field. A parser passes over the first and the last, and takes the later of two.
    """
    return list(dict.fromkeys(_strange(body, message.DESCRIPTOR, "")))


def _is_of_grpc(name: str, value: bytes) -> bool:
    form = _OF_GRPC.get(name)
    return form is not None and form.fullmatch(value.decode("latin-1")) is not None


def _strange(body: bytes, descriptor: Any, path: str) -> Iterator[str]:
    seen = set[int]()
    for number, kind, value in _fields(body):
        field = descriptor.fields_by_number.get(number)
        if field is None or not _travels_as(field, kind):
            yield f"{path}field {number}" if number else f"{path}bytes that are no field"
            continue
        if number in seen and not field.is_repeated:
            yield f"{path}{field.name} twice"
        seen.add(number)
        if field.message_type is not None:
            yield from _strange(value, field.message_type, f"{path}{field.name}.")


def _travels_as(field: FieldDescriptor, kind: int) -> bool:
    own = _KINDS.get(field.type, _NUMBER)
    return kind == own or (field.is_repeated and kind == _BYTES)  # several numbers may be packed into bytes


def _fields(body: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number, kind and bytes of each field; number 0 stands for what is none, and then nothing follows."""
    at = 0
    while at < len(body):
        tag, at = _number(body, at)
        number, kind = tag >> 3, tag & 7
        if kind == _NUMBER:
            end = _number(body, at)[1]
        elif kind == _BYTES:
            length, at = _number(body, at)
            end = at + length
        else:
            end = at + _LENGTHS.get(kind, len(body))
        if not number or not at <= end <= len(body):
            yield 0, kind, b""
            return
        yield number, kind, body[at:end]
        at = end


def _number(body: bytes, at: int) -> tuple[int, int]:
    """A number of variable length and where it ends; beyond the body's end when it does not end in it."""
    value = shift = 0
    while at < len(body) and shift < 70:
        value |= (body[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if body[at - 1] < 0x80:
            return value, at
    return value, len(body) + 1
