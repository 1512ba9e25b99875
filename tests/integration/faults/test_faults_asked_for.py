"""Faults that somebody asks for, at real parties: alike for an exchange that comes alone and for one on a stream."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.protobuf.unknown_fields import UnknownFieldSet

from warifu.api.node.v1.node_service_pb2 import ListExchangeRecordsRequest
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub
from warifu.client import NetworkDescription, NodeClient, SupervisionClient
from warifu.errors import Reason, WarifuError
from warifu_kit.demo.patience import Patience
from warifu_kit.faults.wire.together import MARKED_AT_MOST

EXCHANGE, PROVIDE = "HubService.Exchange", "AgencyService.Provide"


def by(calm: Any, party: str, inquiry: Any) -> list[tuple[str, str, int]]:
    """What the ledger of a party says was done to one exchange."""
    request_id = inquiry.context[2:18].hex()
    return [(line.by, line.faults, line.attempt) for line in calm.ledger(party) if line.exchange == request_id]


def unknown_fields(message: Any) -> list[int]:
    found: Any = UnknownFieldSet(message)
    return [field.field_number for field in found]


async def test_the_next_calls_of_an_rpc_are_refused_and_then_it_goes_on(calm: Any, insurer: Any, send: Any) -> None:
    rule = calm.ask("hub", EXCHANGE, "refuse:OVERLOADED", times=2)
    ended = [await send(insurer.inquiry()) for _ in range(3)]
    assert [each.reason for each in ended] == ["OVERLOADED", "OVERLOADED", ""]
    assert [each.marks for each in ended] == [["refuse:OVERLOADED"], ["refuse:OVERLOADED"], []]
    assert sum(line.by == f"rule {rule.number}" for line in calm.ledger("hub")) == 2


async def test_this_call_only_is_asked_for_in_its_metadata(calm: Any, insurer: Any, send: Any) -> None:
    inquiry = insurer.inquiry()
    first = await send(inquiry, asked="delay:20ms+refuse:LOG_UNAVAILABLE")
    assert (first.reason, first.marks) == ("LOG_UNAVAILABLE", ["delay:20ms+refuse:LOG_UNAVAILABLE"])
    second = await send(inquiry)
    assert (second.reason, second.marks) == ("", [])
    assert by(calm, "hub", inquiry) == [("call", "delay:20ms+refuse:LOG_UNAVAILABLE", 1)]


async def test_what_is_no_fault_is_refused_and_the_party_does_nothing(calm: Any, insurer: Any, send: Any) -> None:
    inquiry = insurer.inquiry()
    ended = await send(inquiry, asked="dely:20ms")
    assert ended.reason == "REQUEST_MALFORMED"
    assert "no fault is called 'dely'" in ended.error.where
    assert by(calm, "hub", inquiry) == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("unavailable_before", "HUB_UNREACHABLE"),
        ("unavailable_after", "HUB_UNREACHABLE"),
        ("drop_request", "HUB_TIMED_OUT"),
        ("drop_reply", "HUB_TIMED_OUT"),
        ("retired_key", "EPOCH_STALE"),
        ("skew:-60m", "CLOCK_SKEWED"),
        ("skew:60m", "CLOCK_SKEWED"),
        ("refuse:LOG_BEHIND", "LOG_BEHIND"),
    ],
)
async def test_how_a_call_ends_that_meets_it(calm: Any, insurer: Any, send: Any, fault: str, reason: str) -> None:
    inquiry = insurer.inquiry()
    calm.ask("hub", EXCHANGE, fault, exchange=inquiry.context[2:18].hex())
    ended = await send(inquiry, timeout=1.5 if "drop" in fault else 20)
    assert ended.reason == reason
    assert [each[1].partition(":")[0] for each in by(calm, "hub", inquiry)] == [fault.partition(":")[0]]


@pytest.mark.parametrize(
    ("fault", "acted"), [("unavailable_before", False), ("unavailable_after", True), ("drop_reply", True)]
)
async def test_whether_the_party_acted_shows_in_who_is_asked(
    calm: Any, insurer: Any, send: Any, fault: str, acted: bool
) -> None:
    """The tax office keeps count: what it is asked for again is a second attempt there, or the first."""
    inquiry = insurer.inquiry()
    calm.ask("hub", EXCHANGE, fault, exchange=inquiry.context[2:18].hex())
    calm.ask("tax", PROVIDE, "delay:1ms", times=0, exchange=inquiry.context[2:18].hex())
    assert (await send(inquiry, timeout=3)).error is not None
    assert len(by(calm, "tax", inquiry)) == int(acted)
    answered = await send(inquiry)
    assert answered.response is not None
    assert by(calm, "tax", inquiry) == [(by(calm, "tax", inquiry)[0][0], "delay:1ms", 1)]


async def test_a_duplicate_gets_the_same_answer_and_nobody_is_asked_twice(calm: Any, insurer: Any, send: Any) -> None:
    inquiry = insurer.inquiry()
    calm.ask("hub", EXCHANGE, "duplicate", exchange=inquiry.context[2:18].hex())
    calm.ask("tax", PROVIDE, "duplicate", exchange=inquiry.context[2:18].hex())
    first, second = await send(inquiry), await send(inquiry)
    assert first.marks == ["duplicate"]
    assert first.response == second.response
    assert [(faults, attempt) for _, faults, attempt in by(calm, "tax", inquiry)] == [("duplicate", 1)]


async def test_an_unknown_field_is_passed_over(calm: Any, insurer: Any, send: Any) -> None:
    inquiry = insurer.inquiry()
    ended = await send(inquiry, asked="unknown_field")
    assert unknown_fields(ended.response) == [100_001]
    ended.response.DiscardUnknownFields()
    assert ended.response == (await send(inquiry)).response


async def test_a_tampered_reply_differs_from_the_true_one(calm: Any, insurer: Any, send: Any) -> None:
    inquiry = insurer.inquiry()
    tampered, true = await send(inquiry, asked="tamper"), await send(inquiry)
    assert tampered.response.answer.sealed_answer != true.response.answer.sealed_answer
    assert tampered.response.processing_number == true.response.processing_number


async def test_other_exchanges_of_the_same_stream_notice_nothing(calm: Any, insurer: Any) -> None:
    inquiries = [insurer.inquiry() for _ in range(12)]
    for inquiry in inquiries[::3]:
        calm.ask("hub", EXCHANGE, "unavailable_before", exchange=inquiry.context[2:18].hex())
    ended = await insurer.on_one_stream(inquiries)
    assert [each.reason for each in ended] == ["HUB_UNREACHABLE", "", ""] * 4
    assert [each.marks for each in ended] == [["unavailable_before"], [], []] * 4


async def test_a_stream_names_the_calls_that_were_changed_last(calm: Any, insurer: Any) -> None:
    calm.ask("hub", EXCHANGE, "refuse:OVERLOADED", times=40)
    ended = await insurer.on_one_stream([insurer.inquiry() for _ in range(40)])
    assert {each.reason for each in ended} == {"OVERLOADED"}
    assert sum(len(each.marks) for each in ended) == MARKED_AT_MOST


async def test_only_the_call_that_asked_for_it_sees_the_wrong_time(calm: Any, insurer: Any) -> None:
    inquiries = [insurer.inquiry() for _ in range(6)]
    for inquiry in inquiries[::2]:
        calm.ask("hub", EXCHANGE, "skew:60m", exchange=inquiry.context[2:18].hex())
    ended = await insurer.on_one_stream(inquiries)
    assert [each.reason for each in ended] == ["CLOCK_SKEWED", ""] * 3


async def test_a_provider_whose_clock_is_wrong_accuses_nobody(calm: Any, insurer: Any, send: Any) -> None:
    for fault, reason in (("skew:2m", ""), ("skew:-60m", "PROVIDER_FAILED")):
        inquiry = insurer.inquiry()
        calm.ask("tax", PROVIDE, fault, exchange=inquiry.context[2:18].hex())
        assert (await send(inquiry)).reason == reason
    assert "PERMIT_HELD_BACK" not in (calm.path / "tax" / "party.log").read_text("utf-8")


async def test_a_provider_that_breaks_off_has_failed_to_the_inquirer(calm: Any, insurer: Any, send: Any) -> None:
    inquiry = insurer.inquiry()
    for fault in ("unavailable_before", "retired_key", "refuse:STORE_UNAVAILABLE"):
        calm.ask("tax", PROVIDE, fault, exchange=inquiry.context[2:18].hex())
    assert [(await send(inquiry)).reason for _ in range(4)] == ["PROVIDER_FAILED"] * 3 + [""]


async def test_who_may_not_call_meets_nothing(calm: Any, calls: Any, insurer_of: Any) -> None:
    stranger = insurer_of(calm, calls.to(calm, caller="authority"))
    inquiry = stranger.inquiry()
    ended = await stranger.alone(inquiry, asked="refuse:OVERLOADED")
    assert (ended.reason, ended.marks) == ("CALLER_NOT_ALLOWED", [])
    assert by(calm, "hub", inquiry) == []


async def test_a_hub_that_a_person_started_passes_over_what_a_call_asks_for(
    lone_hub: Any, calls: Any, insurer_of: Any
) -> None:
    """Nothing is provided there, for no agency is up; but what is said comes from the hub, and no mark with it."""
    insurer = insurer_of(lone_hub, calls.to(lone_hub, caller="insurance"))
    for send in (insurer.alone, insurer.together):
        ended = await send(insurer.inquiry(), asked="refuse:OVERLOADED")
        assert (ended.reason, ended.marks) == ("PROVIDER_UNREACHABLE", [])
    assert not (lone_hub.path / "hub" / "faults.jsonl").exists()


async def test_a_shortened_page_leads_to_the_next_and_nothing_is_left_out(calm: Any) -> None:
    connection = NetworkDescription.load(calm.path).to_node("childcare")
    async with NodeClient(connection) as node:
        inquiries = list(calm.inquiries(1))[:6]
        childcares = [each for each in inquiries if each.procedure_code == calm.plan.procedures[0].procedure_code]
        for inquiry in childcares:
            await node.inquire(inquiry)
        whole = await node.exchange_records()
        calm.ask("childcare", "NodeService.ListExchangeRecords", "short_page", times=0)
        stub: Any = node._peer.stub(NodeServiceStub)
        call = stub.ListExchangeRecords(ListExchangeRecordsRequest(page_size=4), timeout=20)
        pages = [list(page.records) async for page in call]
        marks = [value for key, value in await call.trailing_metadata() if key == "warifu-fault"]
    assert [record for page in pages for record in page] == whole
    assert max(map(len, pages)) <= 2
    assert marks == ["short_page"]


async def test_an_inquiry_that_soon_expires_is_answered_all_the_same(calm: Any) -> None:
    connection = NetworkDescription.load(calm.path).to_node("childcare")
    inquiry = next(calm.inquiries(2))
    calm.ask("childcare", "NodeService.Inquire", "expiring_permit", exchange=inquiry.request_id.hex())
    async with NodeClient(connection) as node:
        result = await node.inquire(inquiry)
        (record,) = [each for each in await node.exchange_records() if each.request_id == inquiry.request_id]
    assert result.processing_number
    age_s = calm_now() - record.requested_time.ToSeconds()
    assert 8 * 60 <= age_s <= 10 * 60


def calm_now() -> int:
    from warifu.clock import SystemClock

    return SystemClock().unix_ms() // 1000


async def test_a_tampered_answer_is_found_out_by_the_node_and_asked_for_again(calm: Any) -> None:
    connection = NetworkDescription.load(calm.path).to_node("childcare")
    inquiry = next(calm.inquiries(3))
    calm.ask("hub", EXCHANGE, "tamper", exchange=inquiry.request_id.hex())
    async with NodeClient(connection) as node:
        with pytest.raises(WarifuError) as failed:
            await node.inquire(inquiry)
        assert failed.value.reason is Reason.HUB_ANSWER_INVALID
        assert (await node.inquire(inquiry)).processing_number


async def test_a_business_system_can_have_its_own_call_fail(calm: Any) -> None:
    connection = NetworkDescription.load(calm.path).to_node("childcare")
    inquiry = next(calm.inquiries(4))
    calm.ask("childcare", "NodeService.Inquire", "unavailable_after", exchange=inquiry.request_id.hex())
    async with NodeClient(connection) as node:
        patience = Patience()
        assert (await patience.of(lambda: node.inquire(inquiry))).processing_number
    assert patience.retries == {Reason.NODE_UNREACHABLE: 1}


async def test_a_caller_that_goes_leaves_nothing_behind(calm: Any, insurer: Any) -> None:
    inquiry = insurer.inquiry()
    calm.ask("hub", EXCHANGE, "delay:20s", exchange=inquiry.context[2:18].hex())
    ended = await insurer.alone(inquiry, timeout=0.5)
    assert ended.reason == "HUB_TIMED_OUT"
    assert (await insurer.alone(inquiry)).response is not None


async def test_many_dropped_calls_hold_up_no_other(calm: Any, insurer: Any) -> None:
    """More than a hub reads messages of one caller at a time."""
    inquiries = [insurer.inquiry() for _ in range(24)]
    calm.ask("hub", EXCHANGE, "drop_request", times=24)
    dropped = asyncio.gather(*(insurer.alone(each, timeout=10) for each in inquiries))
    while sum(len(by(calm, "hub", each)) for each in inquiries) < 24:  # noqa: ASYNC110  # the hub is another process
        await asyncio.sleep(0.01)
    assert (await insurer.alone(insurer.inquiry(), timeout=5)).response is not None
    dropped.cancel()


async def test_lists_that_meet_something_hold_up_no_other(calm: Any) -> None:
    """Many more than a hub has in hand of one caller at a time, each delivered twice."""
    calm.ask("hub", "SupervisionService.ListWithdrawnAssessments", "short_page+delay:10ms+duplicate", times=40)
    async with SupervisionClient(NetworkDescription.load(calm.path).to_hub()) as supervisor:
        lists = await asyncio.gather(*(supervisor.withdrawn_assessments() for _ in range(40)))
    assert lists == [[]] * 40
