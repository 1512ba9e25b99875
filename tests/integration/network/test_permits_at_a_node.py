"""Permits handed to a running node by a hub the test plays, with the hub's real certificate and keys."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest
from warifu.api.agency.v1.agency_service_pb2_grpc import AgencyServiceStub
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.clock import ManualClock, SystemClock
from warifu.curve.edwards25519 import IDENTITY
from warifu.errors import Reason
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ExchangeContext
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import check_answer, inquiry_digest, sign_inquiry, sign_permit
from warifu.identifiers import ProcedureCode
from warifu.lockstep import at_once
from warifu_hub.own_keys import OwnKeys
from warifu_hub.translate import Party


class PlayedHub:
    """Makes permits as the hub would, or as it never should, and hands them to the tax office's node."""

    def __init__(self, town: Any, calls: Any, asker: Any) -> None:
        self.directory = town.directory()
        self.keys = OwnKeys.load(town.folder("hub"), self.directory)
        self.asker, self.calls = asker, calls
        self.tax = self.directory.entry(town.institution("tax"))
        self.stub: Any = AgencyServiceStub(calls.to(town, "tax", caller="hub"))
        self.clock: Any = SystemClock()

    def permit(self, inquiry: SignedInquiry | None = None, number: str | None = None) -> ProvisionPermit:
        inquiry = inquiry or self.asker.inquiry()
        code = inquiry.encrypted_code
        conversion = self.keys.translator.conversion(
            context=inquiry.context,
            encrypted=EncryptedCode.from_wire(self.directory.group, code.c1, code.c2),
            from_=Party.of(self.asker.own),
            to=Party.of(self.tax),
            to_key=self.tax.agency_key,
        )
        converted, proof = at_once(conversion)
        permit = ProvisionPermit(
            inquiry=inquiry,
            converted_code=EncryptedCodeMessage(c1=converted.c1, c2=converted.c2),
            processing_number=number or f"20260601{secrets.randbelow(10**12):012d}",
            permission_row="R01",
            conversion_proof=proof,
        )
        permit.permit_time.FromMilliseconds(self.clock.unix_ms())
        return self.sign(permit)

    def sign(self, permit: ProvisionPermit) -> ProvisionPermit:
        sign_permit(self.keys.signing_key, permit, inquiry_digest(permit.inquiry))
        return permit

    async def hand_over(self, permit: ProvisionPermit) -> SignedAnswer:
        response = await self.stub.Provide(ProvideRequest(permit=permit), timeout=10)
        answer: SignedAnswer = response.answer
        return answer

    async def refused(self, permit: ProvisionPermit) -> Reason:
        reason: Reason = (await self.calls.failed(self.hand_over(permit))).reason
        return reason


@pytest.fixture
def hub(town: Any, calls: Any, ask_of: Any) -> PlayedHub:
    return PlayedHub(town, calls, ask_of(town))


async def test_a_permit_is_answered_with_a_signed_answer_to_it(hub: PlayedHub) -> None:
    permit = hub.permit()
    asked, number = inquiry_digest(permit.inquiry), permit.processing_number
    check_answer(hub.tax.signing_key, await hub.hand_over(permit), asked=asked, processing_number=number)


async def test_a_replayed_permit_gets_the_very_same_answer(hub: PlayedHub) -> None:
    permit = hub.permit()
    assert await hub.hand_over(permit) == await hub.hand_over(permit)


async def test_a_processing_number_used_for_another_inquiry_is_refused(hub: PlayedHub) -> None:
    permit = hub.permit()
    await hub.hand_over(permit)
    assert await hub.refused(hub.permit(number=permit.processing_number)) is Reason.PERMIT_REUSED


async def test_an_inquiry_permitted_a_second_time_under_another_number_is_refused(hub: PlayedHub) -> None:
    permit = hub.permit()
    await hub.hand_over(permit)
    assert await hub.refused(hub.permit(permit.inquiry)) is Reason.PERMIT_REUSED


async def test_another_inquiry_under_a_request_id_used_before_is_refused(hub: PlayedHub) -> None:
    request_id = secrets.token_bytes(16)
    await hub.hand_over(hub.permit(hub.asker.inquiry(request_id=request_id)))
    assert await hub.refused(hub.permit(hub.asker.inquiry(request_id=request_id))) is Reason.PERMIT_REUSED


@pytest.mark.parametrize("minutes", [-20, 10])
async def test_a_permit_of_another_time_is_refused(hub: PlayedHub, minutes: int) -> None:
    hub.clock = hub.asker.clock = ManualClock(SystemClock().now() + timedelta(minutes=minutes))
    assert await hub.refused(hub.permit()) is Reason.CLOCK_SKEWED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"epoch_to": 2}, Reason.EPOCH_STALE),
        ({"epoch_from": 2}, Reason.EPOCH_STALE),
        ({"key_id_to": bytes(8)}, Reason.EPOCH_STALE),
        ({"suite": 77}, Reason.SUITE_UNKNOWN),
    ],
)
async def test_a_permit_for_other_keys_is_refused(hub: PlayedHub, changes: dict[str, Any], reason: Reason) -> None:
    inquiry = hub.asker.inquiry()
    inquiry.context = replace(ExchangeContext.decode(inquiry.context), **changes).encode()
    sign_inquiry(hub.asker.keys.signing_key, inquiry)
    assert await hub.refused(hub.permit(inquiry)) is reason


@pytest.mark.parametrize("row", ["R01", "R09"])
async def test_a_permit_that_the_table_forbids_is_refused_though_hub_and_inquirer_signed_it(
    hub: PlayedHub, row: str
) -> None:
    permit = hub.permit(hub.asker.inquiry(procedure_code=ProcedureCode("JT99000000000007")))
    permit.permission_row = row
    assert await hub.refused(hub.sign(permit)) is Reason.EXCHANGE_NOT_PERMITTED


async def test_a_permit_for_another_agency_is_refused(hub: PlayedHub, town: Any) -> None:
    inquiry = hub.asker.inquiry(provider=town.institution("insurance"))
    assert await hub.refused(hub.permit(inquiry)) is Reason.INSTITUTION_UNKNOWN


@pytest.mark.parametrize("point", [bytes(IDENTITY), b"\xff" * 32, bytes(31)])
async def test_an_invalid_converted_code_is_refused_though_the_hub_signed_it(hub: PlayedHub, point: bytes) -> None:
    permit = hub.permit()
    permit.converted_code.c2 = point
    assert await hub.refused(hub.sign(permit)) is Reason.CONVERSION_NOT_PROVEN


async def test_a_permit_that_the_hub_or_the_inquirer_did_not_sign_is_refused(hub: PlayedHub) -> None:
    permit = hub.permit()
    sign_permit(SigningKey.generate(), permit, inquiry_digest(permit.inquiry))
    assert await hub.refused(permit) is Reason.SIGNATURE_INVALID
    inquiry = hub.asker.inquiry()
    sign_inquiry(SigningKey.generate(), inquiry)
    assert await hub.refused(hub.permit(inquiry)) is Reason.SIGNATURE_INVALID


async def test_a_flipped_bit_anywhere_in_a_permit_is_refused(hub: PlayedHub) -> None:
    encoded = hub.permit().SerializeToString()
    for bit in secrets.SystemRandom().sample(range(len(encoded) * 8), 120):
        flipped = bytearray(encoded)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            spoilt = ProvisionPermit.FromString(bytes(flipped))
        except Exception:  # noqa: BLE001  # it is no message any more: the edge refuses it
            continue
        if spoilt.SerializeToString() != encoded:
            assert isinstance(await hub.refused(spoilt), Reason)
