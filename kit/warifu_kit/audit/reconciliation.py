"""Do the three sides of every exchange say the same? The hub's log against the records of inquirer and provider.

Decides what must agree (Act Art. 23: each side keeps a record) and what counts as a difference: a record without its
counterpart, a duplicate, a field that differs, an ending that does not fit the hub's. Pure. It learns nothing about
anybody: records say who asked whom for what, never about whom.

By what the hub logged last of an exchange:

    answered, pending, refused by a clerk    both sides say so, with the same digests and the same time of provision
    refused by the hub                       the inquirer says so, with the same reason; the provider never heard of it;
                                             what it permitted before it cannot refuse
    failed                                   the inquirer has no answer; the provider may have given one that was lost
    open (the hub ended in the middle)       as failed
    not logged                               it never passed the hub's door; known to the inquirer alone
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2 import ExchangeRecord
from warifu.errors import Reason
from warifu_kit.audit.logged_exchanges import Difference, Ending, HubLog, LoggedExchange, RefusalKey, read_log

__all__ = ["Difference", "Ending", "Reconciliation", "reconcile"]

_OPEN = node_pb2.EXCHANGE_OUTCOME_OPEN
_ANSWERED = node_pb2.EXCHANGE_OUTCOME_ANSWERED
_PENDING = node_pb2.EXCHANGE_OUTCOME_PENDING
_REFUSED = node_pb2.EXCHANGE_OUTCOME_REFUSED
_FAILED = node_pb2.EXCHANGE_OUTCOME_FAILED

_AGREED = {Ending.ANSWERED: _ANSWERED, Ending.PENDING: _PENDING, Ending.REFUSED_BY_CLERK: _REFUSED}
_NO_RECORD = {Reason.RECORD_NOT_HELD.value, Reason.RECORD_NOT_PUBLISHED.value}
_REASONS = {
    Ending.ANSWERED: {"", *_NO_RECORD},
    Ending.PENDING: {""},
    Ending.REFUSED_BY_CLERK: {Reason.RELEASE_REFUSED.value},
}
_AT_THE_DOOR = {
    Reason.CALLER_NOT_IDENTIFIED.value,
    Reason.CALLER_REVOKED.value,
    Reason.CALLER_NOT_IN_DATE.value,
    Reason.CALLER_NOT_ALLOWED.value,
    Reason.REQUEST_TOO_LARGE.value,
}
"""The hub refuses for these before it knows of an exchange, so its log may have nothing to say."""

_WITHOUT_A_LEAF = {Reason.LOG_UNAVAILABLE.value, Reason.OVERLOADED.value, Reason.INTERNAL.value}
"""A call may fail for these without a leaf of its own: the log could not be written, or nothing was begun."""

_COMMON_FIELDS = ("request_id", "inquirer", "provider", "procedure_code", "item_code", "inquiry_digest")

Records = dict[tuple[str, bytes], ExchangeRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What a comparison came to: how many exchanges ended how, and every difference."""

    counts: Mapping[Ending, int]
    differences: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        """All sides say the same of every exchange."""
        return not self.differences


def reconcile(leaves: Iterable[bytes], records: Mapping[str, Sequence[ExchangeRecord]]) -> Reconciliation:
    """Compare the log's ``leaves``, in order, with the records of each institution, by its code."""
    return _Comparison(read_log(leaves), records).result()


