"""What was sent to a party under check and what came back, in the order in which it was.

Decides how a message is told: its fields by name, long bytes by their length and beginning. The people in it are made up.
"""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message

from warifu.printable import printable

__all__ = ["Evidence", "Step", "cut", "named", "told"]

_MOST_STEPS = 60
_LONGEST = 600
_SHOWN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Step:
    """One thing of a case. ``direction`` is "sent", "came back" or "noted"."""

    direction: str
    words: str


class Evidence:
    """Collects the steps of one case; of very many the first."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._left_out = 0

    def sent(self, words: str) -> None:
        """Something was sent."""
        self._add("sent", words)

    def came_back(self, words: str) -> None:
        """Something came back, be it a failure."""
        self._add("came back", words)

    def noted(self, words: str) -> None:
        """Something that was neither."""
        self._add("noted", words)

    def steps(self) -> tuple[Step, ...]:
        """All of them, and how many were left out."""
        more = (Step("noted", f"{self._left_out} steps more are not shown"),) if self._left_out else ()
        return (*self._steps, *more)

    def _add(self, direction: str, words: str) -> None:
        if len(self._steps) >= _MOST_STEPS:
            self._left_out += 1
            return
        self._steps.append(Step(direction, cut(words)))


def cut(words: str) -> str:
    """``words`` as they are shown anywhere: of very many the first, and nothing in them that would move a cursor."""
    shown = printable(words[:_LONGEST])
    return shown if len(words) <= _LONGEST else f"{shown}… ({len(words)} characters)"


def told(message: Message) -> str:
    """A message's name and its fields, on one line."""
    fields = ", ".join(f"{field.name}: {_value(value, field)}" for field, value in message.ListFields())
    return f"{message.DESCRIPTOR.name}({fields})"


def named(kind: EnumTypeWrapper, value: int) -> str:
    """The name of an enum's value; of one that the contract has not, which a party may send all the same, its number."""
    return _name(kind.DESCRIPTOR, value)


def _name(kind: EnumDescriptor, value: int) -> str:
    found = kind.values_by_number.get(value)
    return found.name if found is not None else f"{value}, which is none of the contract's"


def _value(value: object, field: FieldDescriptor) -> str:
    if field.enum_type is not None and isinstance(value, int):
        return _name(field.enum_type, value)
    if isinstance(value, bytes):
        shown = value[:_SHOWN_BYTES].hex()
        return shown if len(value) <= _SHOWN_BYTES else f"{shown}… ({len(value)} bytes)"
    if isinstance(value, Message):
        if value.DESCRIPTOR.full_name == "google.protobuf.Timestamp":
            return f"{getattr(value, 'seconds', 0)} s {getattr(value, 'nanos', 0)} ns"
        return told(value)
    return repr(value) if isinstance(value, str) else str(value)
