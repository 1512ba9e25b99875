"""A hub whose disk takes no more: what cannot be logged is not answered, and it goes on when there is room again.

The disk is made full for the hub's process alone, by a limit on how far it may write into any file.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from typing import Any

import pytest
from tests.integration.network.hub_processes import owner_of_rows, with_workers

from warifu.api.hub.v1 import supervision_service_pb2 as supervision_pb2
from warifu.api.hub.v1.supervision_service_pb2_grpc import SupervisionServiceStub
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.errors import Reason
from warifu.tlog.checkpoint import read_checkpoint_unverified
from warifu.tlog.tiles import write_copy
from warifu.tlog.verify import verify_copy


class Disk:
    """The disk as one process sees it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (0, self._limits[1]))

    def make_room(self) -> None:
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, self._limits)


@pytest.fixture(scope="module", params=["one", pytest.param("several", marks=pytest.mark.slow)])
def own_hub(begin_hub: Callable[..., Any], request: pytest.FixtureRequest) -> Any:
    """One for all tests here, of one process or several: each makes room again."""
    return begin_hub() if request.param == "one" else begin_hub(with_workers)


@pytest.fixture
def disk(own_hub: Any) -> Disk:
    return Disk(owner_of_rows(own_hub.process.pid))


async def verified_leaves(hub: Any, log: Any, path: Any) -> list[bytes]:
    """Every leaf of the log, verified from a copy with the public key only."""
    response = await log.stub.GetCheckpoint(log_pb2.GetCheckpointRequest(), timeout=10)
    size = read_checkpoint_unverified(response.signed_note).size
    write_copy(path, (await log.leaves())[:size], response.signed_note)
    return list(verify_copy(path, (hub.path / "log.vkey").read_text().strip()).leaves())


async def test_nothing_is_asked_of_a_provider_while_the_permit_cannot_be_logged(
    own_hub: Any, play: Callable[..., Any], disk: Disk, tmp_path: Any
) -> None:
    asker, office, log = await play(own_hub)
    before = len(await log.leaves())
    disk.fill()
    inquiries = [asker.inquiry() for _ in range(10)]
    refused = await asyncio.gather(*map(asker.refused, inquiries))
    assert {(error.reason, error.definite) for error in refused} == {(Reason.LOG_UNAVAILABLE, False)}
    assert office.permits == []
    disk.make_room()
    answered = await asyncio.gather(*map(asker.send, inquiries))
    assert len({response.processing_number for response in answered}) == 10
    assert len(await verified_leaves(own_hub, log, tmp_path / "copy")) == before + 20


async def test_an_answer_is_withheld_until_its_end_is_logged_and_then_it_is_the_same_exchange(
    own_hub: Any, play: Callable[..., Any], disk: Disk, tmp_path: Any
) -> None:
    asker, office, log = await play(own_hub)
    before = len(await log.leaves())

    async def fill_and_answer(permit: Any) -> bytes:
        disk.fill()
        answer: bytes = await office.honest(permit)
        return answer

    office.act = fill_and_answer
    inquiry = asker.inquiry()
    assert (await asker.refused(inquiry)).reason is Reason.LOG_UNAVAILABLE
    (permit,) = office.permits
    disk.make_room()
    assert await log.of(inquiry) == [("PERMITTED", "")]
    office.act = office.honest
    answered = await asker.send(inquiry)
    assert answered.processing_number == permit.processing_number
    assert answered.answer == office.answers[inquiry.context[2:18]]
    assert await log.of(inquiry) == [("PERMITTED", ""), ("ANSWERED", "")]
    assert len(await verified_leaves(own_hub, log, tmp_path / "copy")) == before + 2


async def test_a_refusal_that_cannot_be_logged_says_nothing_of_why(
    own_hub: Any, play: Callable[..., Any], disk: Disk
) -> None:
    asker, _, log = await play(own_hub)
    inquiry = asker.inquiry(provider=asker.own.institution)
    disk.fill()
    assert (await asker.refused(inquiry)).reason is Reason.LOG_UNAVAILABLE
    disk.make_room()
    assert (await asker.refused(inquiry)).reason is Reason.REQUEST_MALFORMED
    assert await log.of(inquiry) == [("REFUSED", "REQUEST_MALFORMED")]


async def test_what_was_answered_before_is_answered_again_from_a_full_disk(
    own_hub: Any, play: Callable[..., Any], disk: Disk
) -> None:
    asker, _, log = await play(own_hub)
    inquiry = asker.inquiry()
    first = await asker.send(inquiry)
    note = await log.stub.GetCheckpoint(log_pb2.GetCheckpointRequest(), timeout=10)
    disk.fill()
    assert await asker.send(inquiry) == first
    assert await log.stub.GetCheckpoint(log_pb2.GetCheckpointRequest(), timeout=10) == note
    disk.make_room()


async def test_an_assessment_is_not_changed_when_the_change_cannot_be_logged(
    own_hub: Any, play: Callable[..., Any], calls: Any, disk: Disk
) -> None:
    asker, _, _ = await play(own_hub)
    stub: Any = SupervisionServiceStub(calls.to(own_hub, caller="supervisor"))
    withdrawn = supervision_pb2.Assessment(
        institution_code=own_hub.institution("tax"),
        item_code="TM00000000000002",
        status=supervision_pb2.ASSESSMENT_STATUS_WITHDRAWN,
    )
    change = supervision_pb2.SetAssessmentStatusRequest(assessment=withdrawn)
    withdrawn = change.assessment
    disk.fill()
    assert (await calls.failed(stub.SetAssessmentStatus(change, timeout=10))).reason is Reason.LOG_UNAVAILABLE
    disk.make_room()
    await asker.send(asker.inquiry())
    await stub.SetAssessmentStatus(change, timeout=10)
    assert (await asker.refused(asker.inquiry())).reason is Reason.ASSESSMENT_NOT_IN_FORCE
    listed = await stub.ListWithdrawnAssessments(supervision_pb2.ListWithdrawnAssessmentsRequest(), timeout=10)
    assert list(listed.assessments) == [withdrawn]
    withdrawn.status = supervision_pb2.ASSESSMENT_STATUS_IN_FORCE
    await stub.SetAssessmentStatus(change, timeout=10)
    await asker.send(asker.inquiry())


async def test_an_endpoint_that_cannot_be_stored_is_not_taken_for_announced(
    own_hub: Any, play: Callable[..., Any], calls: Any, disk: Disk
) -> None:
    asker, office, _ = await play(own_hub)
    disk.fill()
    assert (await calls.failed(office.announce("127.0.0.1:1"))).reason is Reason.STORE_UNAVAILABLE
    await office.announce(office.endpoint)  # where it is already needs no disk
    disk.make_room()
    await asker.send(asker.inquiry())


async def test_a_hub_killed_on_a_full_disk_starts_again_with_a_whole_log(
    own_hub: Any, play: Callable[..., Any], disk: Disk, tmp_path: Any
) -> None:
    asker, _, log = await play(own_hub)
    before = len(await log.leaves())
    inquiry = asker.inquiry()
    first = await asker.send(inquiry)
    disk.fill()
    await asyncio.gather(*(asker.refused(asker.inquiry()) for _ in range(5)))
    own_hub.kill()
    own_hub.restart()
    assert await asker.send(inquiry) == first
    await asker.send(asker.inquiry())
    assert len(await verified_leaves(own_hub, log, tmp_path / "copy")) == before + 4