class _Comparison:
    """One comparison; lives for the length of :func:`reconcile`."""

    def __init__(self, log: HubLog, records: Mapping[str, Sequence[ExchangeRecord]]) -> None:
        self._log = log
        self._differences = list(log.differences)
        self._counts = Counter[Ending]()
        self._asked: Records = {}
        self._provided: Records = {}
        for institution, held in records.items():
            for record in held:
                self._file(institution, record)

    def result(self) -> Reconciliation:
        for number, exchange in self._log.exchanges.items():
            self._counts[exchange.ending] += 1
            self._compare_exchange(number, exchange)
        for key, leaf in self._log.refusals.items():
            self._counts[Ending.REFUSED_BY_HUB] += 1
            self._compare_refusal(key, leaf)
        for record in self._asked.values():
            self._counts[Ending.NOT_LOGGED] += 1
            self._compare_not_logged(record)
        for record in self._provided.values():
            self._note(_subject(record), "provider", "record", "one", "none: the hub permitted no such exchange")
        counts = {ending: self._counts[ending] for ending in Ending}
        return Reconciliation(counts=counts, differences=tuple(self._differences))

    def _file(self, institution: str, record: ExchangeRecord) -> None:
        """Put a record where its counterpart will look for it."""
        sides = {
            node_pb2.EXCHANGE_SIDE_INQUIRER: ("inquirer", self._asked),
            node_pb2.EXCHANGE_SIDE_PROVIDER: ("provider", self._provided),
        }
        if record.side not in sides:
            self._note(_subject(record), institution, "side", str(record.side), "inquirer or provider")
            return
        side, filed = sides[record.side]
        if getattr(record, side) != institution:
            self._note(_subject(record), side, side, getattr(record, side), institution)
        key = (record.inquirer, record.request_id)
        if key in filed:
            self._note(_subject(record), side, "record", "two", "one")
        else:
            filed[key] = record

    def _compare_exchange(self, number: str, exchange: LoggedExchange) -> None:
        leaf = exchange.last
        key = (leaf.inquirer, leaf.request_id)
        asked, provided = self._asked.pop(key, None), self._provided.pop(key, None)
        if asked is None:
            self._note(number, "inquirer", "record", "none", "one")
        else:
            self._compare_fields(number, "inquirer", asked, leaf)
            self._compare_inquirer(number, asked, exchange)
        if provided is None:
            if exchange.ending in _AGREED:
                self._note(number, "provider", "record", "none", "one")
            return
        self._compare_fields(number, "provider", provided, leaf)
        self._same(number, "provider", "processing_number", provided.processing_number, number)
        if exchange.ending in _AGREED:
            self._compare_agreed(number, "provider", provided, exchange)
            if asked is not None and asked.outcome == _ANSWERED:
                self._compare_provision(number, asked, provided)

    def _compare_fields(self, subject: str, side: str, record: ExchangeRecord, leaf: ExchangeLeaf) -> None:
        for name in _COMMON_FIELDS:
            self._same(subject, side, name, getattr(record, name), getattr(leaf, name))
        if leaf.non_disclosure or side == "inquirer":  # a provider may hide what the inquirer did not ask to hide
            self._same(subject, side, "non_disclosure", record.non_disclosure, leaf.non_disclosure)

    def _compare_inquirer(self, number: str, record: ExchangeRecord, exchange: LoggedExchange) -> None:
        if exchange.ending in _AGREED:
            self._same(number, "inquirer", "processing_number", record.processing_number, number)
            self._compare_agreed(number, "inquirer", record, exchange)
        else:
            self._compare_lost(number, record, exchange)

    def _compare_agreed(self, number: str, side: str, record: ExchangeRecord, exchange: LoggedExchange) -> None:
        """The exchange came to an end that all three sides know of."""
        expected = _AGREED[exchange.ending]
        if record.outcome != expected:
            self._note(number, side, "outcome", _outcome(record.outcome), _outcome(expected))
            return
        self._same(number, side, "answer_digest", record.answer_digest, exchange.last.answer_digest)
        self._one_of(number, side, "reason", record.reason, _REASONS[exchange.ending])
        if record.HasField("provided_time") != (record.outcome == _ANSWERED):
            expected_time = "a time" if record.outcome == _ANSWERED else "none"
            self._note(number, side, "provided_time", str(record.HasField("provided_time")), expected_time)

    def _compare_provision(self, number: str, asked: ExchangeRecord, provided: ExchangeRecord) -> None:
        """What the log does not say, so that the two sides are compared with each other."""
        found, expected = asked.provided_time.ToMilliseconds(), provided.provided_time.ToMilliseconds()
        self._same(number, "inquirer", "provided_time", found, expected)
        if provided.reason:
            self._same(number, "inquirer", "reason", asked.reason, provided.reason)

    def _compare_lost(self, number: str, record: ExchangeRecord, exchange: LoggedExchange) -> None:
        """The exchange failed, or the hub does not know how it ended: the inquirer has no answer."""
        known = {_OPEN: {""}, _FAILED: exchange.failures | _WITHOUT_A_LEAF, _REFUSED: exchange.failures}
        if exchange.was_pending:
            known[_PENDING] = _REASONS[Ending.PENDING]
        if record.outcome not in known:
            self._note(number, "inquirer", "outcome", _outcome(record.outcome), f"none: {exchange.ending} at the hub")
            return
        self._one_of(number, "inquirer", "reason", record.reason, known[record.outcome])
        self._compare_unanswered(number, record, exchange)

    def _compare_unanswered(self, number: str, record: ExchangeRecord, exchange: LoggedExchange) -> None:
        """What an inquirer without an answer may have kept from an earlier attempt."""
        self._one_of(number, "inquirer", "processing_number", record.processing_number, {"", number})
        self._one_of(number, "inquirer", "answer_digest", record.answer_digest, {b"", *exchange.answer_digests})
        if record.HasField("provided_time"):
            self._note(number, "inquirer", "provided_time", "a time", "none")

    def _compare_refusal(self, key: RefusalKey, leaf: ExchangeLeaf) -> None:
        """The hub refused: the inquirer alone has a record, with the same reason."""
        subject = key.request_id.hex() or key.inquiry_digest.hex()
        record = self._asked.get((key.inquirer, key.request_id))
        if record is None or record.inquiry_digest != key.inquiry_digest:
            self._note(subject, "inquirer", "record", "none of this inquiry", "one")
            return
        del self._asked[key.inquirer, key.request_id]
        self._compare_fields(subject, "inquirer", record, leaf)
        self._same(subject, "inquirer", "outcome", _outcome(record.outcome), _outcome(_REFUSED))
        self._same(subject, "inquirer", "reason", record.reason, leaf.reason)
        self._compare_without_answer(subject, record)

    def _compare_not_logged(self, record: ExchangeRecord) -> None:
        """The inquirer's record has no leaf: only an inquiry that never passed the hub's door may be so."""
        subject = _subject(record)
        reasons = {_OPEN: {""}, _FAILED: _WITHOUT_A_LEAF, _REFUSED: _AT_THE_DOOR}
        if record.reason not in reasons.get(record.outcome, set()):
            found = f"none for {_outcome(record.outcome)} {record.reason}".rstrip()
            self._note(subject, "hub", "leaf", found, "one")
        self._compare_without_answer(subject, record)

    def _compare_without_answer(self, subject: str, record: ExchangeRecord) -> None:
        self._same(subject, "inquirer", "processing_number", record.processing_number, "")
        self._same(subject, "inquirer", "answer_digest", record.answer_digest, b"")
        if record.HasField("provided_time"):
            self._note(subject, "inquirer", "provided_time", "a time", "none")

    def _same(self, subject: str, side: str, what: str, found: object, expected: object) -> None:
        if found != expected:
            self._note(subject, side, what, _shown(found), _shown(expected))

    def _one_of(self, subject: str, side: str, what: str, found: object, expected: Iterable[object]) -> None:
        if found not in expected:
            self._note(subject, side, what, _shown(found), " or ".join(sorted(_shown(value) for value in expected)))

    def _note(self, subject: str, side: str, what: str, found: str, expected: str) -> None:
        self._differences.append(Difference(subject=subject, side=side, what=what, found=found, expected=expected))


def _subject(record: ExchangeRecord) -> str:
    return record.processing_number or record.request_id.hex()


def _outcome(outcome: node_pb2.ExchangeOutcome) -> str:
    try:
        return node_pb2.ExchangeOutcome.Name(outcome).removeprefix("EXCHANGE_OUTCOME_")
    except ValueError:
        return str(outcome)


def _shown(value: object) -> str:
    shown = value.hex() if isinstance(value, bytes) else str(value)
    return shown or "none"
