"""Two nodes, the real hub and the real authority over mutual TLS."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

from warifu.api.agency.v1 import agency_service_pb2 as agency_pb2
from warifu.api.agency.v1.agency_service_pb2_grpc import AgencyServiceStub
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.errors import Reason, WarifuError
from warifu.pki import CredentialFiles, Root
from warifu.rpc.status import translated
from warifu_services.node.hub_link import StreamedHub
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.keys import NodeKeys
from warifu_services.node.messages import read_inquiry
from warifu_services.node.store import ExchangeOutcome


async def test_a_record_is_asked_for_given_and_recorded_on_both_sides(town: Any) -> None:
    asking = town.inquiry(1, fiscal_year=2026)
    result = await town.client("childcare").inquire(asking)
    assert result.state == node_pb2.INQUIRY_STATE_ANSWERED
    assert result.record_type == "warifu.api.record.v1.LocalTaxRecord"
    assert LocalTaxRecord.FromString(result.record).total_income_yen == 1_000_001
    assert "課税証明書" in result.replaced_certificate
    (ours,) = await town.client("childcare").exchange_records()
    (theirs,) = await town.client("tax").exchange_records()
    assert (ours.side, theirs.side) == (node_pb2.EXCHANGE_SIDE_INQUIRER, node_pb2.EXCHANGE_SIDE_PROVIDER)
    assert ours.processing_number == theirs.processing_number == result.processing_number
    for name in ("request_id", "inquirer", "provider", "item_code", "inquiry_digest", "answer_digest", "provided_time"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert ours.outcome == theirs.outcome == node_pb2.EXCHANGE_OUTCOME_ANSWERED


REFUSED: list[tuple[dict[str, Any], Reason]] = [
    ({"local_number": "childcare-2"}, Reason.RECORD_NOT_HELD),
    ({"fiscal_year": 1999}, Reason.RECORD_NOT_HELD),
    ({"procedure_code": "JT99000000000007"}, Reason.EXCHANGE_NOT_PERMITTED),
    ({"procedure_code": "JT99999999999999"}, Reason.PROCEDURE_UNKNOWN),
    ({"item_code": "TM99999999999999"}, Reason.ITEM_UNKNOWN),
    ({"provider": "9990000000000001"}, Reason.INSTITUTION_UNKNOWN),
    ({"local_number": "childcare-9"}, Reason.CODE_NOT_ACQUIRED),
    ({"local_number": ""}, Reason.REQUEST_MALFORMED),
    ({"local_number": "x" * 65}, Reason.REQUEST_MALFORMED),
    ({"request_id": b"short"}, Reason.REQUEST_MALFORMED),
    ({"provider": "12"}, Reason.REQUEST_MALFORMED),
    ({"fiscal_year": 10_000}, Reason.REQUEST_MALFORMED),
]


async def test_every_refusal_reaches_the_business_system_by_its_name(town: Any, refused: Any) -> None:
    for changes, reason in REFUSED:
        error = await refused(town.client("childcare").inquire(town.inquiry(0, **changes)))
        assert error.reason is reason
        if reason is Reason.REQUEST_MALFORMED:
            (field,) = changes
            assert error.where == f"inquiry.{field}"


async def test_faults_in_a_stream_of_replicas_are_located(town: Any, refused: Any) -> None:
    replicas = [town.tax_replica(n % 3) for n in range(3)] + [town.tax_replica(0, publication_start="soon")]
    error = await refused(town.client("tax").register_replicas(replicas))
    assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "replicas[3].publication_start")
    assert (await refused(town.client("tax").register_replicas([town.tax_replica(9)]))).reason is (
        Reason.CODE_NOT_ACQUIRED
    )
    error = await refused(town.client("tax").register_replicas([town.tax_replica(0, local_number="")]))
    assert error.where == "replicas[0].local_number"


async def test_a_person_without_a_number_is_refused_by_name_and_place(town: Any, refused: Any) -> None:
    people = [node_pb2.PersonToAcquire(local_number="", my_number="1")]
    with pytest.raises(WarifuError) as caught:
        _ = [result async for result in town.client("tax").acquire_codes(people)]
    assert (caught.value.reason, caught.value.where) == (Reason.REQUEST_MALFORMED, "people[0].local_number")


async def test_many_codes_come_in_order_with_the_bad_numbers_in_their_places(town: Any) -> None:
    numbers = await town.my_numbers(600)
    numbers[7], numbers[399] = "123456789018", "12"
    await town.start_node("insurance")
    results = await town.acquire("insurance", numbers)
    assert [result.local_number for result in results] == [f"insurance-{n}" for n in range(600)]
    reasons = {place: result.reason for place, result in enumerate(results) if result.reason}
    assert reasons == {7: "NUMBER_NOT_DESIGNATED", 399: "NUMBER_MALFORMED"}


async def test_codes_need_the_authority_and_the_authority_needs_the_hub(town: Any) -> None:
    numbers = await town.my_numbers(2)
    await town.start_node("insurance")
    await town.stop_hub()
    with pytest.raises(WarifuError, match="HUB_UNREACHABLE"):
        await town.acquire("insurance", numbers)
    await town.start_hub()
    await town.authority.server.stop(0)
    with pytest.raises(WarifuError, match="AUTHORITY_UNREACHABLE"):
        await town.acquire("insurance", numbers)


async def test_a_flagged_person_waits_for_a_clerk_over_the_wire(town: Any, refused: Any) -> None:
    childcare, tax = town.client("childcare"), town.client("tax")
    await tax.set_flags(node_pb2.SetFlagsRequest(local_number="tax-0", auto_response_disabled=True))
    asking = town.inquiry(0)
    result = await childcare.inquire(asking)
    assert result.state == node_pb2.INQUIRY_STATE_PENDING
    (waiting,) = await tax.pending_provisions()
    assert (waiting.local_number, waiting.processing_number) == ("tax-0", result.processing_number)
    assert (await refused(tax.decide_provision(waiting.processing_number, node_pb2.CLERK_DECISION_UNSPECIFIED))).where
    await tax.decide_provision(waiting.processing_number, node_pb2.CLERK_DECISION_RELEASE)
    fetched = await childcare.fetch_answer(asking.request_id, wait=10)
    assert fetched.state == node_pb2.INQUIRY_STATE_ANSWERED
    assert LocalTaxRecord.FromString(fetched.record).total_income_yen == 1_000_000
    assert await tax.pending_provisions() == []


async def test_a_clerk_may_refuse(town: Any, refused: Any) -> None:
    childcare, tax = town.client("childcare"), town.client("tax")
    await tax.set_flags(node_pb2.SetFlagsRequest(local_number="tax-0", auto_response_disabled=True))
    asking = town.inquiry(0)
    result = await childcare.inquire(asking)
    await tax.decide_provision(result.processing_number, node_pb2.CLERK_DECISION_REFUSE)
    assert (await refused(childcare.fetch_answer(asking.request_id, wait=10))).reason is Reason.RELEASE_REFUSED
    (record,) = await childcare.exchange_records()
    assert (record.outcome, record.reason) == (node_pb2.EXCHANGE_OUTCOME_REFUSED, "RELEASE_REFUSED")


async def test_only_the_institutions_own_business_system_may_ask(town: Any, refused: Any) -> None:
    for caller in ("tax/business", "childcare", "tax", "hub", "authority", "supervisor"):
        client = town.client("childcare", caller)
        assert (await refused(client.inquire(town.inquiry(0)))).reason is Reason.CALLER_NOT_ALLOWED
        assert (await refused(client.exchange_records())).reason is Reason.CALLER_NOT_ALLOWED


async def test_only_the_hub_may_hand_over_a_permit(town: Any, refused: Any, peer: Any) -> None:
    for caller in ("tax/business", "childcare", "tax", "authority"):
        stub = peer(town.connection("tax", caller)).stub(AgencyServiceStub)
        assert (await refused(provided(stub))).reason is Reason.CALLER_NOT_ALLOWED


async def provided(stub: Any) -> None:
    with translated({}):
        await stub.Provide(agency_pb2.ProvideRequest())


async def test_permits_on_a_stream_are_answered_each_for_itself(town: Any, peer: Any) -> None:
    stub = peer(town.connection("tax", "hub")).stub(AgencyServiceStub)
    calls = [
        agency_pb2.ProvideCall(call_number=number, timeout_ms=5_000, request=agency_pb2.ProvideRequest())
        for number in range(1, 6)
    ]
    stream = stub.ProvideStream()
    await stream.write(agency_pb2.ProvideStreamRequest(calls=calls))
    await stream.done_writing()
    replies = [reply async for message in stream for reply in message.replies]
    assert {reply.call_number for reply in replies} == {1, 2, 3, 4, 5}
    assert {reply.failure.reason for reply in replies} == {"REQUEST_MALFORMED"}


async def test_exchanges_may_share_one_stream_to_the_hub(town: Any, peer: Any) -> None:
    node = town.nodes["childcare"]
    hub = StreamedHub(peer(town.connection("hub", "childcare")))
    directory = town.folder("childcare").directory()
    keys = NodeKeys.load(town.folder("childcare"), directory)
    inquirer = Inquirer(keys=keys, directory=directory, store=node.store, hub=hub, clock=node.clock)
    asked = [read_inquiry(town.inquiry(number % 2)) for number in range(20)]
    results = await asyncio.gather(*(inquirer.inquire(one, 10.0) for one in asked))
    assert {result.kept.record.outcome for result in results} == {ExchangeOutcome.ANSWERED}
    assert len(await town.client("tax").exchange_records()) == 20
    await inquirer.close()
    await hub.close()


async def test_more_records_than_fit_one_message_come_in_order(town: Any) -> None:
    childcare = town.client("childcare")
    asking = [town.inquiry(0, procedure_code="JT99000000000007") for _ in range(520)]
    slots = asyncio.Semaphore(32)

    async def refuse(one: node_pb2.Inquiry) -> None:
        async with slots:
            with pytest.raises(WarifuError, match="EXCHANGE_NOT_PERMITTED"):
                await childcare.inquire(one)

    await asyncio.gather(*(refuse(one) for one in asking))
    records = await childcare.exchange_records()
    assert {record.request_id for record in records} == {one.request_id for one in asking}
    assert [r.requested_time.ToMilliseconds() for r in records] == sorted(
        r.requested_time.ToMilliseconds() for r in records
    )


async def test_a_hub_that_restarts_loses_no_inquiry(town: Any) -> None:
    childcare = town.client("childcare")
    await childcare.inquire(town.inquiry(0))
    await town.stop_hub()
    waiting = [asyncio.create_task(childcare.inquire(town.inquiry(1), timeout=20)) for _ in range(5)]
    async with asyncio.timeout(20):
        while len(await childcare.exchange_records()) < 6:
            continue
    assert not any(task.done() for task in waiting)
    await town.start_hub()
    results = await asyncio.gather(*waiting)
    assert {result.state for result in results} == {node_pb2.INQUIRY_STATE_ANSWERED}
    assert len(await town.client("tax").exchange_records()) == 6


async def test_a_node_that_restarts_goes_on_with_what_was_submitted(town: Any) -> None:
    asking = town.inquiry(0)
    await town.stop_hub()
    await town.client("childcare").submit_inquiry(asking)
    await town.stop_node("childcare")
    await town.start_hub()
    await town.start_node("childcare")
    fetched = await town.client("childcare").fetch_answer(asking.request_id, wait=10)
    assert fetched.state == node_pb2.INQUIRY_STATE_ANSWERED
    (record,) = await town.client("childcare").exchange_records()
    assert record.outcome == node_pb2.EXCHANGE_OUTCOME_ANSWERED


async def test_a_provider_that_moves_is_found_again(town: Any) -> None:
    await town.stop_node("tax")
    await town.start_node("tax")
    result = await town.client("childcare").inquire(town.inquiry(0))
    assert result.state == node_pb2.INQUIRY_STATE_ANSWERED


async def test_a_provider_that_is_away_is_told_and_may_be_asked_again(town: Any, refused: Any) -> None:
    await town.stop_node("tax")
    asking = town.inquiry(0)
    error = await refused(town.client("childcare").inquire(asking))
    assert error.reason in {Reason.PROVIDER_UNREACHABLE, Reason.PROVIDER_FAILED}
    await town.start_node("tax")
    result = await town.client("childcare").inquire(asking)
    assert result.state == node_pb2.INQUIRY_STATE_ANSWERED
    (record,) = await town.client("childcare").exchange_records()
    assert record.outcome == node_pb2.EXCHANGE_OUTCOME_ANSWERED


async def test_no_my_number_is_in_any_file_of_a_node(town: Any) -> None:
    numbers = await town.my_numbers(20)
    await town.start_node("insurance")
    await town.acquire("insurance", numbers)
    await town.stop_node("insurance")
    content = b"".join(path.read_bytes() for path in (town.path / "insurance").rglob("*") if path.is_file())
    assert b"insurance-19" in content
    assert not [number for number in numbers if number.encode() in content]


async def test_two_nodes_files_share_nothing_but_exchange_records_and_the_network(town: Any) -> None:
    await town.client("childcare").inquire(town.inquiry(0))
    values: list[set[Any]] = []
    for party in ("childcare", "tax"):
        connection = sqlite3.connect(town.path / party / "node.sqlite3")
        tables = ("person", "replica", "inquiry", "provision")
        rows = [row for table in tables for row in connection.execute(f"SELECT * FROM {table}")]
        values.append({value for row in rows for value in row if isinstance(value, str | bytes) and len(value) > 8})
        connection.close()
    assert values[0]
    assert values[1]
    assert not values[0] & values[1]


async def test_a_certificate_taken_back_is_turned_away_once_the_hub_has_the_list(
    town: Any, refused: Any, clock: Any
) -> None:
    business = town.path / "childcare" / "business"
    serial = CredentialFiles(business / "tls.pem", business / "tls.key").current().serial
    root = Root.load(town.path / "root", clock)
    (town.path / "hub" / "revoked.pem").write_bytes(root.revocation_list([serial], clock))
    await town.stop_node("childcare")
    await town.start_node("childcare")
    assert (await refused(until_refused(town))).reason is Reason.CALLER_REVOKED


async def until_refused(town: Any) -> None:
    """Ask again and again; the node's edge looks at its file once a second."""
    childcare = town.client("childcare")
    async with asyncio.timeout(20):
        while True:
            await childcare.exchange_records()


async def test_a_second_call_about_an_inquiry_under_way_is_told_by_its_node_that_its_time_is_over(
    town: Any, refused: Any
) -> None:
    childcare, asking = town.client("childcare"), town.inquiry(0)
    await town.stop_hub()
    await childcare.submit_inquiry(asking)
    for _ in range(2):
        assert (await childcare.fetch_answer(asking.request_id)).state == node_pb2.INQUIRY_STATE_SUBMITTED
    assert (await childcare.fetch_answer(asking.request_id, wait=0.1)).state == node_pb2.INQUIRY_STATE_SUBMITTED
    assert (await refused(childcare.inquire(asking, timeout=2))).reason is Reason.HUB_TIMED_OUT
    await town.start_hub()
    assert (await childcare.fetch_answer(asking.request_id, wait=30)).state == node_pb2.INQUIRY_STATE_ANSWERED


async def test_a_wait_beyond_the_bound_is_refused_by_its_field(town: Any, refused: Any) -> None:
    error = await refused(town.client("childcare").fetch_answer(bytes(16), wait=30.1))
    assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "wait_ms")
