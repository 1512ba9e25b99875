"""The supervisor at a running hub: an assessment withdrawn stops what touches the file, and is in the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from warifu.api.hub.v1 import supervision_service_pb2 as supervision_pb2
from warifu.api.hub.v1.supervision_service_pb2_grpc import SupervisionServiceStub
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.errors import Reason
from warifu_services.agencies.residence import RESIDENT_RECORD

LOCAL_TAX = "TM00000000000002"
IN_FORCE, WITHDRAWN = supervision_pb2.ASSESSMENT_STATUS_IN_FORCE, supervision_pb2.ASSESSMENT_STATUS_WITHDRAWN


class Supervisor:
    """Sets and lists assessments."""

    def __init__(self, hub: Any, calls: Any) -> None:
        self.stub: Any = SupervisionServiceStub(calls.to(hub, caller="supervisor"))

    async def set(self, institution: str, status: Any, item_code: str = LOCAL_TAX) -> int:
        assessment = supervision_pb2.Assessment(institution_code=institution, item_code=item_code, status=status)
        request = supervision_pb2.SetAssessmentStatusRequest(assessment=assessment)
        return int((await self.stub.SetAssessmentStatus(request, timeout=10)).position)

    async def withdrawn(self) -> list[tuple[str, str]]:
        listed = await self.stub.ListWithdrawnAssessments(supervision_pb2.ListWithdrawnAssessmentsRequest(), timeout=10)
        assert {assessment.status for assessment in listed.assessments} <= {WITHDRAWN}
        return [(assessment.institution_code, assessment.item_code) for assessment in listed.assessments]


@pytest.fixture
async def supervisor(lone_hub: Any, calls: Any) -> AsyncIterator[Supervisor]:
    played = Supervisor(lone_hub, calls)
    yield played
    for institution, item_code in await played.withdrawn():
        await played.set(institution, IN_FORCE, item_code)


@pytest.mark.parametrize("side", ["provider", "inquirer"])
async def test_a_withdrawn_assessment_of_either_side_stops_exchanges_until_it_is_reinstated(
    asker: Any, tax_office: Any, supervisor: Supervisor, log: Any, side: str
) -> None:
    institution = asker.tax if side == "provider" else asker.own.institution
    position = await supervisor.set(institution, WITHDRAWN)
    assert await supervisor.withdrawn() == [(institution, LOCAL_TAX)]
    inquiry = asker.inquiry()
    error = await asker.refused(inquiry)
    assert (error.reason, error.where) == (Reason.ASSESSMENT_NOT_IN_FORCE, f"inquiry.context.{side}")
    assert await log.of(inquiry) == [("REFUSED", "ASSESSMENT_NOT_IN_FORCE")]
    assert tax_office.permits == []
    leaf = log_pb2.ExchangeLeaf.FromString((await log.leaves(position))[0])
    assert (leaf.event, leaf.provider) == (log_pb2.LEAF_EVENT_ASSESSMENT_WITHDRAWN, institution)
    await supervisor.set(institution, IN_FORCE)
    assert await supervisor.withdrawn() == []
    await asker.send(asker.inquiry())


async def test_withdrawn_assessments_come_in_pages_ordered_by_institution_and_item(
    asker: Any, supervisor: Supervisor, calls: Any
) -> None:
    files = sorted((institution, LOCAL_TAX) for institution in (asker.tax, asker.own.institution))
    for institution, item_code in files[::-1]:
        await supervisor.set(institution, WITHDRAWN, item_code)
    told, token = [], ""
    for more in (True, False):
        request = supervision_pb2.ListWithdrawnAssessmentsRequest(page_size=1, page_token=token)
        page = await supervisor.stub.ListWithdrawnAssessments(request, timeout=10)
        told += [(each.institution_code, each.item_code) for each in page.assessments]
        token = page.next_page_token
        assert bool(token) is more
    assert told == files
    request = supervision_pb2.ListWithdrawnAssessmentsRequest(page_token="x" * 60)
    error = await calls.failed(supervisor.stub.ListWithdrawnAssessments(request, timeout=10))
    assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "page_token")


async def test_a_withdrawn_assessment_of_another_file_stops_nothing(
    asker: Any, tax_office: Any, supervisor: Supervisor, lone_hub: Any
) -> None:
    await supervisor.set(asker.tax, WITHDRAWN, RESIDENT_RECORD)
    await supervisor.set(lone_hub.institution("insurance"), WITHDRAWN)
    await asker.send(asker.inquiry())


async def test_what_was_answered_stays_answered_when_the_assessment_is_withdrawn(
    asker: Any, tax_office: Any, supervisor: Supervisor, log: Any
) -> None:
    """A refusal would say that surely nothing was provided."""
    inquiry = asker.inquiry()
    first = await asker.send(inquiry)
    await supervisor.set(asker.tax, WITHDRAWN)
    assert (await asker.refused(asker.inquiry())).reason is Reason.ASSESSMENT_NOT_IN_FORCE
    assert await asker.send(inquiry) == first
    assert [event for event, _ in await log.of(inquiry)] == ["PERMITTED", "ANSWERED"]


@pytest.mark.parametrize(
    ("institution", "item_code", "status", "reason", "where"),
    [
        ("9999999999999999", LOCAL_TAX, WITHDRAWN, Reason.INSTITUTION_UNKNOWN, "assessment.institution_code"),
        ("12", LOCAL_TAX, WITHDRAWN, Reason.REQUEST_MALFORMED, "assessment.institution_code"),
        ("", "", WITHDRAWN, Reason.REQUEST_MALFORMED, "assessment.institution_code"),
        ("tax", "TM77777777777777", WITHDRAWN, Reason.ITEM_UNKNOWN, "assessment.item_code"),
        ("tax", "local tax", WITHDRAWN, Reason.REQUEST_MALFORMED, "assessment.item_code"),
        (
            "tax",
            LOCAL_TAX,
            supervision_pb2.ASSESSMENT_STATUS_UNSPECIFIED,
            Reason.REQUEST_MALFORMED,
            "assessment.status",
        ),
        ("tax", LOCAL_TAX, 77, Reason.REQUEST_MALFORMED, "assessment.status"),
    ],
)
async def test_an_assessment_of_nothing_is_refused_by_its_field_and_changes_nothing(
    asker: Any,
    supervisor: Supervisor,
    log: Any,
    calls: Any,
    institution: str,
    item_code: str,
    status: Any,
    reason: Reason,
    where: str,
) -> None:
    before = len(await log.leaves())
    named = asker.tax if institution == "tax" else institution
    error = await calls.failed(supervisor.set(named, status, item_code))
    assert (error.reason, error.where) == (reason, where)
    assert await supervisor.withdrawn() == []
    assert len(await log.leaves()) == before
