"""Exchanges through a real hub process: what is answered, and every way an inquiry is refused."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import grpc
import pytest

from warifu.api.hub.v1 import hub_service_pb2 as hub_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.clock import ManualClock, SystemClock
from warifu.curve.edwards25519 import IDENTITY
from warifu.curve.group import Point
from warifu.errors import Reason
from warifu.exchange.code_proof import prove_own
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ExchangeContext, ExchangeFlags
from warifu.exchange.statements import check_answer, inquiry_digest, sign_inquiry
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode

ORDER_EIGHT = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
MEBIBYTE = 1024 * 1024


def altered(asker: Any, inquiry: SignedInquiry, **changes: Any) -> SignedInquiry:
    """The inquiry with other context fields, signed again by its inquirer."""
    copy = SignedInquiry()
    copy.CopyFrom(inquiry)
    copy.context = replace(ExchangeContext.decode(inquiry.context), **changes).encode()
    sign_inquiry(asker.keys.signing_key, copy)
    return copy


async def test_an_inquiry_is_answered_and_the_answer_is_the_providers(asker: Any, tax_office: Any, log: Any) -> None:
    inquiry = asker.inquiry()
    response = await asker.send(inquiry)
    check_answer(
        tax_office.keys.own.signing_key,
        response.answer,
        asked=inquiry_digest(inquiry),
        processing_number=response.processing_number,
    )
    assert response.permission_row == "R01"
    assert await log.of(inquiry) == [("PERMITTED", ""), ("ANSWERED", "")]


async def test_the_same_bytes_get_the_same_answer_and_other_bytes_are_refused(asker: Any, tax_office: Any) -> None:
    request_id = secrets.token_bytes(16)
    inquiry = asker.inquiry(request_id=request_id)
    first = await asker.send(inquiry)
    assert await asker.send(inquiry) == first
    assert (await asker.refused(asker.inquiry(request_id=request_id))).reason is Reason.REQUEST_REUSED
    assert len(tax_office.permits) == 1


async def test_sixty_four_calls_with_one_request_id_share_one_exchange(asker: Any, tax_office: Any, log: Any) -> None:
    inquiry, gathered = asker.inquiry(), asyncio.Event()

    async def slow(permit: Any) -> bytes:
        await gathered.wait()
        answer: bytes = await tax_office.honest(permit)
        return answer

    tax_office.act = slow
    sent = [asyncio.ensure_future(asker.send(inquiry)) for _ in range(64)]
    async with asyncio.timeout(10):
        while not tax_office.permits:  # noqa: ASYNC110  # the provider cannot tell of itself
            await asyncio.sleep(0.005)
    gathered.set()
    responses = await asyncio.gather(*sent)
    assert all(response == responses[0] for response in responses)
    assert len(tax_office.permits) == 1
    assert await log.of(inquiry) == [("PERMITTED", ""), ("ANSWERED", "")]


async def test_many_exchanges_at_once_are_each_answered_once(asker: Any, tax_office: Any) -> None:
    inquiries = [asker.inquiry() for _ in range(100)]
    responses = await asyncio.gather(*map(asker.send, inquiries))
    assert len({response.processing_number for response in responses}) == 100
    assert sorted(permit.inquiry.context for permit in tax_office.permits) == sorted(
        inquiry.context for inquiry in inquiries
    )


CONTEXTS: dict[str, tuple[dict[str, Any], Reason]] = {
    "another suite": ({"suite": 77}, Reason.SUITE_UNKNOWN),
    "a stale epoch of the inquirer": ({"epoch_from": 0}, Reason.EPOCH_STALE),
    "a stale epoch of the provider": ({"epoch_to": 2}, Reason.EPOCH_STALE),
    "a key id of another epoch": ({"key_id_to": bytes(8)}, Reason.EPOCH_STALE),
    "an unknown institution": ({"provider": InstitutionCode("9999999999999999")}, Reason.INSTITUTION_UNKNOWN),
    "an unknown procedure": ({"procedure_code": ProcedureCode("JT77777777777777")}, Reason.PROCEDURE_UNKNOWN),
    "an unknown item": ({"item_code": ItemCode("TM77777777777777")}, Reason.ITEM_UNKNOWN),
    "an item the row does not have": ({"item_code": ItemCode("TM00000000000089")}, Reason.EXCHANGE_NOT_PERMITTED),
    "an ordinance affair there is none of": ({"flags": ExchangeFlags.ORDINANCE}, Reason.EXCHANGE_NOT_PERMITTED),
}


@pytest.mark.parametrize("case", CONTEXTS)
async def test_what_the_law_or_the_directory_does_not_know_is_refused_logged_and_not_forwarded(
    asker: Any, tax_office: Any, log: Any, case: str
) -> None:
    changes, reason = CONTEXTS[case]
    inquiry = altered(asker, asker.inquiry(), **changes)
    assert (await asker.refused(inquiry)).reason is reason
    assert await log.of(inquiry) == [("REFUSED", reason.value)]
    assert tax_office.permits == []


async def test_a_flag_nobody_knows_is_refused(asker: Any, tax_office: Any) -> None:
    inquiry = asker.inquiry()
    inquiry.context = inquiry.context[:82] + b"\x80\x00" + inquiry.context[84:]
    sign_inquiry(asker.keys.signing_key, inquiry)
    refused = await asker.refused(inquiry)
    assert (refused.reason, refused.where) == (Reason.REQUEST_MALFORMED, "inquiry.context.flags")


POINTS = {
    "the identity": bytes(IDENTITY),
    "a point of small order": ORDER_EIGHT,
    "a point that is not canonical": b"\xff" * 32,
    "a short point": bytes(31),
    "a long point": bytes(33),
    "nothing": b"",
}


@pytest.mark.parametrize("half", ["c1", "c2"])
@pytest.mark.parametrize("case", POINTS)
async def test_an_invalid_point_signed_by_its_inquirer_is_refused_and_not_forwarded(
    asker: Any, tax_office: Any, log: Any, case: str, half: str
) -> None:
    inquiry, group = asker.inquiry(), asker.directory.group
    r, code = group.random_scalar(), inquiry.encrypted_code
    code.c1 = group.base_multiply(r)
    setattr(code, half, POINTS[case])
    inquiry.code_proof = prove_own(group, r, EncryptedCode(Point(code.c1), Point(code.c2)), inquiry.context)
    sign_inquiry(asker.keys.signing_key, inquiry)
    assert (await asker.refused(inquiry)).reason is Reason.POINT_INVALID
    assert tax_office.permits == []
    assert (await log.of(inquiry))[-1][1] == "POINT_INVALID"


async def test_a_flipped_bit_anywhere_in_a_message_is_refused(asker: Any, tax_office: Any) -> None:
    encoded = asker.inquiry().SerializeToString()
    call = asker.channel.unary_unary("/warifu.api.hub.v1.HubService/Exchange")
    expected = {
        Reason.REQUEST_MALFORMED,
        Reason.CALLER_NOT_IDENTIFIED,
        Reason.SUITE_UNKNOWN,
        Reason.POINT_INVALID,
        Reason.CLOCK_SKEWED,
        Reason.EPOCH_STALE,
        Reason.INSTITUTION_UNKNOWN,
        Reason.PROCEDURE_UNKNOWN,
        Reason.ITEM_UNKNOWN,
        Reason.EXCHANGE_NOT_PERMITTED,
        Reason.SIGNATURE_INVALID,
    }

    async def flipped(bit: int) -> None:
        spoilt = bytearray(encoded)
        spoilt[bit // 8] ^= 1 << bit % 8
        # Under a length of its own, so that a spoilt inquiry is still an inquiry's place in the request.
        request = b"\x0a" + len(spoilt).to_bytes(1) if len(spoilt) < 128 else b"\x0a" + varint(len(spoilt))
        refused = await asker.calls.failed(call(request + bytes(spoilt), timeout=10))
        assert refused.reason in expected, bit

    bits = secrets.SystemRandom().sample(range(len(encoded) * 8), 200)
    for first in range(0, len(bits), 50):  # no more at once than a connection takes
        await asyncio.gather(*map(flipped, bits[first : first + 50]))
    assert tax_office.permits == []


def varint(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80]) + varint(number >> 7) if number > 0x7F else bytes([number])


async def test_a_signature_by_another_agency_is_refused(asker: Any, tax_office: Any) -> None:
    inquiry = asker.inquiry()
    sign_inquiry(tax_office.keys.signing_key, inquiry)
    assert (await asker.refused(inquiry)).reason is Reason.SIGNATURE_INVALID


@pytest.mark.parametrize("minutes", [-20, 10])
async def test_an_inquirer_whose_clock_is_far_off_is_refused(asker: Any, log: Any, minutes: int) -> None:
    asker.clock = ManualClock(SystemClock().now() + timedelta(minutes=minutes))
    inquiry = asker.inquiry()
    assert (await asker.refused(inquiry)).reason is Reason.CLOCK_SKEWED
    assert await log.of(inquiry) == [("REFUSED", "CLOCK_SKEWED")]


@pytest.mark.parametrize(
    ("size", "where"), [(2 * MEBIBYTE, "request"), (9 * MEBIBYTE, "")], ids=["2 MiB", "more than gRPC itself takes"]
)
async def test_a_message_that_is_too_large_is_refused_by_name(asker: Any, size: int, where: str) -> None:
    inquiry = asker.inquiry()
    inquiry.sealed_query = bytes(size)
    refused = await asker.refused(inquiry)
    assert (refused.reason, refused.where) == (Reason.REQUEST_TOO_LARGE, where)
    await asker.refused(SignedInquiry())  # the connection still works


@pytest.mark.parametrize("timeout_ms", [0, 1, 120])
async def test_too_short_a_deadline_is_refused_before_anything_is_permitted(
    asker: Any, tax_office: Any, log: Any, timeout_ms: int
) -> None:
    inquiry = asker.inquiry()
    assert (await asker.refused_within(inquiry, timeout_ms)).reason is Reason.DEADLINE_TOO_SHORT
    assert await log.of(inquiry) == [("REFUSED", "DEADLINE_TOO_SHORT")]
    assert tax_office.permits == []


def stream_of(*calls: hub_pb2.ExchangeCall) -> hub_pb2.ExchangeStreamRequest:
    return hub_pb2.ExchangeStreamRequest(calls=calls)


async def test_calls_on_one_stream_each_end_in_their_own_way(asker: Any, tax_office: Any) -> None:
    good, twice = asker.inquiry(), asker.inquiry()
    bad = altered(asker, asker.inquiry(), epoch_to=9)
    calls = [
        hub_pb2.ExchangeCall(call_number=number, timeout_ms=5000, request=hub_pb2.ExchangeRequest(inquiry=inquiry))
        for number, inquiry in enumerate([good, bad, twice, twice, SignedInquiry()])
    ]
    replies = asker.hub.ExchangeStream(iter([stream_of(*calls[:2]), stream_of(*calls[2:])]), timeout=10)
    ends = {reply.call_number: reply async for message in replies for reply in message.replies}
    assert [ends[number].WhichOneof("end") for number in range(5)] == [
        "response",
        "failure",
        "response",
        "response",
        "failure",
    ]
    assert (ends[1].failure.reason, ends[4].failure.reason) == ("EPOCH_STALE", "REQUEST_MALFORMED")
    assert ends[2].response == ends[3].response
    assert len(tax_office.permits) == 2


@pytest.mark.parametrize("count", [0, 257])
async def test_an_empty_or_overfull_message_ends_the_stream(asker: Any, count: int) -> None:
    message = stream_of(*(hub_pb2.ExchangeCall(call_number=number, timeout_ms=5000) for number in range(count)))

    async def read() -> None:
        async for _ in asker.hub.ExchangeStream(iter([message]), timeout=10):
            pass

    refused = await asker.calls.failed(read())
    assert (refused.reason, refused.where) == (Reason.REQUEST_MALFORMED, "calls")


async def test_a_message_that_is_none_is_refused_by_name(asker: Any) -> None:
    call = asker.channel.unary_unary("/warifu.api.hub.v1.HubService/Exchange")
    for garbage in (b"\xff", b"\x0a\xff", b"GET / HTTP/1.1\r\n\r\n"):
        assert (await asker.calls.failed(call(garbage, timeout=10))).reason is Reason.REQUEST_MALFORMED


async def test_a_method_that_is_none_is_refused(asker: Any) -> None:
    call = asker.channel.unary_unary("/warifu.api.hub.v1.HubService/Translate")
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call(b"", timeout=10)
    assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED
