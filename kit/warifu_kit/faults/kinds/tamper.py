"""A message in which one bit was turned over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from warifu_kit.faults.draws import Draws
from warifu_kit.faults.fault import Fault
from warifu_kit.faults.plan import Plan

__all__ = ["Tamper"]


def _bytes_within(message: Message) -> Iterator[tuple[Message, FieldDescriptor, bytes]]:
    """Every single field of bytes in ``message``, at any depth, in the order of the contract."""
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_BYTES and isinstance(value, bytes):
            yield message, field, value
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            inner: Any = value
            for each in [inner] if isinstance(inner, Message) else list(inner):
                if isinstance(each, Message):
                    yield from _bytes_within(each)


def _turn_over(message: Message, draws: Draws) -> None:
    found = list(_bytes_within(message))
    if not found:
        return
    holder, field, value = max(found, key=lambda each: len(each[2]))  # the first of the longest
    changed = bytearray(value)
    position = draws.below(8 * len(changed), Tamper.name, "bit")
    changed[position // 8] ^= 1 << position % 8
    setattr(holder, field.name, bytes(changed))


@dataclass(frozen=True, slots=True)
class Tamper(Fault):
    """Whoever gets the message must find out by a signature or a seal, and use nothing of it."""

    name: ClassVar[str] = "tamper"
    written: ClassVar[str] = "tamper"
    told: ClassVar[str] = (
        "gets a reply with one bit turned over in the longest field of bytes that it has; one that the party makes, such a request"
    )
    on_reply: ClassVar[bool] = True
    changes_bytes: ClassVar[bool] = True

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, edit_sent=(*plan.edit_sent, _turn_over))
