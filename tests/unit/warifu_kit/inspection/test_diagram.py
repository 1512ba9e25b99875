"""One exchange drawn as messages, from what each side kept: whole, refused, failed, cut short, and with a side that lacks it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.api.node.v1.node_service_pb2 import ExchangeRecord
from warifu_kit.inspection.diagram import Diagram, Found, draw
from warifu_kit.inspection.kept import HubRow, KeptByNode, KeptExchange, LoggedLeaf
from warifu_kit.inspection.readable import READABLE, Part, Sent
from warifu_kit.inspection.told import as_json, as_lines

ASKING, ASKED = "9000000000000001", "9000000000000002"
NAMES = {ASKING: "childcare", ASKED: "tax"}
NUMBER = "20260401000000000001"
COMMON: dict[str, Any] = {
    "request_id": bytes(range(16)),
    "inquirer": ASKING,
    "provider": ASKED,
    "procedure_code": "JT00000000000001",
    "item_code": "TM00000000000001",
    "inquiry_digest": bytes([1]) * 32,
}
ANSWER = bytes([2]) * 32
PERMITTED, ANSWERED = log_pb2.LEAF_EVENT_PERMITTED, log_pb2.LEAF_EVENT_ANSWERED
REFUSED, FAILED, PENDING = log_pb2.LEAF_EVENT_REFUSED, log_pb2.LEAF_EVENT_FAILED, log_pb2.LEAF_EVENT_PENDING


def _leaf(event: log_pb2.LeafEvent, reason: str = "", *, number: str = NUMBER) -> ExchangeLeaf:
    digest = ANSWER if number and event not in (PERMITTED, FAILED) else b""
    row = "R01" if number else ""
    return ExchangeLeaf(
        event=event, **COMMON, processing_number=number, permission_row=row, reason=reason, answer_digest=digest
    )


def _kept(side: str, outcome: str, reason: str = "", *, number: str = NUMBER) -> KeptByNode:
    record = ExchangeRecord(
        side=f"EXCHANGE_SIDE_{side}", outcome=f"EXCHANGE_OUTCOME_{outcome}", reason=reason, **COMMON
    )
    record.processing_number = number
    if outcome in ("ANSWERED", "PENDING"):
        record.answer_digest = ANSWER
    if outcome == "ANSWERED":
        record.provided_time.FromSeconds(1_800_000_000)
    return KeptByNode(record=record, changed_ms=1_800_000_000_123, kept_bytes=600)


def _row(state: str) -> HubRow:
    return HubRow(processing_number=NUMBER, permission_row="R01", permit_ms=0, state=state, answer_bytes=657)


def _exchange(
    leaves: list[ExchangeLeaf], state: str | None, asked: KeptByNode | None, provided: KeptByNode | None
) -> KeptExchange:
    records = {ASKING: asked, ASKED: provided}
    return KeptExchange(
        inquirer=ASKING,
        request_id=COMMON["request_id"],
        records={code: (kept,) for code, kept in records.items() if kept is not None},
        row=_row(state) if state else None,
        leaves=tuple(LoggedLeaf(7 + position, leaf) for position, leaf in enumerate(leaves)),
        not_here=frozenset(),
        hub_is_here=True,
    )


@pytest.fixture
def whole() -> KeptExchange:
    """An exchange that was answered, and that all three sides know."""
    leaves = [_leaf(PERMITTED), _leaf(ANSWERED)]
    return _exchange(leaves, "answered", _kept("INQUIRER", "ANSWERED"), _kept("PROVIDER", "ANSWERED"))


def _steps(diagram: Diagram) -> list[tuple[str, str]]:
    return [(each.steps, each.sent.value) for each in diagram.messages]


def _found(diagram: Diagram) -> set[tuple[str, str]]:
    """Every side that has no record, and how that is."""
    entries = (entry for message in diagram.messages for entry in message.entries)
    return {(entry.part.value, entry.found.value) for entry in entries if entry.found is not Found.RECORDED}


def test_an_answered_exchange_has_six_messages_with_the_steps_of_the_tour(whole: KeptExchange) -> None:
    diagram = draw(whole)
    assert diagram.agrees
    assert diagram.ending == "ANSWERED"
    assert _found(diagram) == set()
    wanted = ["1 question", "2.3 inquiry", "3.8 permit", "4.11 answer", "3.10 relayed answer", "5.2 result"]
    assert [" ".join(each) for each in _steps(diagram)] == wanted


def test_what_the_hub_refused_never_came_to_the_provider() -> None:
    refused = _kept("INQUIRER", "REFUSED", "EXCHANGE_NOT_PERMITTED", number="")
    diagram = draw(_exchange([_leaf(REFUSED, "EXCHANGE_NOT_PERMITTED", number="")], None, refused, None))
    assert diagram.agrees
    assert [sent for _, sent in _steps(diagram)] == ["question", "inquiry", "refusal", "result"]
    assert "nothing was permitted" in "\n".join(as_lines(diagram, NAMES))


@pytest.mark.parametrize(
    ("institution", "side"), [(ASKING, Part.INQUIRER), (ASKED, Part.PROVIDER)], ids=["inquirer", "provider"]
)
def test_a_node_that_lacks_the_exchange_is_shown_as_missing_it(
    whole: KeptExchange, institution: str, side: Part
) -> None:
    records = {code: kept for code, kept in whole.records.items() if code != institution}
    diagram = draw(replace(whole, records=records))
    assert not diagram.agrees
    assert _found(diagram) == {(side.value, "missing")}
    assert f"{NAMES[institution]} (4.11): MISSING" in "\n".join(as_lines(diagram, NAMES)) or side is Part.INQUIRER
    assert f"differs, {NAMES[institution]}: record is none" in "\n".join(as_lines(diagram, NAMES))


def test_a_hub_whose_log_lacks_the_exchange_is_shown_as_missing_it(whole: KeptExchange) -> None:
    diagram = draw(replace(whole, leaves=(), row=None))
    assert not diagram.agrees
    assert ("hub", "missing") in _found(diagram)
    assert len(diagram.messages) == 6


def test_a_hub_that_lost_its_row_is_told(whole: KeptExchange) -> None:
    differences = draw(replace(whole, row=None)).differences
    assert [(each.side, each.what) for each in differences] == [("hub", "row of the exchange")]


@pytest.mark.parametrize("side", [Part.INQUIRER, Part.HUB, Part.PROVIDER])
def test_a_side_whose_database_is_elsewhere_is_no_side_that_lacks_it(whole: KeptExchange, side: Part) -> None:
    code = {Part.INQUIRER: ASKING, Part.PROVIDER: ASKED}.get(side, "")
    records = {each: kept for each, kept in whole.records.items() if each != code}
    away = replace(whole, records=records, not_here=frozenset({code}) - {""})
    diagram = draw(replace(away, leaves=(), row=None, hub_is_here=False) if side is Part.HUB else away)
    assert diagram.agrees
    assert diagram.not_here == (side,)
    assert _found(diagram) == {(side.value, "not_here")}


def test_a_failure_may_have_left_the_provider_without_a_record() -> None:
    failed = _kept("INQUIRER", "FAILED", "PROVIDER_UNREACHABLE", number="")
    leaves = [_leaf(PERMITTED), _leaf(FAILED, "PROVIDER_UNREACHABLE")]
    diagram = draw(_exchange(leaves, "failed", failed, None))
    assert diagram.agrees
    assert ("provider", "none") in _found(diagram)
    assert [sent for _, sent in _steps(diagram)] == ["question", "inquiry", "permit", "failure", "failure", "result"]


def test_each_time_the_provider_was_asked_is_a_message_of_its_own() -> None:
    leaves = [_leaf(PERMITTED), _leaf(PENDING), _leaf(ANSWERED)]
    asked, provided = _kept("INQUIRER", "ANSWERED"), _kept("PROVIDER", "ANSWERED")
    diagram = draw(_exchange(leaves, "answered", asked, provided))
    answers = [each for each in diagram.messages if each.sent is Sent.ANSWER]
    assert [[entry.event for entry in each.entries] for each in answers] == [["PENDING"], ["ANSWERED", "ANSWERED"]]


def test_an_exchange_under_way_ends_where_it_has_come_to() -> None:
    diagram = draw(_exchange([_leaf(PERMITTED)], "open", _kept("INQUIRER", "OPEN", number=""), None))
    assert diagram.agrees
    assert [sent for _, sent in _steps(diagram)] == ["question", "inquiry", "permit"]


def test_sides_that_say_something_else_are_told_with_both_words(whole: KeptExchange) -> None:
    other = _kept("PROVIDER", "ANSWERED")
    other.record.answer_digest = bytes([3]) * 32
    told = as_json(draw(replace(whole, records={**whole.records, ASKED: (other,)})), NAMES)
    assert told["differences"] == [
        {"side": "tax", "what": "answer_digest", "found": "03" * 32, "expected": "02" * 32},
    ]


def test_every_message_says_of_every_party_what_it_could_read(whole: KeptExchange) -> None:
    everybody = {"business system of childcare", "childcare", "hub", "tax", "authority"}
    told = as_json(draw(whole), NAMES)
    assert all(set(each["readable"]) == everybody for each in told["messages"])
    assert all(each["readable"]["authority"] is None for each in told["messages"])
    assert set(READABLE) == set(Sent)


def test_what_was_done_to_it_on_purpose_is_told(whole: KeptExchange) -> None:
    done = [("tax", "AgencyService.Provide", "waited 50 ms")]
    assert "done on purpose by tax to AgencyService.Provide: waited 50 ms" in list(as_lines(draw(whole), NAMES, done))
