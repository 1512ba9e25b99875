"""The mediator's ten steps, each by what happens when it holds and when it does not."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.clock import ManualClock
from warifu.curve.edwards25519 import IDENTITY
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import AgencyCode
from warifu.exchange.context import ExchangeContext, ExchangeFlags
from warifu.exchange.directory import Directory
from warifu.exchange.signature import SIGNATURE_SIZE
from warifu.exchange.statements import inquiry_digest, sign_inquiry
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.pki import Role
from warifu_hub.exchange import Mediator
from warifu_hub.store import HubStore


async def test_an_exchange_is_permitted_then_answered_and_the_log_says_so(
    mediator: Mediator, asker: Any, log: Any
) -> None:
    inquiry = asker.ask()
    mediated = await mediator.exchange(asker.identity, inquiry, 5.0)
    permitted, answered = log()
    assert log.events() == ["PERMITTED", "ANSWERED"]
    assert permitted.processing_number == answered.processing_number == mediated.stored.processing_number
    assert permitted.inquirer == asker.own.institution
    assert permitted.inquiry_digest == inquiry_digest(inquiry)
    assert permitted.permission_row == "R01"
    assert mediated.stored.permitted_position == 0


async def test_the_provider_opens_its_own_code_for_the_same_person(
    mediator: Mediator, asker: Any, provider: Any, row_key_of: Callable[[AgencyCode], bytes]
) -> None:
    code = asker.code()
    await mediator.exchange(asker.identity, asker.ask(code=code), 5.0)
    await mediator.exchange(asker.identity, asker.ask(code=code), 5.0)
    assert provider.row_keys == [row_key_of(code), row_key_of(code)]


async def test_two_inquiries_about_one_person_show_the_hub_no_equal_block(
    mediator: Mediator, asker: Any, provider: Any
) -> None:
    code = asker.code()
    for _ in range(2):
        await mediator.exchange(asker.identity, asker.ask(code=code), 5.0)
    first, second = (
        {
            permit.inquiry.encrypted_code.c1,
            permit.inquiry.encrypted_code.c2,
            permit.converted_code.c1,
            permit.converted_code.c2,
        }
        for permit in provider.permits
    )
    assert not first & second


async def test_the_permit_is_in_the_log_before_anything_leaves_the_hub(
    mediator: Mediator, asker: Any, provider: Any, log: Any
) -> None:
    seen: list[list[str]] = []
    provider.before_answer = lambda _: seen.append(log.events())
    await mediator.exchange(asker.identity, asker.ask(), 5.0)
    assert seen == [["PERMITTED"]]


async def test_a_caller_may_ask_in_its_own_name_only(mediator: Mediator, asker: Any, log: Any) -> None:
    inquiry = asker.ask()
    tax = next(mediator._directory.of_kind("tax")).institution
    with pytest.raises(WarifuError) as refused:
        await mediator.exchange(replace(asker.identity, institution=tax), inquiry, 5.0)
    assert refused.value.reason is Reason.CALLER_NOT_IDENTIFIED
    assert [leaf.reason for leaf in log()] == ["CALLER_NOT_IDENTIFIED"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AGENCY])
async def test_only_an_agency_may_ask(mediator: Mediator, asker: Any, role: Role) -> None:
    with pytest.raises(WarifuError) as refused:
        await mediator.exchange(replace(asker.identity, role=role), asker.ask(), 5.0)
    assert refused.value.reason is Reason.CALLER_NOT_IDENTIFIED


SHAPES: dict[str, tuple[Callable[[SignedInquiry], None], Reason]] = {
    "an empty context": (lambda inquiry: inquiry.ClearField("context"), Reason.REQUEST_MALFORMED),
    "a short context": (lambda inquiry: setattr(inquiry, "context", inquiry.context[:-1]), Reason.REQUEST_MALFORMED),
    "no query": (lambda inquiry: inquiry.ClearField("sealed_query"), Reason.REQUEST_MALFORMED),
    "a query of no size class": (
        lambda inquiry: setattr(inquiry, "sealed_query", inquiry.sealed_query + b"x"),
        Reason.REQUEST_MALFORMED,
    ),
    "a query of two MiB": (
        lambda inquiry: setattr(inquiry, "sealed_query", bytes(2 * 1024 * 1024 + 48)),
        Reason.REQUEST_MALFORMED,
    ),
    "no code": (lambda inquiry: inquiry.ClearField("encrypted_code"), Reason.POINT_INVALID),
    "a short point": (
        lambda inquiry: setattr(inquiry.encrypted_code, "c1", inquiry.encrypted_code.c1[:31]),
        Reason.POINT_INVALID,
    ),
    "a long point": (
        lambda inquiry: setattr(inquiry.encrypted_code, "c2", inquiry.encrypted_code.c2 + b"x"),
        Reason.POINT_INVALID,
    ),
    "the identity": (lambda inquiry: setattr(inquiry.encrypted_code, "c1", bytes(IDENTITY)), Reason.POINT_INVALID),
    "a point that is not canonical": (
        lambda inquiry: setattr(inquiry.encrypted_code, "c2", b"\xff" * 32),
        Reason.POINT_INVALID,
    ),
    "no signature": (lambda inquiry: inquiry.ClearField("inquirer_signature"), Reason.SIGNATURE_INVALID),
}


@pytest.mark.parametrize("flaw", SHAPES)
async def test_a_malformed_inquiry_is_refused_and_logged(mediator: Mediator, asker: Any, log: Any, flaw: str) -> None:
    spoil, reason = SHAPES[flaw]
    inquiry = asker.ask()
    spoil(inquiry)
    assert (await asker.refusal(mediator, inquiry)).reason is reason
    assert [(leaf.event, leaf.reason) for leaf in log()] == [(log_pb2.LEAF_EVENT_REFUSED, reason.value)]


async def test_a_small_order_point_signed_by_its_inquirer_is_never_forwarded(
    mediator: Mediator, asker: Any, provider: Any, log: Any
) -> None:
    inquiry = asker.ask()
    order_eight = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    inquiry.encrypted_code.c1 = order_eight
    sign_inquiry(asker.keys.signing_key, inquiry)
    assert (await asker.refusal(mediator, inquiry)).reason is Reason.POINT_INVALID
    assert provider.permits == []
    assert set(log.events()) <= {"PERMITTED", "FAILED", "REFUSED"}


CONTEXTS: dict[str, tuple[dict[str, Any], Reason]] = {
    "another suite": ({"suite": 1}, Reason.SUITE_UNKNOWN),
    "a stale epoch of the inquirer": ({"epoch_from": 7}, Reason.EPOCH_STALE),
    "a stale epoch of the provider": ({"epoch_to": 7}, Reason.EPOCH_STALE),
    "another key of the provider": ({"key_id_to": bytes(8)}, Reason.EPOCH_STALE),
    "an unknown provider": ({"provider": InstitutionCode("9999999999999999")}, Reason.INSTITUTION_UNKNOWN),
    "an unknown procedure": ({"procedure_code": ProcedureCode("JT77777777777777")}, Reason.PROCEDURE_UNKNOWN),
    "an unknown item": ({"item_code": ItemCode("TM77777777777777")}, Reason.ITEM_UNKNOWN),
    "another item than the law has": ({"item_code": ItemCode("TM00000000000089")}, Reason.EXCHANGE_NOT_PERMITTED),
    "an ordinance affair there is none of": ({"flags": ExchangeFlags.ORDINANCE}, Reason.EXCHANGE_NOT_PERMITTED),
}


@pytest.mark.parametrize("case", CONTEXTS)
async def test_an_inquiry_the_law_or_the_directory_does_not_know_is_refused(
    mediator: Mediator, asker: Any, provider: Any, log: Any, case: str
) -> None:
    changes, reason = CONTEXTS[case]
    assert (await asker.refusal(mediator, asker.altered(asker.ask(), **changes))).reason is reason
    assert provider.permits == []
    assert [leaf.reason for leaf in log()] == [reason.value]


async def test_asking_oneself_is_refused(mediator: Mediator, asker: Any) -> None:
    inquiry = asker.altered(asker.ask(), provider=asker.own.institution)
    assert (await asker.refusal(mediator, inquiry)).where == "inquiry.context.provider"


async def test_a_withdrawn_assessment_of_the_provider_refuses_and_reinstating_permits_again(
    mediator: Mediator, asker: Any, store: HubStore, directory: Directory
) -> None:
    tax = next(directory.of_kind("tax")).institution
    item = ItemCode("TM00000000000002")
    await store.set_assessment(tax, item, withdrawn=True, leaf=b"withdrawn")
    assert (await asker.refusal(mediator, asker.ask())).reason is Reason.ASSESSMENT_NOT_IN_FORCE
    await store.set_assessment(tax, item, withdrawn=False, leaf=b"reinstated")
    await mediator.exchange(asker.identity, asker.ask(), 5.0)


async def test_a_withdrawn_assessment_of_the_inquirer_refuses_too(
    mediator: Mediator, asker: Any, store: HubStore
) -> None:
    await store.set_assessment(asker.own.institution, ItemCode("TM00000000000002"), withdrawn=True, leaf=b"")
    refused = await asker.refusal(mediator, asker.ask())
    assert (refused.reason, refused.where) == (Reason.ASSESSMENT_NOT_IN_FORCE, "inquiry.context.inquirer")


async def test_too_short_a_deadline_is_refused_before_anything_is_permitted(
    mediator: Mediator, asker: Any, log: Any
) -> None:
    assert (await asker.refusal(mediator, asker.ask(), left=0.05)).reason is Reason.DEADLINE_TOO_SHORT
    assert log.events() == ["REFUSED"]


@pytest.mark.parametrize("minutes", [-30, -13, 3, 10])
async def test_a_clock_that_is_off_is_refused(mediator: Mediator, asker: Any, clock: ManualClock, minutes: int) -> None:
    clock.advance(timedelta(minutes=minutes))
    inquiry = asker.ask()
    clock.advance(timedelta(minutes=-minutes))
    assert (await asker.refusal(mediator, inquiry)).reason is Reason.CLOCK_SKEWED


async def test_a_context_that_claims_to_live_for_hours_is_refused(mediator: Mediator, asker: Any) -> None:
    inquiry = asker.ask()
    issued = ExchangeContext.decode(inquiry.context).issued_ms
    long_lived = asker.altered(inquiry, expires_ms=issued + 3_600_000)
    assert (await asker.refusal(mediator, long_lived)).reason is Reason.CLOCK_SKEWED


async def test_a_signature_by_another_is_refused(mediator: Mediator, asker: Any, provider: Any) -> None:
    inquiry = asker.ask()
    sign_inquiry(provider.keys.signing_key, inquiry)
    assert (await asker.refusal(mediator, inquiry)).reason is Reason.SIGNATURE_INVALID


async def test_a_flipped_bit_anywhere_in_an_inquiry_is_refused(mediator: Mediator, asker: Any, provider: Any) -> None:
    inquiry = asker.ask()
    encoded = inquiry.SerializeToString()
    choice = secrets.SystemRandom().sample(range(len(encoded) * 8), 150)
    for bit in choice:
        flipped = bytearray(encoded)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            spoilt = SignedInquiry.FromString(bytes(flipped))
        except Exception:  # noqa: BLE001  # it is no message any more: the edge refuses it
            continue
        if spoilt.SerializeToString() == encoded:
            continue
        with pytest.raises(WarifuError):
            await mediator.exchange(asker.identity, spoilt, 5.0)
    assert provider.permits == []


async def test_a_processing_number_that_is_taken_is_drawn_again(
    mediator: Mediator, asker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([bytes(16), bytes(16), (1).to_bytes(16, "big")])
    monkeypatch.setattr(mediator, "_random_bytes", lambda size: next(drawn))
    numbers = [(await mediator.exchange(asker.identity, asker.ask(), 5.0)).stored.processing_number for _ in range(2)]
    assert numbers == ["20260601000000000000", "20260601000000000001"]


async def test_no_leaf_holds_anything_of_the_encrypted_code_or_the_query(
    mediator: Mediator, asker: Any, store: HubStore
) -> None:
    inquiry = asker.ask()
    await mediator.exchange(asker.identity, inquiry, 5.0)
    log = b"".join(store.leaves(0, 10))
    code = inquiry.encrypted_code
    for part in (code.c1, code.c2, inquiry.sealed_query[:32], inquiry.sealed_query[48:80]):
        assert part not in log


async def test_permits_made_in_step_share_one_signature_and_the_provider_takes_each(
    mediator: Mediator, asker: Any, provider: Any, log: Any
) -> None:
    await asyncio.gather(*(mediator.exchange(asker.identity, asker.ask(), 5.0) for _ in range(8)))
    signatures = [permit.hub_signature for permit in provider.permits]
    assert len({signature[:SIGNATURE_SIZE] for signature in signatures}) == 1
    assert {len(signature) for signature in signatures} == {SIGNATURE_SIZE + 1 + 3 * 32}
    assert sorted(log.events()) == ["ANSWERED"] * 8 + ["PERMITTED"] * 8


async def test_a_permit_made_alone_has_the_plain_signature(mediator: Mediator, asker: Any, provider: Any) -> None:
    await mediator.exchange(asker.identity, asker.ask(), 5.0)
    assert len(provider.permits[0].hub_signature) == SIGNATURE_SIZE
