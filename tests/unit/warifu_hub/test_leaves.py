"""What a leaf says, and that it says nothing about the person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.errors import Reason
from warifu.exchange.context import ContextKind, ExchangeContext, ExchangeFlags
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu_hub.leaves import (
    ReceivedInquiry,
    assessment_leaf,
    closing_leaf,
    continuation_leaf,
    conversion_leaf,
    permitted_leaf,
    refused_leaf,
    timestamp_ms,
)
from warifu_hub.store import ExchangeState, StoredExchange

NOW = datetime(2026, 6, 1, 9, 0, 0, 123_000, tzinfo=UTC)
TAX, CHILDCARE = InstitutionCode("9020110020000001"), InstitutionCode("9030110020000001")
CONTEXT = ExchangeContext(
    suite=2,
    kind=ContextKind.EXCHANGE,
    request_id=bytes(range(16)),
    inquirer=CHILDCARE,
    provider=TAX,
    item_code=ItemCode("TM00000000000002"),
    procedure_code=ProcedureCode("JT00000000000001"),
    flags=ExchangeFlags.NONE,
    issued_ms=1,
    expires_ms=2,
    epoch_from=1,
    epoch_to=1,
    key_id_to=bytes(8),
)
ASKED = ReceivedInquiry(caller=CHILDCARE, context=CONTEXT, digest=b"d" * 32)
ROW = StoredExchange(
    inquirer=CHILDCARE,
    request_id=CONTEXT.request_id,
    inquiry_digest=b"d" * 32,
    processing_number="20260601000000000042",
    permission_row="R01",
    permit_ms=1,
)


def read(leaf: bytes) -> ExchangeLeaf:
    return ExchangeLeaf.FromString(leaf)


def said(leaf: bytes) -> set[str]:
    return {field.name for field, _ in read(leaf).ListFields()}


WHAT = {"event", "event_time", "request_id", "inquirer", "provider", "procedure_code", "item_code", "inquiry_digest"}


def test_a_permitted_exchange_says_who_asked_whom_for_what_and_under_which_row() -> None:
    leaf = permitted_leaf(ASKED, ROW, NOW)
    assert said(leaf) == WHAT | {"processing_number", "permission_row"}
    told = read(leaf)
    assert told.event == log_pb2.LEAF_EVENT_PERMITTED
    assert told.event_time.ToDatetime(UTC) == NOW.replace(second=0, microsecond=0)
    assert (told.inquirer, told.provider) == (CHILDCARE, TAX)
    assert (told.processing_number, told.permission_row) == (ROW.processing_number, "R01")


def test_a_refusal_says_why_and_has_no_processing_number() -> None:
    leaf = refused_leaf(ASKED, Reason.EXCHANGE_NOT_PERMITTED, NOW)
    assert said(leaf) == WHAT | {"reason"}
    assert read(leaf).reason == "EXCHANGE_NOT_PERMITTED"


def test_a_request_that_could_not_be_read_is_logged_under_its_callers_name() -> None:
    leaf = refused_leaf(replace(ASKED, context=None), Reason.REQUEST_MALFORMED, NOW)
    assert said(leaf) == {"event", "event_time", "inquirer", "inquiry_digest", "reason"}


def test_a_forged_inquirer_is_not_logged_as_the_one_who_asked() -> None:
    forger = InstitutionCode("9040000000000001")
    assert read(refused_leaf(replace(ASKED, caller=forger), Reason.CALLER_NOT_IDENTIFIED, NOW)).inquirer == forger


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (ExchangeState.ANSWERED, log_pb2.LEAF_EVENT_ANSWERED),
        (ExchangeState.PENDING, log_pb2.LEAF_EVENT_PENDING),
        (ExchangeState.REFUSED, log_pb2.LEAF_EVENT_REFUSED),
        (ExchangeState.FAILED, log_pb2.LEAF_EVENT_FAILED),
    ],
)
def test_the_end_of_an_exchange_is_told_by_its_state(state: ExchangeState, event: log_pb2.LeafEvent) -> None:
    told = read(closing_leaf(ASKED, replace(ROW, state=state), NOW, reason=Reason.INTERNAL, answer_digest=b"a" * 32))
    assert told.event == event
    assert (told.processing_number, told.reason, told.answer_digest) == (ROW.processing_number, "INTERNAL", b"a" * 32)


def test_an_exchange_that_is_still_open_has_no_closing_leaf() -> None:
    with pytest.raises(KeyError):
        closing_leaf(ASKED, ROW, NOW)


def test_an_inquiry_not_to_be_disclosed_is_marked_in_every_leaf_about_it() -> None:
    asked = replace(ASKED, context=replace(CONTEXT, flags=ExchangeFlags.NON_DISCLOSURE))
    closed = closing_leaf(asked, replace(ROW, state=ExchangeState.ANSWERED), NOW)
    for leaf in (permitted_leaf(asked, ROW, NOW), refused_leaf(asked, Reason.INTERNAL, NOW), closed):
        assert read(leaf).non_disclosure


def test_a_conversion_says_for_whom_and_how_many_and_nothing_of_the_codes() -> None:
    leaf = conversion_leaf(replace(CONTEXT, kind=ContextKind.ISSUE), 321, NOW)
    assert said(leaf) == {"event", "event_time", "request_id", "inquirer", "provider", "code_count"}
    assert read(leaf).code_count == 321


@pytest.mark.parametrize("withdrawn", [True, False])
def test_an_assessment_says_who_changed_which_file(withdrawn: bool) -> None:
    supervisor = InstitutionCode("9920000000000001")
    leaf = assessment_leaf(supervisor, TAX, CONTEXT.item_code, NOW, withdrawn=withdrawn)
    assert said(leaf) == {"event", "event_time", "inquirer", "provider", "item_code"}
    name = log_pb2.LeafEvent.Name(read(leaf).event)
    assert name == ("LEAF_EVENT_ASSESSMENT_WITHDRAWN" if withdrawn else "LEAF_EVENT_ASSESSMENT_REINSTATED")


def test_a_continuation_says_what_was_lost_and_nothing_of_any_exchange() -> None:
    leaf = continuation_leaf(InstitutionCode("9900000000000001"), 12, bytes(32), 1, NOW)
    assert said(leaf) == {"event", "event_time", "inquirer", "lost_size", "lost_root_hash", "continuation"}


def test_the_same_values_always_give_the_same_bytes() -> None:
    assert len({permitted_leaf(ASKED, ROW, NOW) for _ in range(5)}) == 1


def test_milliseconds_survive_the_way_into_a_timestamp_and_back() -> None:
    for unix_ms in (0, 1, 999, 1_780_000_000_123):
        assert timestamp_ms(unix_ms).ToMilliseconds() == unix_ms


def test_a_leaf_has_no_field_that_could_hold_a_person() -> None:
    assert {field.name for field in ExchangeLeaf.DESCRIPTOR.fields} == WHAT | {
        "processing_number",
        "permission_row",
        "reason",
        "answer_digest",
        "code_count",
        "non_disclosure",
        "directory_version",
        "directory_digest",
        "lost_size",
        "lost_root_hash",
        "continuation",
        "inquirer_tag",  # random to whoever lacks its key, and 16 bytes long: see the tests of mediated exchanges
        "provider_tag",
    }
