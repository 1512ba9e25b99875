"""What a node takes for a reply: one that says what it is about, and is about what was asked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from warifu.agency import Absence, Decision, HeldProvision, LookUp, Pending, ProvidedRecord
from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu_services.node.adapter.messages import (
    decision_request,
    look_up_request,
    read_decision,
    read_found,
    read_readiness,
)

ITEM = ItemCode("TM00000000000002")
PROCEDURE = ProcedureCode("JT99000000000001")
INQUIRER = InstitutionCode("9030110020000001")
NUMBER = "20260615000000000001"
FOUND, PENDING = adapter_pb2.LOOK_UP_OUTCOME_FOUND, adapter_pb2.LOOK_UP_OUTCOME_PENDING
NOT_HELD, NOT_PUBLISHED = adapter_pb2.LOOK_UP_OUTCOME_NOT_HELD, adapter_pb2.LOOK_UP_OUTCOME_NOT_PUBLISHED


def asked(year: int = 2026) -> LookUp:
    return LookUp(
        local_number="T-9",
        item_code=ITEM,
        fiscal_year=year,
        procedure_code=PROCEDURE,
        inquirer=INQUIRER,
        today=date(2026, 6, 15),
        processing_number=NUMBER,
        released=False,
        seconds=1.0,
    )


def told(**changes: Any) -> adapter_pb2.LookUpResponse:
    values = {
        "outcome": FOUND,
        "local_number": "T-9",
        "item_code": ITEM,
        "fiscal_year": 2026,
        "record_type": "R",
        "record": b"r",
    }
    return adapter_pb2.LookUpResponse(**{**values, **changes})


def test_a_question_carries_everything_that_is_asked_and_no_deadline() -> None:
    request = look_up_request(asked())
    assert request.asked_on == "2026-06-15"
    assert (request.local_number, request.item_code, request.fiscal_year) == ("T-9", ITEM, 2026)
    assert (request.procedure_code, request.inquirer, request.processing_number) == (PROCEDURE, INQUIRER, NUMBER)


def test_a_record_that_may_be_provided_today_is_given() -> None:
    for dates in ({}, {"publication_start": "2026-06-15"}, {"publication_end": "2026-06-15"}):
        assert read_found(asked(), told(**dates)) == ProvidedRecord("R", b"r")
    assert read_found(asked(0), told(fiscal_year=2025)) == ProvidedRecord("R", b"r")


def test_a_record_outside_its_dates_is_not_published_whatever_the_business_system_thinks() -> None:
    for dates in ({"publication_start": "2026-06-16"}, {"publication_end": "2026-06-14"}):
        assert read_found(asked(), told(**dates)) is Absence.NOT_PUBLISHED


@pytest.mark.parametrize(
    ("outcome", "meant"),
    [(NOT_HELD, Absence.NOT_HELD), (NOT_PUBLISHED, Absence.NOT_PUBLISHED), (PENDING, Pending.CLERK)],
)
def test_why_there_is_no_record_is_told_apart(outcome: Any, meant: Any) -> None:
    assert read_found(asked(), told(outcome=outcome, record=b"")) is meant


BAD: list[tuple[dict[str, Any], str]] = [
    ({"local_number": "T-10"}, "local_number"),
    ({"local_number": ""}, "local_number"),
    ({"local_number": "T-10", "outcome": NOT_HELD, "record": b""}, "local_number"),
    ({"item_code": "TM00000000000004"}, "item_code"),
    ({"fiscal_year": 2025}, "fiscal_year"),
    ({"outcome": 0}, "outcome"),
    ({"outcome": 9}, "outcome"),
    ({"outcome": NOT_HELD}, "record"),
    ({"publication_start": "20260601"}, "publication_start"),
    ({"publication_end": "soon"}, "publication_end"),
    ({"publication_start": "2026-06-02", "publication_end": "2026-06-01"}, "publication_end"),
]


@pytest.mark.parametrize(("changes", "where"), BAD, ids=[str(changes) for changes, _ in BAD])
def test_a_reply_about_something_else_is_none(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(WarifuError) as refused:
        read_found(asked(), told(**changes))
    assert refused.value.reason is Reason.ADAPTER_ANSWER_INVALID
    assert refused.value.where.startswith(f"adapter: {where} ")
    assert "T-" not in str(refused.value)


def held() -> HeldProvision:
    return HeldProvision(
        processing_number=NUMBER,
        local_number="T-9",
        item_code=ITEM,
        procedure_code=PROCEDURE,
        inquirer=INQUIRER,
        received=datetime(2026, 6, 15, 3, 0, tzinfo=UTC),
        seconds=1.0,
    )


def test_a_decision_is_about_the_provision_that_was_asked_about() -> None:
    request = decision_request(held())
    assert request.received_time.ToDatetime(UTC) == datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
    for decision in Decision:
        reply = adapter_pb2.GetClerkDecisionResponse(
            processing_number=NUMBER, decision=f"PROVISION_DECISION_{decision.name}"
        )
        assert read_decision(held(), reply) is decision
    spoilt: list[dict[str, Any]] = [{"processing_number": "1"}, {"decision": 0}, {"decision": 7}]
    for changes in spoilt:
        values: Any = {"processing_number": NUMBER, "decision": adapter_pb2.PROVISION_DECISION_RELEASE, **changes}
        with pytest.raises(WarifuError, match="ADAPTER_ANSWER_INVALID"):
            read_decision(held(), adapter_pb2.GetClerkDecisionResponse(**values))


def test_only_the_own_business_system_is_ready_and_only_for_all_items() -> None:
    good: dict[str, Any] = {"institution_code": INQUIRER, "ready": True, "item_codes": [ITEM, "TM00000000000009"]}
    read_readiness(INQUIRER, frozenset({ITEM}), adapter_pb2.GetReadinessResponse(**good))
    spoilt: list[tuple[dict[str, Any], Reason]] = [
        ({"institution_code": "9030000000000001"}, Reason.ADAPTER_ANSWER_INVALID),
        ({"item_codes": []}, Reason.ADAPTER_ANSWER_INVALID),
        ({"ready": False}, Reason.ADAPTER_UNREACHABLE),
    ]
    for changes, reason in spoilt:
        with pytest.raises(WarifuError) as refused:
            read_readiness(INQUIRER, frozenset({ITEM}), adapter_pb2.GetReadinessResponse(**{**good, **changes}))
        assert refused.value.reason is reason
