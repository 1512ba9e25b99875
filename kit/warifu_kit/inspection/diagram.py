"""An exchange as a numbered sequence of messages, from what each side kept of it.

Decides which messages there were by what is recorded, what each record says of which message, and where one is missing that must
be there. What must be there and what must agree is decided where the whole log is (``warifu_kit.audit.reconciliation``), of one
exchange here. Pure: it knows neither files nor databases, and nothing about anybody.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu_kit.audit.reconciliation import Difference, reconcile
from warifu_kit.inspection.kept import KeptByNode, KeptExchange, LoggedLeaf
from warifu_kit.inspection.readable import Part, Sent

__all__ = ["Diagram", "Entry", "Found", "Message", "draw"]

_OPEN = node_pb2.EXCHANGE_OUTCOME_OPEN
_REFUSED, _FAILED = log_pb2.LEAF_EVENT_REFUSED, log_pb2.LEAF_EVENT_FAILED


class Found(enum.StrEnum):
    """What there is of a side's record. NONE: it has none, and need not; NOT_HERE: its database is not in the folder."""

    RECORDED = "recorded"
    NONE = "none"
    MISSING = "missing"
    NOT_HERE = "not_here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one side recorded of one message. Times: ``minute`` is of a whole minute, ``written`` to the millisecond.

    ``event`` is an event of the log or the outcome in a record; ``position`` is the leaf's in the log, -1 for a node's record.
    """

    part: Part
    step: str
    found: Found
    event: str = ""
    reason: str = ""
    digest: bytes = b""
    minute: datetime | None = None
    written: datetime | None = None
    position: int = -1
    kept_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; ``steps`` as in ``docs/tour.md``. ``rpc`` is the call that carried it, there or back."""

    steps: str
    sent: Sent
    sender: Part
    receiver: Part
    rpc: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """One exchange. ``provider`` is empty where nobody could read whom it was for; ``differences`` are between the sides."""

    request_id: bytes
    processing_number: str
    inquirer: str
    provider: str
    procedure_code: str
    item_code: str
    permission_row: str
    ending: str
    messages: tuple[Message, ...]
    differences: tuple[Difference, ...]
    not_here: tuple[Part, ...]

    @property
    def agrees(self) -> bool:
        """Every side that is here has what it must have, and says the same."""
        return not self.differences


def draw(kept: KeptExchange) -> Diagram:
    """The exchange in messages."""
    return _Drawing(kept).diagram()


