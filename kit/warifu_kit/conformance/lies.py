"""What a dishonest hub does to what it brings an inquirer: one small change each, of which none is true.

Decides nothing about who finds it out. Pure, but for the randomness of what is made up.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.type.v1 import inquiry_pb2

__all__ = ["LIES", "Lie"]


@dataclass(frozen=True, slots=True)
class Lie:
    """``name`` is the end of its cases'; ``words`` follow "a hub that". ``spoil`` changes an honest response."""

    name: str
    words: str
    spoil: Callable[[ExchangeResponse], None]


def _number(response: ExchangeResponse) -> None:
    response.processing_number = f"{secrets.randbelow(10**20):020d}"


def _no_number(response: ExchangeResponse) -> None:
    response.processing_number = ""


def _short_number(response: ExchangeResponse) -> None:
    response.processing_number = response.processing_number[:-1]


def _no_answer(response: ExchangeResponse) -> None:
    response.ClearField("answer")


def _flipped(response: ExchangeResponse) -> None:
    box = response.answer.sealed_answer
    response.answer.sealed_answer = box[:-1] + bytes([box[-1] ^ 1])


def _no_box(response: ExchangeResponse) -> None:
    response.answer.sealed_answer = b""


def _refused(response: ExchangeResponse) -> None:
    response.answer.outcome, response.answer.sealed_answer = inquiry_pb2.PROVISION_OUTCOME_REFUSED, b""


def _pending(response: ExchangeResponse) -> None:
    response.answer.outcome, response.answer.sealed_answer = inquiry_pb2.PROVISION_OUTCOME_PENDING, b""


def _pending_with_box(response: ExchangeResponse) -> None:
    response.answer.outcome = inquiry_pb2.PROVISION_OUTCOME_PENDING


def _no_outcome(response: ExchangeResponse) -> None:
    response.answer.outcome = inquiry_pb2.PROVISION_OUTCOME_UNSPECIFIED


def _later(response: ExchangeResponse) -> None:
    response.answer.provision_time.seconds += 60


def _tag(response: ExchangeResponse) -> None:
    response.answer.citizen_tag = secrets.token_bytes(16)


def _no_signature(response: ExchangeResponse) -> None:
    response.answer.provider_signature = b""


def _zero_signature(response: ExchangeResponse) -> None:
    response.answer.provider_signature = bytes(64)


LIES = (
    Lie("other-number", "says another processing number", _number),
    Lie("no-number", "says no processing number", _no_number),
    Lie("short-number", "says a processing number of 19 digits", _short_number),
    Lie("no-answer", "leaves the answer out", _no_answer),
    Lie("flipped-box", "changes a bit of the sealed answer", _flipped),
    Lie("no-box", "leaves the sealed answer out", _no_box),
    Lie("made-refused", "makes a refusal of an answer", _refused),
    Lie("made-pending", "makes a pending one of an answer", _pending),
    Lie("pending-with-box", "calls an answer pending", _pending_with_box),
    Lie("no-outcome", "says no outcome", _no_outcome),
    Lie("later", "changes the time of the answer", _later),
    Lie("other-tag", "changes the tag of the answer", _tag),
    Lie("no-signature", "leaves the provider's signature out", _no_signature),
    Lie("zero-signature", "gives a signature of zeros", _zero_signature),
)
"""Every one, in the order in which they are told."""
