"""A message with a field that no contract has yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from google.protobuf.message import Message

from warifu_kit.faults.draws import Draws
from warifu_kit.faults.fault import EXCHANGES, Fault, Knob
from warifu_kit.faults.plan import Plan

__all__ = ["UnknownField"]

_NUMBER = 100_001
_VARINT, _MORE = 0, 0x80


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= _MORE:
        encoded.append(value % _MORE | _MORE)
        value //= _MORE
    return bytes([*encoded, value])


def _add(message: Message, draws: Draws) -> None:
    value = draws.below(1 << 20, UnknownField.name, "value")
    message.MergeFromString(_varint(_NUMBER << 3 | _VARINT) + _varint(value))


@dataclass(frozen=True, slots=True)
class UnknownField(Fault):
    """What a newer party would send: it must be passed over."""

    name: ClassVar[str] = "unknown_field"
    written: ClassVar[str] = "unknown_field"
    told: ClassVar[str] = (
        "gets a reply with field 100001, a number, which no contract has; one that the party makes, such a request"
    )
    on_reply: ClassVar[bool] = True
    knob: ClassVar[Knob | None] = Knob(rate=0.10, rpcs=EXCHANGES, attempts=1_000)

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, edit_sent=(*plan.edit_sent, _add))
