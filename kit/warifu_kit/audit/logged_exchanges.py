"""The exchange log read as exchanges: what the hub says of each, in the end and on the way there.

Decides which events may follow one another and what each leaf must hold, and gathers the leaves of one exchange. Pure:
leaves in, values out; a leaf that does not fit is a finding, never an exception. Whether the log itself was changed is
for ``warifu.tlog`` to say.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from google.protobuf.message import DecodeError

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.canonical import DIGEST_SIZE
from warifu.errors import Reason

__all__ = ["Difference", "Ending", "HubLog", "LoggedExchange", "RefusalKey", "read_log", "refusal_key"]


class Ending(enum.StrEnum):
    """How an exchange stands, by what the hub logged last of it; ``NOT_LOGGED`` ones are known to the inquirer only."""

    ANSWERED = "answered"
    PENDING = "pending"
    REFUSED_BY_CLERK = "refused_by_clerk"
    REFUSED_BY_HUB = "refused_by_hub"
    FAILED = "failed"
    OPEN = "open"
    NOT_LOGGED = "not_logged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something on one side that the others do not bear out.

    ``subject`` is the processing number, or the request_id in hexadecimal where there is none; ``side`` is "hub",
    "inquirer" or "provider"; ``what`` is the field, or the whole "record" or "leaf".
    """

    subject: str
    side: str
    what: str
    found: str
    expected: str


class RefusalKey(NamedTuple):
    """What ties the hub's refusal of one inquiry to the inquirer's record of it. The last two are bytes as sent."""

    inquirer: str
    request_id: bytes
    inquiry_digest: bytes


@dataclass(slots=True, kw_only=True)
class LoggedExchange:
    """A permitted exchange. ``last`` is its newest leaf; ``events`` are its leaves, oldest first."""

    events: list[ExchangeLeaf]

    @property
    def last(self) -> ExchangeLeaf:
        """The newest leaf."""
        return self.events[-1]

    @property
    def ending(self) -> Ending:
        """How the exchange stands."""
        return _ENDINGS.get(self.last.event, Ending.OPEN)

    @property
    def failures(self) -> set[str]:
        """Every reason for which it failed at some time."""
        return {leaf.reason for leaf in self.events if leaf.event == log_pb2.LEAF_EVENT_FAILED}

    @property
    def answer_digests(self) -> set[bytes]:
        """The digest of every answer the hub ever had for it."""
        return {leaf.answer_digest for leaf in self.events if leaf.answer_digest}

    @property
    def was_pending(self) -> bool:
        """Whether it ever waited for a clerk."""
        return any(leaf.event == log_pb2.LEAF_EVENT_PENDING for leaf in self.events)


@dataclass(slots=True)
class HubLog:
    """The whole log: permitted exchanges by processing number, refusals, versions of the directory, and what contradicts itself."""

    exchanges: dict[str, LoggedExchange] = field(default_factory=dict)
    refusals: dict[RefusalKey, ExchangeLeaf] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    directory_digests: dict[int, bytes] = field(default_factory=dict)
    """The digest, 32 bytes, of every version of the directory that was published, as it was first; by version."""


_ENDINGS = {
    log_pb2.LEAF_EVENT_ANSWERED: Ending.ANSWERED,
    log_pb2.LEAF_EVENT_PENDING: Ending.PENDING,
    log_pb2.LEAF_EVENT_REFUSED: Ending.REFUSED_BY_CLERK,
    log_pb2.LEAF_EVENT_FAILED: Ending.FAILED,
}
_ENDING_EVENTS = frozenset(_ENDINGS)
_MAY_FOLLOW: dict[int, frozenset[int]] = {
    log_pb2.LEAF_EVENT_PERMITTED: _ENDING_EVENTS,
    log_pb2.LEAF_EVENT_FAILED: _ENDING_EVENTS,
    log_pb2.LEAF_EVENT_PENDING: _ENDING_EVENTS - {log_pb2.LEAF_EVENT_PENDING},
    log_pb2.LEAF_EVENT_ANSWERED: frozenset(),
    log_pb2.LEAF_EVENT_REFUSED: frozenset(),
}
_HAVE_AN_ANSWER = _ENDING_EVENTS - {log_pb2.LEAF_EVENT_FAILED}
_OF_EXCHANGES = {log_pb2.LEAF_EVENT_UNSPECIFIED, *_MAY_FOLLOW}
_NO_EXCHANGE = {event for event in log_pb2.LeafEvent.values() if event not in _OF_EXCHANGES}
_SAME_ON_EVERY_LEAF = (
    "request_id",
    "inquirer",
    "provider",
    "procedure_code",
    "item_code",
    "permission_row",
    "inquiry_digest",
    "non_disclosure",
)


