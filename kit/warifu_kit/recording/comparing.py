"""Whether a call ended as it did before, field by field.

Decides what counts: every field of the reply, those of the record in it, and those that the contract does not have; the status
and reason of a refusal. Lists whose order says nothing are compared without it. Only names of fields leave this module.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.unknown_fields import UnknownFieldSet

from warifu.errors import Reason

__all__ = ["NO_ANSWER", "Compared", "Ended", "Verdict", "compare", "differing_fields"]

NO_ANSWER = frozenset({"CANCELLED", "DEADLINE_EXCEEDED", "UNAVAILABLE"})
"""With these a call ended that nobody answered."""

_UNORDERED = frozenset({"item_codes"})
_RECORD, _RECORD_TYPE = "record", "record_type"


class Verdict(enum.Enum):
    """How a call compares. SKIPPED: there is nothing to compare, or it was not asked."""

    SAME = "same"
    DIFFERS = "differs"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a call ended: gRPC's name of its status, the reason told if any, the reply if it is OK."""

    status: str
    reason: str = ""
    reply: bytes = b""


@dataclass(frozen=True, slots=True)
class Compared:
    """``fields`` are the names of those that differ; ``words`` say why there is no more to say."""

    verdict: Verdict
    fields: tuple[str, ...] = ()
    words: str = ""


def compare(kind: type[Any], before: Ended, now: Ended) -> Compared:
    """A call whose reply is a ``kind``."""
    if before.status in NO_ANSWER:
        return Compared(Verdict.SKIPPED, words=f"there was no answer before: {before.status}")
    if now.status in NO_ANSWER:
        return Compared(Verdict.FAILED, words=f"no answer: {now.status}")
    if (before.status, before.reason) != (now.status, now.reason):
        names = ("status", "reason") if before.status == now.status else ("status",)
        words = f"{_shown(before)} before, {_shown(now)} now"
        return Compared(Verdict.DIFFERS, names[-1:], words)
    if not _parses(kind, before.reply):
        return Compared(Verdict.SKIPPED, words="what was answered before does not parse")
    if not _parses(kind, now.reply):
        return Compared(Verdict.FAILED, words="the reply does not parse")
    fields = differing_fields(kind, before.reply, now.reply)
    return Compared(Verdict.DIFFERS, fields) if fields else Compared(Verdict.SAME)


def _parses(kind: type[Any], reply: bytes) -> bool:
    try:
        kind.FromString(reply)
    except DecodeError:
        return False
    return True


def _shown(ended: Ended) -> str:
    known = not ended.reason or ended.reason in Reason.__members__
    return f"{ended.status} {ended.reason if known else '(a reason of its own)'}".rstrip()


def differing_fields(kind: type[Any], before: bytes, now: bytes) -> tuple[str, ...]:
    """The names of fields of a ``kind`` that differ, such as ``record.total_income_yen``. Raises: DecodeError."""
    return tuple(_differing(kind.FromString(before), kind.FromString(now), ""))


def _differing(before: Any, now: Any, place: str) -> Iterator[str]:
    for field in before.DESCRIPTOR.fields:
        yield from _in_field(field, before, now, place)
    for number in sorted(_unknown(before).items() ^ _unknown(now).items()):
        yield f"{place}{number[0]} (which the contract does not have)"


def _in_field(field: FieldDescriptor, before: Any, now: Any, place: str) -> Iterator[str]:
    name = f"{place}{field.name}"
    old, new = getattr(before, field.name), getattr(now, field.name)
    if field.is_repeated:
        yield from _in_list(field, list(old), list(new), name)
    elif field.has_presence and before.HasField(field.name) != now.HasField(field.name):
        yield name
    elif field.message_type is not None:
        yield from _differing(old, new, f"{name}.")
    elif old != new:
        yield from _in_record(before, now, name) if field.name == _RECORD else (name,)


def _in_list(field: FieldDescriptor, old: list[Any], new: list[Any], name: str) -> Iterator[str]:
    if field.name in _UNORDERED:
        old, new = sorted(old), sorted(new)
    if field.message_type is None or len(old) != len(new):
        if old != new:
            yield name
        return
    for at, (one, other) in enumerate(zip(old, new, strict=True)):
        yield from _differing(one, other, f"{name}[{at}].")


def _in_record(before: Any, now: Any, name: str) -> Iterator[str]:
    """What of the record differs, where both are of one type that is known here; else the record."""
    types = {getattr(each, _RECORD_TYPE, "") for each in (before, now)}
    kind = _message_class(types.pop()) if len(types) == 1 else None
    try:
        if kind is None:
            yield name
        else:
            yield from _differing(kind.FromString(before.record), kind.FromString(now.record), f"{name}.")
    except DecodeError:
        yield name


def _message_class(name: str) -> type[Any] | None:
    try:
        return GetMessageClass(Default().FindMessageTypeByName(name))
    except KeyError:
        return None


def _unknown(message: Any) -> dict[int, str]:
    """What of the contract is not known here, by the fields' numbers."""
    found: dict[int, list[str]] = {}
    for field in UnknownFieldSet(message):  # type: ignore[attr-defined]  # its types leave out that it is a sequence
        found.setdefault(field.field_number, []).append(f"{field.wire_type} {field.data!r}")
    return {number: "\n".join(each) for number, each in found.items()}