class _Drawing:
    """One drawing; lives for the length of :func:`draw`."""

    def __init__(self, kept: KeptExchange) -> None:
        self._kept = kept
        self._asked = kept.at(node_pb2.EXCHANGE_SIDE_INQUIRER)
        self._provided = kept.at(node_pb2.EXCHANGE_SIDE_PROVIDER)
        records = [each.record for each in (self._asked, self._provided) if each is not None]
        self._about: list[ExchangeLeaf | node_pb2.ExchangeRecord] = [*records, *(each.leaf for each in kept.leaves)]
        self._provider = self._said("provider")
        self._away = tuple(self._not_here())
        self._differences = tuple(self._compared())
        self._missing = {each.side for each in self._differences if each.found.startswith("none")}
        self._permitted = next((each for each in kept.leaves if each.leaf.event == log_pb2.LEAF_EVENT_PERMITTED), None)
        self._ends = [each for each in kept.leaves if each is not self._permitted]

    def diagram(self) -> Diagram:
        return Diagram(
            request_id=self._kept.request_id,
            processing_number=self._said("processing_number")
            or (self._kept.row.processing_number if self._kept.row else ""),
            inquirer=self._kept.inquirer,
            provider=self._provider,
            procedure_code=self._said("procedure_code"),
            item_code=self._said("item_code"),
            permission_row=self._kept.row.permission_row if self._kept.row else self._said_by_hub("permission_row"),
            ending=self._ending(),
            messages=tuple(self._messages()),
            differences=self._differences,
            not_here=self._away,
        )

    def _said(self, name: str) -> str:
        """What the first that says anything says."""
        return next((str(value) for each in self._about if (value := getattr(each, name))), "")

    def _said_by_hub(self, name: str) -> str:
        return next((str(value) for each in self._kept.leaves if (value := getattr(each.leaf, name))), "")

    def _not_here(self) -> Iterator[Part]:
        if self._kept.inquirer in self._kept.not_here:
            yield Part.INQUIRER
        if not self._kept.hub_is_here:
            yield Part.HUB
        if self._provider in self._kept.not_here:
            yield Part.PROVIDER

    def _compared(self) -> Iterator[Difference]:
        """Where the sides that are here differ. Without the hub's log there is nothing to hold records against."""
        if not self._kept.hub_is_here:
            return
        leaves = (each.leaf.SerializeToString(deterministic=True) for each in self._kept.leaves)
        records = {institution: [e.record for e in kept] for institution, kept in self._kept.records.items()}
        for each in reconcile(leaves, records).differences:
            if each.side not in self._away:
                yield each
        permitted = any(each.leaf.processing_number for each in self._kept.leaves)
        if permitted and self._kept.row is None:
            number = self._said_by_hub("processing_number")
            yield Difference(subject=number, side=Part.HUB, what="row of the exchange", found="none", expected="one")

    def _ending(self) -> str:
        """By the hub, and without it by the inquirer."""
        if self._kept.leaves:
            last = self._kept.leaves[-1].leaf
            return _event(last) + (f" {last.reason}" if last.reason else "")
        return _outcome(self._asked) if self._asked else "NOT_LOGGED"

    def _messages(self) -> Iterator[Message]:
        yield self._message("1", Sent.QUESTION, Part.BUSINESS, Part.INQUIRER, "NodeService.Inquire", [self._began("1")])
        yield self._message("2.3", Sent.INQUIRY, Part.INQUIRER, Part.HUB, "HubService.Exchange", self._inquiry())
        if self._permitted or self._provided:
            entries = [self._permit(), self._received()]
            yield self._message("3.8", Sent.PERMIT, Part.HUB, Part.PROVIDER, "AgencyService.Provide", entries)
        yield from self._answers()
        yield from self._told_inquirer()
        if self._asked is not None and self._asked.record.outcome != _OPEN:
            entries = [self._ended("5.2")]
            yield self._message("5.2", Sent.RESULT, Part.INQUIRER, Part.BUSINESS, "NodeService.Inquire", entries)

    def _answers(self) -> Iterator[Message]:
        """What came back from the provider, each time it was asked. Its record says the last of it only."""
        ends: list[LoggedLeaf | None] = [each for each in self._ends if each.leaf.processing_number]
        if not ends and self._provided is not None and self._provided.record.outcome != _OPEN:
            ends = [None]
        for number, each in enumerate(ends, 1):
            entries = [*([self._answered()] if number == len(ends) else []), self._at_hub("3.9", each)]
            failed = each is not None and each.leaf.event == _FAILED
            steps, sent = ("3.9", Sent.FAILURE) if failed else ("4.11", Sent.ANSWER)
            yield self._message(steps, sent, Part.PROVIDER, Part.HUB, "AgencyService.Provide", entries)

    def _told_inquirer(self) -> Iterator[Message]:
        """What the hub told last."""
        last = self._ends[-1] if self._ends else None
        if last is None and (self._asked is None or self._asked.record.outcome == _OPEN):
            return
        sent = self._sent_back(last)
        steps = "3.0-3.5" if sent is Sent.REFUSAL else "3.10"
        hub = self._at_hub(steps, last) if last is None or sent is Sent.REFUSAL else self._row(steps)
        yield self._message(steps, sent, Part.HUB, Part.INQUIRER, "HubService.Exchange", [hub, self._ended("5.1")])

    def _sent_back(self, last: LoggedLeaf | None) -> Sent:
        """By the hub's log, and where that has nothing by what the inquirer has: an answer's digest, or none."""
        if last is None:
            return Sent.RELAYED if self._asked is not None and self._asked.record.answer_digest else Sent.FAILURE
        if last.leaf.event == _REFUSED and not last.leaf.processing_number:
            return Sent.REFUSAL
        return Sent.FAILURE if last.leaf.event == _FAILED else Sent.RELAYED

    def _message(
        self, steps: str, sent: Sent, sender: Part, receiver: Part, rpc: str, entries: Iterable[Entry]
    ) -> Message:
        return Message(steps=steps, sent=sent, sender=sender, receiver=receiver, rpc=rpc, entries=tuple(entries))

    def _nothing(self, part: Part, step: str) -> Entry:
        found = Found.MISSING if part in self._missing else Found.NONE
        return Entry(part=part, step=step, found=Found.NOT_HERE if part in self._away else found)

    def _began(self, step: str) -> Entry:
        if self._asked is None:
            return self._nothing(Part.INQUIRER, step)
        record = self._asked.record
        return Entry(
            part=Part.INQUIRER,
            step=step,
            found=Found.RECORDED,
            digest=record.inquiry_digest,
            minute=_minute(record.requested_time.seconds),
        )

    def _inquiry(self) -> Iterator[Entry]:
        yield self._began("2.2")
        yield self._at_hub("3.6" if self._permitted else "3.0-3.5", (self._kept.leaves or (None,))[0], inquiry=True)

    def _at_hub(self, step: str, logged: LoggedLeaf | None, *, inquiry: bool = False) -> Entry:
        if logged is None:
            return self._nothing(Part.HUB, step)
        leaf = logged.leaf
        return Entry(
            part=Part.HUB,
            step=step,
            found=Found.RECORDED,
            event=_event(leaf),
            reason=leaf.reason,
            digest=leaf.inquiry_digest if inquiry else leaf.answer_digest,
            minute=_minute(leaf.event_time.seconds),
            position=logged.position,
        )

    def _permit(self) -> Entry:
        return self._at_hub("3.8", self._permitted, inquiry=True)

    def _row(self, step: str) -> Entry:
        row = self._kept.row
        if row is None:
            return self._nothing(Part.HUB, step)
        return Entry(
            part=Part.HUB, step=step, found=Found.RECORDED, event=row.state.upper(), kept_bytes=row.answer_bytes
        )

    def _received(self) -> Entry:
        if self._provided is None:
            return self._nothing(Part.PROVIDER, "4.11")
        record = self._provided.record
        return Entry(
            part=Part.PROVIDER,
            step="4.11",
            found=Found.RECORDED,
            digest=record.inquiry_digest,
            minute=_minute(record.requested_time.seconds),
        )

    def _answered(self) -> Entry:
        return self._end_of(Part.PROVIDER, "4.11", self._provided)

    def _ended(self, step: str) -> Entry:
        return self._end_of(Part.INQUIRER, step, self._asked)

    def _end_of(self, part: Part, step: str, kept: KeptByNode | None) -> Entry:
        if kept is None:
            return self._nothing(part, step)
        record = kept.record
        provided = _minute(record.provided_time.seconds) if record.HasField("provided_time") else None
        return Entry(
            part=part,
            step=step,
            found=Found.RECORDED,
            event=_outcome(kept),
            reason=record.reason,
            digest=record.answer_digest,
            minute=provided,
            written=_written(part, kept),
            kept_bytes=kept.kept_bytes,
        )


def _written(part: Part, kept: KeptByNode) -> datetime | None:
    """A provider notes the minute and no more, and has said it already."""
    if part is Part.PROVIDER or kept.changed_ms is None:
        return None
    return datetime.fromtimestamp(kept.changed_ms / 1000, UTC)


def _minute(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _event(leaf: ExchangeLeaf) -> str:
    return log_pb2.LeafEvent.Name(leaf.event).removeprefix("LEAF_EVENT_")


def _outcome(kept: KeptByNode) -> str:
    return node_pb2.ExchangeOutcome.Name(kept.record.outcome).removeprefix("EXCHANGE_OUTCOME_")