def refusal_key(message: ExchangeLeaf) -> RefusalKey:
    """The key of a leaf by which a refusal finds the inquiry it refused."""
    return RefusalKey(message.inquirer, message.request_id, message.inquiry_digest)


def read_log(leaves: Iterable[bytes]) -> HubLog:
    """Gather the leaves of each exchange, in the order of the log."""
    log = HubLog()
    by_inquiry: dict[RefusalKey, LoggedExchange] = {}
    for position, raw in enumerate(leaves):
        try:
            leaf = ExchangeLeaf.FromString(raw)
        except DecodeError:
            log.differences.append(_fault(f"leaf {position}", "leaf", "unreadable", "an ExchangeLeaf"))
            continue
        if leaf.processing_number:
            exchange = _add_event(log, leaf)
            by_inquiry[refusal_key(leaf)] = exchange
        elif leaf.event == log_pb2.LEAF_EVENT_REFUSED:
            _add_refusal(log, leaf, by_inquiry.get(refusal_key(leaf)))
        elif leaf.event == log_pb2.LEAF_EVENT_DIRECTORY_PUBLISHED:
            _add_version(log, leaf)
        elif leaf.event not in _NO_EXCHANGE:
            log.differences.append(_fault(f"leaf {position}", "event", _event(leaf), "one without processing number"))
    return log


def _add_version(log: HubLog, leaf: ExchangeLeaf) -> None:
    """Versions of the directory stand in the log once each, in their order; each that does not is one difference."""
    version, newest = leaf.directory_version, max(log.directory_digests, default=0)
    if version != newest + 1:
        log.differences.append(_fault("directory", "directory_version", str(version), f"version {newest + 1}"))
    if len(leaf.directory_digest) != DIGEST_SIZE:
        log.differences.append(_fault("directory", "directory_digest", _shown(leaf.directory_digest), "a digest"))
    log.directory_digests.setdefault(version, leaf.directory_digest)


def _add_event(log: HubLog, leaf: ExchangeLeaf) -> LoggedExchange:
    log.differences += _misfits(leaf)
    known = log.exchanges.get(leaf.processing_number)
    if known is None:
        if leaf.event != log_pb2.LEAF_EVENT_PERMITTED:
            log.differences.append(_fault(leaf.processing_number, "event", _event(leaf), "PERMITTED first"))
        log.exchanges[leaf.processing_number] = LoggedExchange(events=[leaf])
        log.refusals.pop(refusal_key(leaf), None)  # it was sent again and permitted
        return log.exchanges[leaf.processing_number]
    if leaf.event not in _MAY_FOLLOW.get(known.last.event, frozenset()):
        log.differences.append(
            _fault(leaf.processing_number, "event", _event(leaf), f"none after {_event(known.last)}")
        )
    log.differences += [
        _fault(leaf.processing_number, name, _shown(getattr(leaf, name)), _shown(getattr(known.last, name)))
        for name in _SAME_ON_EVERY_LEAF
        if getattr(leaf, name) != getattr(known.last, name)
    ]
    known.events.append(leaf)
    return known


def _add_refusal(log: HubLog, leaf: ExchangeLeaf, sent_before: LoggedExchange | None) -> None:
    if leaf.reason not in Reason.__members__:
        log.differences.append(_fault(leaf.request_id.hex(), "reason", leaf.reason, "a reason"))
    if sent_before is None:
        log.refusals[refusal_key(leaf)] = leaf
    else:
        number = sent_before.last.processing_number
        log.differences.append(_fault(number, "event", f"refused: {leaf.reason}", "none: it was permitted before"))


def _misfits(leaf: ExchangeLeaf) -> list[Difference]:
    """What a leaf of a permitted exchange holds and should not, or the other way round."""
    number, found = leaf.processing_number, []
    if bool(leaf.answer_digest) != (leaf.event in _HAVE_AN_ANSWER):
        expected = "a digest" if leaf.event in _HAVE_AN_ANSWER else "none"
        found.append(_fault(number, "answer_digest", _shown(leaf.answer_digest), expected))
    if leaf.event == log_pb2.LEAF_EVENT_FAILED:
        fits, expected = leaf.reason in Reason.__members__, "a reason"
    else:
        refused = leaf.event == log_pb2.LEAF_EVENT_REFUSED
        expected = Reason.RELEASE_REFUSED.value if refused else ""
        fits = leaf.reason == expected
    if not fits:
        found.append(_fault(number, "reason", leaf.reason, expected or "none"))
    return found


def _fault(subject: str, what: str, found: str, expected: str) -> Difference:
    return Difference(subject=subject, side="hub", what=what, found=found, expected=expected)


def _event(leaf: ExchangeLeaf) -> str:
    try:
        return log_pb2.LeafEvent.Name(leaf.event).removeprefix("LEAF_EVENT_")
    except ValueError:
        return str(leaf.event)


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
