"""The clients of business systems and supervisor against a network that is up."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from typing import Any

import pytest

from warifu.api.hub.v1 import supervision_service_pb2 as supervision_pb2
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.client import (
    AuthorityClient,
    BlockingNodeClient,
    LogClient,
    NetworkDescription,
    NodeClient,
    SupervisionClient,
)
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ResidentRecordCode
from warifu.tlog import verify_entry, verify_extends
from warifu_kit.demo.plan import Plan
from warifu_kit.demo.procedures import new_inquiry
from warifu_services.agencies.childcare import CHILD_ALLOWANCE_PROCEDURE
from warifu_services.agencies.residence import RESIDENT_RECORD
from warifu_services.agencies.tax import LOCAL_TAX


@pytest.fixture
def described(running: Any) -> NetworkDescription:
    return NetworkDescription.load(running.folder)


def _question(plan: Plan, described: NetworkDescription) -> node_pb2.Inquiry:
    number = plan.open_case.local_number
    return new_inquiry(number, CHILD_ALLOWANCE_PROCEDURE, described.institution("residence"), RESIDENT_RECORD)


def test_the_blocking_client_does_all_a_business_system_needs(running: Any, described: NetworkDescription) -> None:
    plan: Plan = running.plan
    held = plan.agencies["childcare"].people[plan.open_case.resident.resident_number]
    inquiry = _question(plan, described)
    with BlockingNodeClient(described.to_node("childcare")) as node:
        assert node.register_replicas([held.replica]) == 1
        node.set_flags(node_pb2.SetFlagsRequest(local_number=held.local_number))
        assert node.inquire(inquiry).state == node_pb2.INQUIRY_STATE_ANSWERED
        assert node.fetch_answer(inquiry.request_id, wait=10).record
        records = list(node.exchange_records())
    assert inquiry.request_id in {record.request_id for record in records}


async def test_a_number_from_the_authority_gives_a_code_at_a_node(described: NetworkDescription) -> None:
    code = ResidentRecordCode.from_body(f"{secrets.randbelow(10**10):010d}").digits
    async with AuthorityClient(described.to_authority()) as authority:
        (number,) = await authority.designate_my_numbers([code])
        assert await authority.designate_my_numbers([code]) == [number]
        replaced = await authority.replace_my_number(number)
    person = node_pb2.PersonToAcquire(local_number="X-1", my_number=replaced)
    retired = node_pb2.PersonToAcquire(local_number="X-2", my_number=number)
    with BlockingNodeClient(described.to_node("tax")) as node:
        results = node.acquire_codes([person, retired])
    assert [result.reason for result in results] == ["", Reason.NUMBER_NOT_DESIGNATED.value]


def test_a_submitted_inquiry_is_fetched_later(running: Any, described: NetworkDescription) -> None:
    inquiry = _question(running.plan, described)
    with BlockingNodeClient(described.to_node("childcare")) as node:
        node.submit_inquiry(inquiry)
        assert node.fetch_answer(inquiry.request_id, wait=10).state == node_pb2.INQUIRY_STATE_ANSWERED


async def test_both_clients_ask_in_bulk_and_get_the_same(running: Any, described: NetworkDescription) -> None:
    asked = [_question(running.plan, described) for _ in range(200)]
    asked[7].local_number = ""
    with BlockingNodeClient(described.to_node("childcare")) as node:
        results = list(node.bulk_inquire(asked))
    assert [result.request_id for result in results] == [inquiry.request_id for inquiry in asked]
    assert (results[7].failure.reason, results[7].failure.where) == ("REQUEST_MALFORMED", "inquiry.local_number")
    assert sum(result.WhichOneof("end") == "result" for result in results) == 199
    async with NodeClient(described.to_node("childcare")) as other:
        assert [result async for result in other.bulk_inquire(asked)] == results
        huge = node_pb2.Inquiry(local_number="x" * 5_000_000)
        with pytest.raises(WarifuError) as raised:
            await anext(other.bulk_inquire([asked[0], huge]))
    assert (raised.value.reason, raised.value.where) == (Reason.REQUEST_TOO_LARGE, "inquiries[1]")


async def test_an_answer_is_proved_to_be_in_the_log(running: Any, described: NetworkDescription) -> None:
    with BlockingNodeClient(described.to_node("childcare")) as node:
        position = node.inquire(_question(running.plan, described)).permitted_position
    vkey = described.log_verifier_key
    async with LogClient(described.to_hub("childcare")) as log:
        async with asyncio.timeout(30):
            while int((signed := await log.checkpoint()).splitlines()[1]) <= position:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.2)  # the hub's next beat
        size = int(signed.splitlines()[1])
        proof = await log.inclusion_proof(position, size)
        verify_entry(leaf=proof.leaf, index=position, proof=proof.hashes, signed_checkpoint=signed, vkey=vkey)
        with pytest.raises(WarifuError) as raised:
            await log.leaves(0, 1)
    assert raised.value.reason is Reason.CALLER_NOT_ALLOWED


async def test_a_later_checkpoint_is_proved_to_extend_an_earlier_one(
    running: Any, described: NetworkDescription
) -> None:
    tax = described.institution("tax")
    async with LogClient(described.to_hub()) as log, SupervisionClient(described.to_hub()) as supervision:
        old = await log.checkpoint()
        await supervision.set_assessment(tax, LOCAL_TAX, supervision_pb2.ASSESSMENT_STATUS_WITHDRAWN)
        assert [each.item_code for each in await supervision.withdrawn_assessments()] == [LOCAL_TAX]
        await supervision.set_assessment(tax, LOCAL_TAX, supervision_pb2.ASSESSMENT_STATUS_IN_FORCE)
        assert await supervision.withdrawn_assessments() == []
        new = await log.checkpoint()
        first, second = (int(note.splitlines()[1]) for note in (old, new))
        proof = await log.consistency_proof(first, second)
    assert second == first + 2
    verify_extends(old_checkpoint=old, new_checkpoint=new, proof=proof, vkey=described.log_verifier_key)


def test_a_node_that_is_not_there_is_unreachable(described: NetworkDescription) -> None:
    nowhere = replace(described.to_node("tax"), endpoint="127.0.0.1:1")
    with BlockingNodeClient(nowhere) as node, pytest.raises(WarifuError) as raised:
        node.pending_provisions()
    assert raised.value.reason is Reason.NOT_CONNECTED
    assert raised.value.where == "agency at 127.0.0.1:1: nobody listens there"


def test_another_party_in_the_nodes_place_is_not_spoken_to(described: NetworkDescription) -> None:
    swapped = replace(described.to_node("tax"), endpoint=described.to_node("residence").endpoint)
    with BlockingNodeClient(swapped) as node, pytest.raises(WarifuError) as raised:
        node.pending_provisions()
    assert raised.value.reason is Reason.PEER_NOT_TRUSTED


def test_a_business_system_is_not_served_by_another_agencys_node(described: NetworkDescription) -> None:
    own = described.to_node("residence")
    stranger = replace(described.to_node("tax"), certificate=own.certificate, private_key=own.private_key)
    with BlockingNodeClient(stranger) as node, pytest.raises(WarifuError) as raised:
        node.pending_provisions()
    assert raised.value.reason is Reason.CALLER_NOT_ALLOWED


async def test_text_that_is_half_a_character_is_refused_by_its_field_before_anything_is_sent(
    described: NetworkDescription,
) -> None:
    async with AuthorityClient(described.to_authority()) as authority, SupervisionClient(described.to_hub()) as hub:
        calls = [
            (authority.designate_my_numbers(["\ud800"]), "resident_record_codes[0]"),
            (authority.replace_my_number("\ud800"), "my_number"),
            (hub.set_assessment("\ud800", "", supervision_pb2.ASSESSMENT_STATUS_WITHDRAWN), "institution_code"),
            (hub.set_assessment("", "\ud800", supervision_pb2.ASSESSMENT_STATUS_WITHDRAWN), "item_code"),
        ]
        for call, where in calls:
            with pytest.raises(WarifuError) as refused:
                await call
            assert refused.value.reason is Reason.REQUEST_MALFORMED
            assert refused.value.where.endswith(where)
    with BlockingNodeClient(described.to_node("residence")) as node, pytest.raises(WarifuError) as refused:
        node.decide_provision("\ud800", node_pb2.CLERK_DECISION_RELEASE)
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "processing_number")
