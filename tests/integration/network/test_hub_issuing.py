"""Codes converted for issue by a running hub, asked by an authority that the test plays with its real keys."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from warifu.api.hub.v1.hub_service_pb2 import ConvertIssuedCodesRequest, ConvertIssuedCodesResponse
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceStub
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.clock import ManualClock, SystemClock
from warifu.curve.edwards25519 import IDENTITY
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode, encrypt_code, open_code
from warifu.exchange.context import LONGEST_VALIDITY, NO_ITEM, NO_PROCEDURE, ContextKind, ExchangeContext, ExchangeFlags
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import check_conversion, sign_issue
from warifu.identifiers import InstitutionCode
from warifu.pki import Role

ORDER_EIGHT = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


class PlayedAuthority:
    """Has codes of made-up people converted for the tax office."""

    def __init__(self, hub: Any, calls: Any, overheard: Any) -> None:
        self.net, self.calls, self._overheard = hub, calls, overheard
        self.directory = hub.directory()
        self.group = self.directory.group
        self.tax = self.directory.entry(hub.institution("tax"))
        self.signing_key = SigningKey(hub.folder("authority").secret("signing.key"))
        self.stub: Any = HubServiceStub(calls.to(hub, caller="authority"))
        self.clock: Any = SystemClock()

    def context(self, **changes: Any) -> ExchangeContext:
        now = self.clock.unix_ms()
        context = ExchangeContext(
            suite=self.directory.suite,
            kind=ContextKind.ISSUE,
            request_id=secrets.token_bytes(16),
            inquirer=self.directory.authority,
            provider=self.tax.institution,
            item_code=NO_ITEM,
            procedure_code=NO_PROCEDURE,
            flags=ExchangeFlags.NONE,
            issued_ms=now,
            expires_ms=now + LONGEST_VALIDITY // timedelta(milliseconds=1),
            epoch_from=0,
            epoch_to=self.tax.epoch,
            key_id_to=self.tax.key_id,
        )
        return replace(context, **changes)

    def person(self) -> Point:
        point = self.group.hash_to_point(secrets.token_bytes(16))
        self._overheard.secret("person_point", point)
        return Point(point)

    def request(self, *people: Point, **changes: Any) -> ConvertIssuedCodesRequest:
        codes = [
            encrypt_code(self.group, point, self.tax.joint_key, self.group.random_scalar())
            for point in people or [self.person()]
        ]
        return self.sign(
            ConvertIssuedCodesRequest(
                context=self.context(**changes).encode(),
                encrypted_codes=[EncryptedCodeMessage(c1=code.c1, c2=code.c2) for code in codes],
            )
        )

    def sign(self, request: ConvertIssuedCodesRequest) -> ConvertIssuedCodesRequest:
        request.authority_signature = sign_issue(self.signing_key, request.context, request.encrypted_codes)
        return request

    async def convert(self, request: ConvertIssuedCodesRequest) -> ConvertIssuedCodesResponse:
        response: ConvertIssuedCodesResponse = await self.stub.ConvertIssuedCodes(request, timeout=30)
        return response

    async def refused(self, request: ConvertIssuedCodesRequest) -> WarifuError:
        error: WarifuError = await self.calls.failed(self.convert(request))
        return error

    def opened(self, response: ConvertIssuedCodesResponse) -> list[Point]:
        """The codes, as the tax office opens them."""
        secret = self.group.decode_scalar(self.net.folder("tax").secret("agency.key"))
        codes = [EncryptedCode.from_wire(self.group, code.c1, code.c2) for code in response.converted_codes]
        return [open_code(self.group, secret, code) for code in codes]


@pytest.fixture
def authority(lone_hub: Any, calls: Any, overheard: Any) -> PlayedAuthority:
    return PlayedAuthority(lone_hub, calls, overheard)


async def test_the_same_person_gets_the_same_code_however_often_it_is_issued(authority: PlayedAuthority) -> None:
    people = [authority.person() for _ in range(3)]
    requests = [authority.request(*people), authority.request(*people)]
    responses = [await authority.convert(request) for request in requests]
    for request, response in zip(requests, responses, strict=True):
        hub_key = authority.directory.hub_signing_key
        check_conversion(
            hub_key,
            response.hub_signature,
            request.context,
            response.converted_codes,
            response.conversion_proofs,
        )
    first, second = map(authority.opened, responses)
    assert first == second
    assert len({*first, *people}) == 6, "a code is not the person's point, and no two are alike"
    blocks = [block for response in responses for code in response.converted_codes for block in (code.c1, code.c2)]
    assert len(set(blocks)) == 12, "nothing that the hub saw twice says that it was twice the same person"


async def test_a_thousand_codes_are_converted_in_one_call_and_in_order(authority: PlayedAuthority) -> None:
    people = [authority.group.hash_to_point(number.to_bytes(4, "big")) for number in range(20)]
    request = authority.request(*(people[number % 20] for number in range(1000)))
    response = await authority.convert(request)
    opened = authority.opened(response)
    assert [len(proof) for proof in response.conversion_proofs] == [96 + 32 * 50] * 20
    assert opened == [opened[number % 20] for number in range(1000)]
    assert len(set(opened)) == 20


async def test_what_was_converted_is_in_the_log_as_a_number_and_an_agency(authority: PlayedAuthority, log: Any) -> None:
    request = authority.request(*(authority.person() for _ in range(7)))
    await authority.convert(request)
    leaf = log_pb2.ExchangeLeaf.FromString((await log.leaves())[-1])
    assert (leaf.event, leaf.code_count) == (log_pb2.LEAF_EVENT_CODES_CONVERTED, 7)
    assert (leaf.inquirer, leaf.provider) == (authority.directory.authority, authority.tax.institution)


@pytest.mark.parametrize("count", [0, 1001])
async def test_an_empty_or_overfull_batch_is_refused(authority: PlayedAuthority, count: int) -> None:
    request = authority.request()
    code = request.encrypted_codes[0]
    del request.encrypted_codes[:]
    request.encrypted_codes.extend([code] * count)
    error = await authority.refused(authority.sign(request))
    assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "encrypted_codes")


CONTEXTS: dict[str, tuple[dict[str, Any], Reason]] = {
    "an exchange's context": ({"kind": ContextKind.EXCHANGE}, Reason.REQUEST_MALFORMED),
    "another suite": ({"suite": 77}, Reason.SUITE_UNKNOWN),
    "another issuer": ({"inquirer": InstitutionCode("9030110020000001")}, Reason.CALLER_NOT_IDENTIFIED),
    "an unknown agency": ({"provider": InstitutionCode("9999999999999999")}, Reason.INSTITUTION_UNKNOWN),
    "a stale epoch": ({"epoch_to": 2}, Reason.EPOCH_STALE),
    "another key": ({"key_id_to": bytes(8)}, Reason.EPOCH_STALE),
    "a life of hours": ({"expires_ms": 2**50}, Reason.CLOCK_SKEWED),
}


@pytest.mark.parametrize("case", CONTEXTS)
async def test_a_batch_that_does_not_fit_the_directory_is_refused_and_converts_nothing(
    authority: PlayedAuthority, log: Any, case: str
) -> None:
    changes, reason = CONTEXTS[case]
    before = len(await log.leaves())
    assert (await authority.refused(authority.request(**changes))).reason is reason
    assert len(await log.leaves()) == before


@pytest.mark.parametrize("minutes", [-20, 10])
async def test_an_authority_whose_clock_is_far_off_is_refused(authority: PlayedAuthority, minutes: int) -> None:
    authority.clock = ManualClock(SystemClock().now() + timedelta(minutes=minutes))
    assert (await authority.refused(authority.request())).reason is Reason.CLOCK_SKEWED


@pytest.mark.parametrize("half", ["c1", "c2"])
@pytest.mark.parametrize("point", [bytes(IDENTITY), ORDER_EIGHT, b"\xff" * 32, bytes(31), bytes(33), b""])
async def test_an_invalid_point_among_good_ones_is_refused_though_the_authority_signed_it(
    authority: PlayedAuthority, log: Any, half: str, point: bytes
) -> None:
    before = len(await log.leaves())
    request = authority.request(*(authority.person() for _ in range(3)))
    setattr(request.encrypted_codes[1], half, point)
    error = await authority.refused(authority.sign(request))
    assert error.reason is Reason.POINT_INVALID
    assert len(await log.leaves()) == before, "the log says converted of nothing that was not"


async def test_a_flipped_bit_anywhere_in_a_signed_batch_is_refused(authority: PlayedAuthority) -> None:
    encoded = authority.request().SerializeToString()
    for bit in secrets.SystemRandom().sample(range(len(encoded) * 8), 80):
        flipped = bytearray(encoded)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            spoilt = ConvertIssuedCodesRequest.FromString(bytes(flipped))
        except Exception:  # noqa: BLE001  # it is no message any more: the edge refuses it
            continue
        if spoilt.SerializeToString() != encoded:
            assert (await authority.refused(spoilt)).definite


async def test_a_batch_signed_by_another_is_refused(authority: PlayedAuthority) -> None:
    authority.signing_key = SigningKey.generate()
    assert (await authority.refused(authority.request())).reason is Reason.SIGNATURE_INVALID


async def test_an_agency_cannot_have_codes_converted_even_with_the_authoritys_signature(
    lone_hub: Any, calls: Any, authority: PlayedAuthority
) -> None:
    for caller in ("tax", "childcare", "supervisor", "tax/business", "hub"):
        authority.stub = HubServiceStub(calls.to(lone_hub, caller=caller))
        assert (await authority.refused(authority.request())).reason is Reason.CALLER_NOT_ALLOWED
    namesake = lone_hub.issue(Role.AUTHORITY, lone_hub.institution("tax"))
    authority.stub = HubServiceStub(calls.to(lone_hub, credential=namesake))
    assert (await authority.refused(authority.request())).reason is Reason.CALLER_NOT_IDENTIFIED


async def test_an_inquiry_does_not_pass_for_an_issue_nor_an_issue_for_an_inquiry(
    authority: PlayedAuthority, asker: Any
) -> None:
    inquiry = asker.inquiry()
    inquiry.context = authority.context(inquirer=asker.own.institution, epoch_from=1).encode()
    assert (await asker.refused(inquiry)).reason is Reason.REQUEST_MALFORMED
