"""The three sides' records are compared: an honest history has no difference, every altered one at least one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2 import ExchangeRecord
from warifu_kit.audit.reconciliation import Ending, Reconciliation, reconcile

ASKING, ASKED, THIRD = "9030110020000001", "9010110020000001", "9020110020000001"
PERMITTED, ANSWERED = log_pb2.LEAF_EVENT_PERMITTED, log_pb2.LEAF_EVENT_ANSWERED
REFUSED, FAILED, PENDING = log_pb2.LEAF_EVENT_REFUSED, log_pb2.LEAF_EVENT_FAILED, log_pb2.LEAF_EVENT_PENDING
OUTCOMES = {
    "answered": node_pb2.EXCHANGE_OUTCOME_ANSWERED,
    "pending": node_pb2.EXCHANGE_OUTCOME_PENDING,
    "refused": node_pb2.EXCHANGE_OUTCOME_REFUSED,
    "failed": node_pb2.EXCHANGE_OUTCOME_FAILED,
    "open": node_pb2.EXCHANGE_OUTCOME_OPEN,
}


@dataclass
class History:
    """Everything the three sides kept. Leaves and records stay messages until they are compared, so tests alter them."""

    leaves: list[ExchangeLeaf] = field(default_factory=list)
    asked: list[ExchangeRecord] = field(default_factory=list)
    provided: list[ExchangeRecord] = field(default_factory=list)
    unreadable: list[bytes] = field(default_factory=list)

    def compare(self) -> Reconciliation:
        leaves = [leaf.SerializeToString() for leaf in self.leaves]
        return reconcile([*leaves, *self.unreadable], {ASKING: self.asked, ASKED: self.provided})


def _common(number: int) -> dict[str, Any]:
    return {
        "request_id": number.to_bytes(16, "big"),
        "inquirer": ASKING,
        "provider": ASKED,
        "procedure_code": "JT00000000000001",
        "item_code": "TM00000000000001",
        "inquiry_digest": bytes([1]) + number.to_bytes(31, "big"),
    }


def _processing_number(number: int) -> str:
    return f"{20260401 * 10**12 + number:020d}"


def _answer_digest(number: int) -> bytes:
    return bytes([2]) + number.to_bytes(31, "big")


def _leaf(number: int, event: log_pb2.LeafEvent, reason: str = "") -> ExchangeLeaf:
    leaf = ExchangeLeaf(
        event=event, **_common(number), processing_number=_processing_number(number), permission_row="R01"
    )
    leaf.reason = reason
    if event in (ANSWERED, PENDING, REFUSED):
        leaf.answer_digest = _answer_digest(number)
    return leaf


def _hub_refusal(number: int, reason: str = "EXCHANGE_NOT_PERMITTED") -> ExchangeLeaf:
    return ExchangeLeaf(event=REFUSED, reason=reason, **_common(number))


def _record(number: int, side: node_pb2.ExchangeSide, outcome: str, reason: str = "") -> ExchangeRecord:
    record = ExchangeRecord(side=side, outcome=OUTCOMES[outcome], reason=reason, **_common(number))
    if side == node_pb2.EXCHANGE_SIDE_PROVIDER:
        record.processing_number = _processing_number(number)
    return record


def _asked(number: int, outcome: str, reason: str = "") -> ExchangeRecord:
    return _record(number, node_pb2.EXCHANGE_SIDE_INQUIRER, outcome, reason)


def _provided(number: int, outcome: str, reason: str = "") -> ExchangeRecord:
    return _record(number, node_pb2.EXCHANGE_SIDE_PROVIDER, outcome, reason)


def _ended(
    number: int, event: log_pb2.LeafEvent, outcome: str, reason: str = "", before: tuple[log_pb2.LeafEvent, ...] = ()
) -> History:
    """An exchange that all three sides saw end in the same way."""
    leaves = [_leaf(number, PERMITTED)]
    leaves += [_leaf(number, FAILED, "PROVIDER_TIMED_OUT") if e == FAILED else _leaf(number, e) for e in before]
    leaves.append(_leaf(number, event, reason))
    records = [_asked(number, outcome, reason), _provided(number, outcome, reason)]
    for record in records:
        record.processing_number = _processing_number(number)
        record.answer_digest = _answer_digest(number)
        if event == ANSWERED:
            record.provided_time.FromSeconds(1_800_000_000 + number)
    return History(leaves, records[:1], records[1:])


def _all_saw(*how: Any, **more: Any) -> Callable[[int], History]:
    return lambda number: _ended(number, *how, **more)


def _failed(reason: str, seen: str = "failed", *, provided: bool = False) -> Callable[[int], History]:
    def make(number: int) -> History:
        leaves = [_leaf(number, PERMITTED), _leaf(number, FAILED, reason)]
        asked = _asked(number, seen, "" if seen == "open" else reason)
        return History(leaves, [asked], _ended(number, ANSWERED, "answered").provided if provided else [])

    return make


def _without_record(number: int) -> History:
    history = _ended(number, ANSWERED, "answered")
    history.asked[0].reason = "RECORD_NOT_HELD"
    return history


def _to_be_hidden(number: int) -> History:
    history = _ended(number, ANSWERED, "answered")
    kept: list[Any] = [*history.leaves, *history.asked, *history.provided]
    for each in kept:
        each.non_disclosure = True
    return history


def _answered_after_a_refusal(number: int) -> History:
    history = _ended(number, ANSWERED, "answered")
    history.leaves.insert(0, _hub_refusal(number, "DEADLINE_TOO_SHORT"))
    return history


def _refuse_again(history: History) -> None:
    """The hub refuses what it permitted, and the inquirer believes it."""
    history.leaves.append(_hub_refusal(1, "ASSESSMENT_NOT_IN_FORCE"))
    history.asked = [_asked(1, "refused", "ASSESSMENT_NOT_IN_FORCE")]


HONEST: dict[str, tuple[Callable[[int], History], Ending]] = {
    "answered": (_all_saw(ANSWERED, "answered"), Ending.ANSWERED),
    "answered that there is no record": (_without_record, Ending.ANSWERED),
    "answered, to be hidden": (_to_be_hidden, Ending.ANSWERED),
    "answered at the second attempt": (_all_saw(ANSWERED, "answered", before=(FAILED, FAILED)), Ending.ANSWERED),
    "answered after a clerk released it": (_all_saw(ANSWERED, "answered", before=(PENDING,)), Ending.ANSWERED),
    "waiting for a clerk": (_all_saw(PENDING, "pending"), Ending.PENDING),
    "waiting again after a failed look": (_all_saw(PENDING, "pending", before=(PENDING, FAILED)), Ending.PENDING),
    "refused by a clerk": (_all_saw(REFUSED, "refused", "RELEASE_REFUSED", before=(PENDING,)), Ending.REFUSED_BY_CLERK),
    "refused by the hub": (
        lambda n: History([_hub_refusal(n)], [_asked(n, "refused", "EXCHANGE_NOT_PERMITTED")]),
        Ending.REFUSED_BY_HUB,
    ),
    "refused by the hub twice": (
        lambda n: History(
            [_hub_refusal(n, "DEADLINE_TOO_SHORT"), _hub_refusal(n)], [_asked(n, "refused", "EXCHANGE_NOT_PERMITTED")]
        ),
        Ending.REFUSED_BY_HUB,
    ),
    "refused for a short deadline, then answered": (_answered_after_a_refusal, Ending.ANSWERED),
    "failed without the provider": (_failed("PROVIDER_UNREACHABLE"), Ending.FAILED),
    "failed after the provider answered": (_failed("PROVIDER_TIMED_OUT", provided=True), Ending.FAILED),
    "failed with a code that is none": (_failed("POINT_INVALID", "refused"), Ending.FAILED),
    "failed, nobody waiting": (_failed("PROVIDER_TIMED_OUT", "open"), Ending.FAILED),
    "broken off by a hub that was killed": (
        lambda n: History([_leaf(n, PERMITTED)], [_asked(n, "open")], _ended(n, ANSWERED, "answered").provided),
        Ending.OPEN,
    ),
    "turned away by a busy hub": (lambda n: History(asked=[_asked(n, "failed", "OVERLOADED")]), Ending.NOT_LOGGED),
    "refused at the door": (lambda n: History(asked=[_asked(n, "refused", "CALLER_REVOKED")]), Ending.NOT_LOGGED),
    "never reached the hub": (lambda n: History(asked=[_asked(n, "open")]), Ending.NOT_LOGGED),
}


@pytest.mark.parametrize("what", HONEST)
def test_an_exchange_that_all_sides_saw_alike_is_no_difference(what: str) -> None:
    make, ending = HONEST[what]
    found = make(1).compare()
    assert found.differences == ()
    assert {each: count for each, count in found.counts.items() if count} == {ending: 1}


def test_leaves_that_are_no_exchange_are_left_alone() -> None:
    others = ("UNSPECIFIED", "PERMITTED", "ANSWERED", "REFUSED", "FAILED", "PENDING", "DIRECTORY_PUBLISHED")
    names = {f"LEAF_EVENT_{name}" for name in others}
    events = [name for name in log_pb2.LeafEvent.keys() if name not in names]  # noqa: SIM118  # no dictionary
    assert "LEAF_EVENT_LOG_CONTINUED" in events
    found = History([ExchangeLeaf(event=event, inquirer=THIRD, provider=ASKED) for event in events]).compare()
    assert found.agrees
    assert sum(found.counts.values()) == 0


Alteration = Callable[[History], object]
HIDDEN = "non_disclosure"


def _kept(history: History, side: str) -> Any:
    return {"inquirer": history.asked, "provider": history.provided, "hub": history.leaves}[side]


def _set(what: str, side: str, value: Any) -> Alteration:
    return lambda history: setattr(_kept(history, side)[-1], what, value)


def _alter(what: str, side: str) -> Alteration:
    """Another value of the same shape."""

    def alter(history: History) -> None:
        value = getattr(_kept(history, side)[-1], what)
        setattr(_kept(history, side)[-1], what, bytes(len(value)) if isinstance(value, bytes) else "9" * len(value))

    return alter


def _drop(side: str) -> Alteration:
    return lambda history: _kept(history, side).clear()


def _lose(position: int) -> Alteration:
    return lambda history: history.leaves.pop(position)


def _log(event: log_pb2.LeafEvent, reason: str = "") -> Alteration:
    return lambda history: history.leaves.append(_leaf(1, event, reason))


def _forge(number: int, side: str) -> Alteration:
    forged = _ended(number, ANSWERED, "answered")
    return lambda history: _kept(history, side).extend(_kept(forged, side))


def _provided_at(seconds: int) -> Alteration:
    return lambda history: history.asked[0].provided_time.FromSeconds(seconds)


_LOST = "hub.leaf inquirer.processing_number inquirer.answer_digest inquirer.provided_time"
"""How an answered inquiry looks when the hub knows nothing of it."""

_REFUSED_AFTER = "inquirer.processing_number inquirer.outcome"

_ALL_THREE = "hub.item_code inquirer.item_code provider.item_code"
_DIGESTS = "inquirer.answer_digest provider.answer_digest"

# what was wrong, in which honest exchange, how it came about, where it shows
WRONG: list[tuple[str, str, Alteration, str]] = [
    ("the inquirer's record is missing", "answered", _drop("inquirer"), "inquirer.record"),
    ("the provider's record is missing", "answered", _drop("provider"), "provider.record"),
    ("the provider's record of what waits is missing", "waiting for a clerk", _drop("provider"), "provider.record"),
    ("the record of a refusal is missing", "refused by the hub", _drop("inquirer"), "inquirer.record"),
    ("the record of a failure is missing", "failed without the provider", _drop("inquirer"), "inquirer.record"),
    ("the hub has no leaf of an answer", "answered", _drop("hub"), f"{_LOST} provider.record"),
    ("the hub has no leaf of its refusal", "refused by the hub", _drop("hub"), "hub.leaf"),
    ("the hub lost the leaf that permitted it", "answered", _lose(0), "hub.event"),
    ("the hub lost the leaf of a failure", "failed without the provider", _lose(1), "inquirer.reason"),
    ("the hub logged an answer twice", "answered", _log(ANSWERED), "hub.event"),
    ("the hub logged a permit twice", "answered", _log(PERMITTED), "hub.event inquirer.outcome"),
    ("the hub logged a failure after it", "answered", _log(FAILED, "INTERNAL"), "hub.event inquirer.outcome"),
    ("a leaf names another item", "answered", _alter("item_code", "hub"), _ALL_THREE),
    (
        "a leaf names another inquirer",
        "answered",
        _alter("inquirer", "hub"),
        f"hub.inquirer inquirer.record provider.record {_LOST}",
    ),
    ("a leaf cannot be read", "answered", lambda history: history.unreadable.append(b"\xff"), "hub.leaf"),
    ("a leaf says nothing", "answered", lambda history: history.leaves.append(ExchangeLeaf()), "hub.event"),
    ("the inquirer forged an exchange", "answered", _forge(2, "inquirer"), _LOST),
    ("the provider forged an exchange", "answered", _forge(2, "provider"), "provider.record"),
    ("the inquirer keeps it twice", "answered", _forge(1, "inquirer"), "inquirer.record"),
    ("the provider keeps it twice", "answered", _forge(1, "provider"), "provider.record"),
    ("the provider keeps what the hub refused", "refused by the hub", _forge(1, "provider"), "provider.record"),
    ("the provider has another procedure", "answered", _alter("procedure_code", "provider"), "provider.procedure_code"),
    ("the inquirer has another item", "answered", _alter("item_code", "inquirer"), "inquirer.item_code"),
    ("the provider has another inquirer", "answered", _alter("inquirer", "provider"), "provider.record"),
    ("the inquirer has another provider", "answered", _alter("provider", "inquirer"), "inquirer.provider"),
    ("the provider has another inquiry", "answered", _alter("inquiry_digest", "provider"), "provider.inquiry_digest"),
    ("the inquirer got another answer", "answered", _alter("answer_digest", "inquirer"), "inquirer.answer_digest"),
    ("the hub relayed another answer", "answered", _alter("answer_digest", "hub"), _DIGESTS),
    ("its number differs", "answered", _alter("processing_number", "provider"), "provider.processing_number"),
    ("the inquirer says it is open", "answered", _set("outcome", "inquirer", OUTCOMES["open"]), "inquirer.outcome"),
    ("the provider says it refused", "answered", _set("outcome", "provider", OUTCOMES["refused"]), "provider.outcome"),
    (
        "the inquirer has an answer to what failed",
        "failed after the provider answered",
        _set("outcome", "inquirer", OUTCOMES["answered"]),
        "inquirer.outcome",
    ),
    ("a refusal has two reasons", "refused by the hub", _set("reason", "inquirer", "ITEM_UNKNOWN"), "inquirer.reason"),
    (
        "a failure has two reasons",
        "failed without the provider",
        _set("reason", "inquirer", "PROVIDER_FAILED"),
        "inquirer.reason",
    ),
    ("a clerk had two reasons", "refused by a clerk", _set("reason", "inquirer", "INTERNAL"), "inquirer.reason"),
    ("the hub gives an answer a reason", "answered", _set("reason", "hub", "RECORD_NOT_HELD"), "hub.reason"),
    ("the hub's reason is none", "failed, nobody waiting", _set("reason", "hub", "SOMEHOW"), "hub.reason"),
    ("it is not hidden", "answered, to be hidden", _set(HIDDEN, "provider", False), f"provider.{HIDDEN}"),
    ("it is hidden", "answered", _set(HIDDEN, "inquirer", True), f"inquirer.{HIDDEN}"),
    ("what waits is refused", "waiting for a clerk", _refuse_again, f"hub.event {_REFUSED_AFTER}"),
    ("what was answered is refused", "answered", _refuse_again, f"hub.event {_REFUSED_AFTER}"),
    ("what failed is refused", "failed after the provider answered", _refuse_again, "hub.event inquirer.reason"),
    ("it was provided at two times", "answered", _provided_at(5), "inquirer.provided_time"),
    ("a record is of neither side", "answered", _set("side", "provider", 0), f"{ASKED}.side provider.record"),
]


@pytest.mark.parametrize(("honest", "do", "expected"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_difference_is_found_when(honest: str, do: Alteration, expected: str) -> None:
    history = HONEST[honest][0](1)
    do(history)
    found = history.compare()
    assert {f"{difference.side}.{difference.what}" for difference in found.differences} == set(expected.split())


def test_a_difference_names_the_exchange_and_both_values() -> None:
    history = _ended(1, ANSWERED, "answered")
    history.asked[0].item_code = "TM00000000000002"
    (found,) = history.compare().differences
    assert (found.subject, found.found, found.expected) == (
        _processing_number(1),
        "TM00000000000002",
        "TM00000000000001",
    )


def test_what_has_no_processing_number_is_named_by_its_request_id() -> None:
    (found,) = History([_hub_refusal(1)]).compare().differences
    assert found.subject == (1).to_bytes(16, "big").hex()


def test_a_record_kept_by_an_institution_that_is_not_on_that_side_is_found() -> None:
    history = _ended(1, ANSWERED, "answered")
    leaves = [leaf.SerializeToString() for leaf in history.leaves]
    found = reconcile(leaves, {ASKING: history.asked, THIRD: history.provided})
    assert [(each.side, each.what, each.found) for each in found.differences] == [("provider", "provider", ASKED)]


histories = st.lists(st.sampled_from(sorted(HONEST)), min_size=1, max_size=12)


def _all_of(names: list[str]) -> History:
    """The honest exchanges of these names, one after the other."""
    history = History()
    for number, name in enumerate(names, start=1):
        one = HONEST[name][0](number)
        history.leaves += one.leaves
        history.asked += one.asked
        history.provided += one.provided
    return history


@given(names=histories, order=st.randoms(use_true_random=False))
def test_any_honest_history_reconciles_whatever_the_order_of_records(names: list[str], order: Any) -> None:
    history = _all_of(names)
    order.shuffle(history.asked)
    order.shuffle(history.provided)
    found = history.compare()
    assert found.agrees
    assert sum(found.counts.values()) == len(names)


_TEXTS = ("procedure_code", "item_code", "provider", "inquirer")


@given(names=histories, chosen=st.data())
def test_any_altered_field_that_must_agree_is_found(names: list[str], chosen: st.DataObject) -> None:
    history = _all_of(names)
    kept: Any = chosen.draw(
        st.sampled_from([leaf for leaf in history.leaves if leaf.processing_number] + history.asked)
    )
    unlogged = not any(leaf.request_id == kept.request_id for leaf in history.leaves)
    what = chosen.draw(st.sampled_from((*_TEXTS, "request_id", "inquiry_digest")))
    if unlogged and what != "inquirer":
        return  # nobody else knows of it, so nobody contradicts it
    value = getattr(kept, what)
    setattr(kept, what, bytes(len(value)) if isinstance(value, bytes) else THIRD[: len(value)])
    assert not history.compare().agrees


@given(names=histories, chosen=st.data())
def test_any_record_left_out_or_kept_twice_is_found(names: list[str], chosen: st.DataObject) -> None:
    history = _all_of(names)
    number, record = chosen.draw(st.sampled_from(list(enumerate(history.asked))))
    if chosen.draw(st.booleans()):
        history.asked.append(record)
    elif not any(leaf.request_id == record.request_id for leaf in history.leaves):
        return  # the only trace of an inquiry that never passed the hub's door
    else:
        del history.asked[number]
    assert not history.compare().agrees
