"""Each fault by itself: how it is asked for, and what it makes of a call."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.log.v1.log_service_pb2 import ListLeavesRequest
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.errors import Reason
from warifu.rpc.paging import LARGEST_PAGE, PAGE_SIZE
from warifu_kit.faults.carrying import edited
from warifu_kit.faults.deciding import Meeting, cannot_meet
from warifu_kit.faults.draws import Draws, FaultedCall
from warifu_kit.faults.kinds import KINDS, KNOBS, chain_text, parse_chain
from warifu_kit.faults.plan import BrokenOff, Plan, Refusal, Unanswered
from warifu_kit.faults.rpcs import BROKEN_OFF, every_rpc, names_exchange

DRAWS = Draws(5, FaultedCall(party="hub", rpc="HubService.Exchange", exchange=b"e", attempt=1))
ARGUMENTS = {"delay": ":200ms", "skew": ":-90000ms", "refuse": ":OVERLOADED"}


def planned(text: str) -> Plan:
    return Meeting(draws=DRAWS, faults=parse_chain(text), by="call").plan


def planned_words(text: str) -> str:
    return Meeting(draws=DRAWS, faults=parse_chain(text), by="call").line.done


def changed(text: str, message: Message) -> bytes:
    plan = planned(text)
    return edited(type(message), message.SerializeToString(), (*plan.edit_request, *plan.edit_sent), DRAWS)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_fault_is_written_as_it_is_read(name: str) -> None:
    text = name + ARGUMENTS.get(name, "")
    assert chain_text(parse_chain(text)) == text


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_fault_says_how_it_is_asked_for(name: str) -> None:
    kind = KINDS[name]
    assert kind.written.partition(":")[0] == name
    assert (":" in kind.written) == (name in ARGUMENTS)
    assert kind.told


@pytest.mark.parametrize("name", sorted(KINDS))
def test_what_was_done_is_said_in_plain_words(name: str) -> None:
    said = planned_words(name + ARGUMENTS.get(name, ""))
    assert said.startswith("the call ")
    assert not set("`[]") & set(said)
    assert "drawn" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("delay:12s", "the call waits 12000 ms before the party acts"),
        ("skew:-5m", "the call is served by a party whose clock is behind by 300000 ms"),
        ("refuse:OVERLOADED", "the call is refused with OVERLOADED, and the party never got it"),
    ],
)
def test_what_was_done_is_said_with_what_it_was_asked_with(text: str, said: str) -> None:
    assert planned_words(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no fault is called ''"),
        ("dely:1s", "no fault is called 'dely'"),
        ("delay", "is no length of time"),
        ("delay:0ms", "not between 1ms and 20s"),
        ("delay:21s", "not between 1ms and 20s"),
        ("refuse:NO_SUCH", "no reason of the catalogue"),
        ("duplicate:2", "takes no argument"),
        ("+".join(["duplicate"] * 9), "8 faults at most"),
        ("delay:1s+unavailable_after+drop_reply", "unavailable_after and drop_reply each end a call"),
    ],
)
def test_what_is_no_fault_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        parse_chain(text)


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("delay:200ms", Plan(wait_ms=200)),
        ("delay:200ms+delay:1s", Plan(wait_ms=1200)),
        ("unavailable_before", Plan(deliveries=0, end=BrokenOff())),
        ("unavailable_after", Plan(end=BrokenOff())),
        ("duplicate", Plan(deliveries=2)),
        ("skew:-5m", Plan(skew_ms=-300_000)),
        ("expiring_permit", Plan(skew_ms=-480_000)),
        ("retired_key", Plan(deliveries=0, end=Refusal(Reason.EPOCH_STALE))),
        ("refuse:OVERLOADED", Plan(deliveries=0, end=Refusal(Reason.OVERLOADED))),
        ("drop_request", Plan(deliveries=0, end=Unanswered())),
        ("drop_reply", Plan(end=Unanswered())),
        ("duplicate+delay:1s+drop_reply", Plan(wait_ms=1000, deliveries=2, end=Unanswered())),
    ],
)
def test_what_a_chain_makes_of_a_call(text: str, plan: Plan) -> None:
    assert planned(text) == plan


def test_an_unknown_field_changes_no_known_one() -> None:
    reply = ExchangeResponse(processing_number="1" * 20, answer=SignedAnswer(sealed_answer=b"sealed"))
    told = ExchangeResponse.FromString(changed("unknown_field", reply))
    unknown: Any = UnknownFieldSet(told)
    assert [field.field_number for field in unknown] == [100_001]
    told.DiscardUnknownFields()
    assert told == reply


def test_tampering_turns_one_bit_over_in_the_longest_field_of_bytes() -> None:
    answer = SignedAnswer(sealed_answer=bytes(300), provider_signature=bytes(64))
    told = ExchangeResponse.FromString(changed("tamper", ExchangeResponse(processing_number="1", answer=answer)))
    assert sum(byte.bit_count() for byte in told.answer.sealed_answer) == 1
    assert told.answer.provider_signature == bytes(64)
    assert told.processing_number == "1"


def test_a_message_without_bytes_stays_as_it_is() -> None:
    reply = ExchangeResponse(processing_number="1")
    assert changed("tamper", reply) == reply.SerializeToString()


@pytest.mark.parametrize("asked", [0, 1, 2, 100, 5_000])
def test_a_short_page_has_half_of_what_was_asked_for_at_most_and_something(asked: int) -> None:
    told = ListLeavesRequest.FromString(changed("short_page", ListLeavesRequest(page_size=asked)))
    whole = min(asked or PAGE_SIZE, LARGEST_PAGE)
    assert 1 <= told.page_size <= max(whole // 2, 1)


def test_what_does_not_parse_is_not_edited() -> None:
    assert edited(ExchangeResponse, b"\xff", planned("unknown_field").edit_sent, DRAWS) == b"\xff"


def test_every_knob_is_of_rpcs_that_there_are_and_that_can_meet_it() -> None:
    known = every_rpc()
    for kind in KNOBS:
        assert kind.knob is not None
        assert 0 < kind.knob.rate <= 0.25
        for rpc in kind.knob.rpcs:
            assert cannot_meet(known[rpc], (kind.drawn(DRAWS),)) == ""


def test_for_every_rpc_whose_calls_share_a_stream_it_is_known_what_breaking_off_means() -> None:
    shared = {rpc.stands_for.name for rpc in every_rpc().values() if rpc.stands_for is not None}
    assert shared == set(BROKEN_OFF)


def test_a_stream_of_requests_cannot_meet_anything() -> None:
    rpc = every_rpc()["NodeService.AcquireCodes"]
    assert "stream of requests" in cannot_meet(rpc, parse_chain("delay:1s"))


def test_a_stream_of_replies_cannot_meet_what_needs_one_reply() -> None:
    rpc = every_rpc()["NodeService.ListExchangeRecords"]
    assert cannot_meet(rpc, parse_chain("delay:1s+short_page+refuse:OVERLOADED")) == ""
    assert "needs one reply" in cannot_meet(rpc, parse_chain("delay:1s+tamper"))


def test_a_message_without_a_field_of_bytes_cannot_be_tampered_with() -> None:
    look_up = every_rpc()["AdapterService.LookUp"]
    assert "no field of bytes in its request" in cannot_meet(look_up, parse_chain("tamper"), made=True)
    assert "no field of bytes in its reply" in cannot_meet(every_rpc()["NodeService.SetFlags"], parse_chain("tamper"))
    assert cannot_meet(every_rpc()["AgencyService.Provide"], parse_chain("tamper"), made=True) == ""


def test_keys_of_the_directory_retire_only_where_calls_go_by_them() -> None:
    known, retired = every_rpc(), parse_chain("retired_key")
    assert "means nothing to AdapterService" in cannot_meet(known["AdapterService.LookUp"], retired, made=True)
    assert "means nothing to NodeService" in cannot_meet(known["NodeService.Inquire"], retired)
    assert (
        cannot_meet(known["AgencyService.Provide"], retired) == cannot_meet(known["HubService.Exchange"], retired) == ""
    )


def test_which_requests_say_what_exchange_they_are_about() -> None:
    known = every_rpc()
    for name in ("HubService.Exchange", "AgencyService.Provide", "NodeService.Inquire", "NodeService.FetchAnswer"):
        assert names_exchange(known[name]), name
    for name in ("AdapterService.LookUp", "AdapterService.GetClerkDecision", "NodeService.DecideProvision"):
        assert names_exchange(known[name]), f"{name}, by its processing number"
    for name in ("AdapterService.GetReadiness", "PartyService.GetStatus", "NodeService.ListExchangeRecords"):
        assert not names_exchange(known[name]), name
