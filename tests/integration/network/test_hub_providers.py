"""What a hub makes of a provider that is down, slow, wrong or hostile; the provider has its real certificate and keys."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from warifu.api.agency.v1.agency_service_pb2 import ProvideResponse
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import check_permit
from warifu.exchange.statements import sign_answer
from warifu.rpc.server import build_server
from warifu_services.agencies.residence import RESIDENT_RECORD

Act = Callable[[ProvisionPermit], Awaitable[bytes]]


@pytest.fixture(params=["stream", "unary"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "stream")


def answering(response: bytes) -> Act:
    async def act(_: ProvisionPermit) -> bytes:
        return response

    return act


def raising(error: Exception) -> Act:
    async def act(_: ProvisionPermit) -> bytes:
        raise error

    return act


GARBAGE: dict[str, tuple[Act, Reason]] = {
    "bytes that are no message": (answering(b"\xff\xff\xff"), Reason.PROVIDER_FAILED),
    "an empty message": (answering(b""), Reason.PROVIDER_ANSWER_INVALID),
    "an empty answer": (answering(b"\x0a\x00"), Reason.PROVIDER_ANSWER_INVALID),
    "another message": (answering(b"\x0a\x04\x0a\x02hi"), Reason.PROVIDER_ANSWER_INVALID),
    "five MiB": (
        answering(ProvideResponse().SerializeToString() + b"\xfa\x3f\x80\x80\xc0\x02" + bytes(5 << 20)),
        Reason.PROVIDER_ANSWER_INVALID,
    ),
    "nine MiB": (answering(bytes(9 << 20)), Reason.PROVIDER_FAILED),
    "a fault of its own": (raising(ZeroDivisionError("SECRET")), Reason.PROVIDER_FAILED),
    "a refusal of the permit": (raising(WarifuError(Reason.CLOCK_SKEWED, where="permit")), Reason.PROVIDER_FAILED),
    "a store that is full": (raising(WarifuError(Reason.STORE_UNAVAILABLE)), Reason.PROVIDER_FAILED),
}


@pytest.mark.parametrize("case", GARBAGE)
async def test_a_provider_that_answers_garbage_is_told_and_logged_as_the_one_who_failed(
    asker: Any, tax_office: Any, log: Any, case: str
) -> None:
    tax_office.act, reason = GARBAGE[case]
    inquiry = asker.inquiry()
    refused = await asker.refused(inquiry)
    assert refused.reason is reason
    assert "SECRET" not in f"{refused}"
    assert await log.of(inquiry) == [("PERMITTED", ""), ("FAILED", reason.value)]
    tax_office.act = tax_office.honest
    await asker.send(inquiry)
    assert (await log.of(inquiry))[-1] == ("ANSWERED", "")


async def test_an_answer_to_another_exchange_is_withheld(asker: Any, tax_office: Any, log: Any) -> None:
    first = await asker.send(asker.inquiry())
    tax_office.act = answering(ProvideResponse(answer=first.answer).SerializeToString())
    inquiry = asker.inquiry()
    assert (await asker.refused(inquiry)).reason is Reason.PROVIDER_ANSWER_INVALID
    assert await log.of(inquiry) == [("PERMITTED", ""), ("FAILED", "PROVIDER_ANSWER_INVALID")]


async def test_two_answers_given_to_each_others_exchange_are_both_withheld(asker: Any, tax_office: Any) -> None:
    both: dict[bytes, asyncio.Future[bytes]] = {}

    async def crossed(permit: ProvisionPermit) -> bytes:
        both[permit.inquiry.context] = asyncio.get_running_loop().create_future()
        own = await tax_office.honest(permit)
        async with asyncio.timeout(5):
            while len(both) < 2:  # noqa: ASYNC110  # the other call cannot tell of itself
                await asyncio.sleep(0.005)
        (other,) = (future for context, future in both.items() if context != permit.inquiry.context)
        other.set_result(own)
        return await both[permit.inquiry.context]

    tax_office.act = crossed
    refused = await asyncio.gather(asker.refused(asker.inquiry()), asker.refused(asker.inquiry()))
    assert [error.reason for error in refused] == [Reason.PROVIDER_ANSWER_INVALID] * 2


async def test_an_answer_under_another_processing_number_is_withheld(asker: Any, tax_office: Any) -> None:
    async def misnumbered(permit: ProvisionPermit) -> bytes:
        checked = check_permit(permit, keys=tax_office.keys, directory=tax_office.directory)
        answer = tax_office.answer_to(checked)
        sign_answer(tax_office.keys.signing_key, answer, asked=checked.asked, processing_number="2" * 20)
        return ProvideResponse(answer=answer).SerializeToString()

    tax_office.act = misnumbered
    assert (await asker.refused(asker.inquiry())).reason is Reason.PROVIDER_ANSWER_INVALID


async def test_a_provider_that_is_down_was_surely_not_asked(asker: Any, tax_office: Any, log: Any) -> None:
    await tax_office.server.stop(0)
    inquiry = asker.inquiry()
    refused = await asker.refused(inquiry)
    assert (refused.reason, refused.definite) == (Reason.PROVIDER_UNREACHABLE, True)
    assert await log.of(inquiry) == [("PERMITTED", ""), ("FAILED", "PROVIDER_UNREACHABLE")]


async def test_a_provider_that_comes_back_elsewhere_is_found(asker: Any, tax_office: Any, log: Any) -> None:
    await tax_office.server.stop(0)
    inquiry = asker.inquiry()
    await asker.refused(inquiry)
    await tax_office.open()
    await asker.send(inquiry)
    assert [event for event, _ in await log.of(inquiry)] == ["PERMITTED", "FAILED", "ANSWERED"]


async def test_a_provider_that_breaks_off_may_have_answered(asker: Any, tax_office: Any) -> None:
    async def break_off(_: ProvisionPermit) -> bytes:
        asyncio.get_running_loop().create_task(tax_office.server.stop(0))  # it ends with the server
        await asyncio.sleep(30)
        return b""

    tax_office.act = break_off
    refused = await asker.refused(asker.inquiry())
    assert (refused.reason, refused.definite) == (Reason.PROVIDER_FAILED, False)


async def test_a_provider_that_is_too_slow_may_have_answered_and_its_answer_is_given_later(
    asker: Any, tax_office: Any, log: Any
) -> None:
    go_on = asyncio.Event()

    async def slow(permit: ProvisionPermit) -> bytes:
        answer: bytes = await tax_office.honest(permit)
        await go_on.wait()
        return answer

    tax_office.act = slow
    inquiry = asker.inquiry()
    refused = await asker.refused_within(inquiry, 2000)
    assert (refused.reason, refused.definite) == (Reason.PROVIDER_TIMED_OUT, False)
    assert await log.of(inquiry) == [("PERMITTED", ""), ("FAILED", "PROVIDER_TIMED_OUT")]
    go_on.set()
    again = await asker.send(inquiry)
    assert again.answer == tax_office.answers[inquiry.context[2:18]]


async def test_a_socket_that_never_answers_is_a_provider_that_was_not_reached(
    asker: Any, tax_office: Any, log: Any
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        await tax_office.announce(f"127.0.0.1:{silent.getsockname()[1]}")
        inquiry = asker.inquiry()
        refused = await asker.refused_within(inquiry, 600)
    assert refused.reason in (Reason.PROVIDER_TIMED_OUT, Reason.PROVIDER_UNREACHABLE)
    assert (await log.of(inquiry))[-1] == ("FAILED", refused.reason.value)


async def test_another_agency_cannot_stand_in_for_the_provider(
    lone_hub: Any, calls: Any, asker: Any, tax_office: Any
) -> None:
    """An insurer's node at the tax office's address: the hub pins whom it talks to."""
    server, port = build_server(
        credential=lone_hub.credential("insurance"),
        root_pem=lone_hub.folder("hub").root_pem(),
        access=tax_office.access,
        services=[(tax_office.add_to, tax_office)],
        revoked=frozenset,
    )
    await server.start()
    calls.closing(lambda: server.stop(0))
    await tax_office.announce(f"127.0.0.1:{port}")
    assert (await asker.refused(asker.inquiry())).reason is Reason.PROVIDER_UNREACHABLE
    assert tax_office.permits == []


async def test_a_provider_that_never_announced_itself_is_not_reached(own_hub: Any, play: Any) -> None:
    asker, _, log = await play(own_hub)
    inquiry = asker.inquiry(provider=own_hub.institution("residence"), item_code=RESIDENT_RECORD)
    assert (await asker.refused(inquiry)).reason is Reason.PROVIDER_UNREACHABLE
    assert (await log.of(inquiry))[-1] == ("FAILED", "PROVIDER_UNREACHABLE")


async def test_a_slow_provider_holds_up_nobody_elses_exchange(asker: Any, tax_office: Any) -> None:
    go_on, held = asyncio.Event(), asker.inquiry()

    async def slow_for_one(permit: ProvisionPermit) -> bytes:
        if permit.inquiry.context == held.context:
            await go_on.wait()
        answer: bytes = await tax_office.honest(permit)
        return answer

    tax_office.act = slow_for_one
    slow = asyncio.ensure_future(asker.send(held))
    await asyncio.gather(*(asker.send(asker.inquiry()) for _ in range(20)))
    assert not slow.done()
    go_on.set()
    await slow
