"""A node under check as an inquirer: the kit asks as its business system, and is the hub that its inquiries come to.

Decides what an honest answer is, and what counts as an end. Whatever the hub is brought is in the case's evidence.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from warifu.agency import Agency, Found, ProvidedRecord
from warifu.api.authority.v1.authority_service_pb2 import ConversionReceipt, IssuedCode
from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.client.asynchronous import AuthorityClient, NodeClient
from warifu.client.connection import Connection
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import CheckedPermit, ProviderKeys, check_permit, make_answer, open_query, seal_found
from warifu.exchange.seal import SealingKey
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import sign_conversion, sign_issue
from warifu.identifiers import ResidentRecordCode
from warifu_kit.conformance.awkward import DELAY, DUPLICATE, UNKNOWN_FIELD, Awkward
from warifu_kit.conformance.case import expect, fail, skip, unknown
from warifu_kit.conformance.cast import KNOWN, CastPerson, made_up_record
from warifu_kit.conformance.certificates import Forge
from warifu_kit.conformance.evidence import Evidence, told
from warifu_kit.conformance.hands import Asked, Hands
from warifu_kit.conformance.wire.calls import Pair, Reply, Wire
from warifu_kit.conformance.wire.front_door import FrontDoor
from warifu_kit.conformance.wire.played_authority import PlayedAuthority, SpoilIssue
from warifu_kit.conformance.wire.played_hub import PlayedHub

__all__ = ["CheckedInquirer", "Ended", "InquirerUnderCheck"]

_NODE_SERVICE = "/warifu.api.node.v1.NodeService"
_ANSWERED = inquiry_pb2.PROVISION_OUTCOME_ANSWERED
_SECONDS = 6.0
_IN_VAIN_S = 1.5  # a node may send the same bytes again for as long as it has time
_NO_END = frozenset(
    {
        Reason.HUB_TIMED_OUT,
        Reason.NODE_UNREACHABLE,
        Reason.NODE_TIMED_OUT,
        Reason.NOT_CONNECTED,
        Reason.RECORDS_BEHIND,
        Reason.LOG_BEHIND,
    }
)
"""Says nothing about the rule: the node is gone, or the network was used for another check, whose exchanges it lacks."""

Spoil = Callable[[ExchangeResponse], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class InquirerUnderCheck:
    """``people`` are the local numbers of the cast by name; ``points`` their codes at the provider, by name.

    ``registry`` is the way to the authority as a registry, which has numbers designated; None where the node acquires no codes.
    ``others`` are certificates of everybody who may not have it ask; ``business_forge`` makes more of them.
    ``door`` is where it finds the hub, ``forge`` makes certificates that are not the hub's; None where the hub itself listens.
    """

    endpoint: str
    uri: str
    business: Connection
    hub: PlayedHub
    hands: Hands
    provider_keys: ProviderKeys = field(repr=False)
    provider_agency: Agency
    people: Mapping[str, str]
    points: Mapping[str, Point] = field(repr=False)
    authority: PlayedAuthority
    registry: Connection | None
    authority_key: SigningKey
    others: Mapping[str, Pair] = field(repr=False)
    business_forge: Forge
    door: FrontDoor | None = None
    forge: Forge | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How an inquiry ended for the business system: with a result, or an error."""

    result: node_pb2.InquiryResult | None
    error: WarifuError | None

    @property
    def answered(self) -> bool:
        """Whether there is a record."""
        return self.result is not None and self.result.state == node_pb2.INQUIRY_STATE_ANSWERED

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.error.reason.value} [{self.error.where}], definite: {self.error.definite}"
        return told(self.result) if self.result is not None else "nothing"


class CheckedInquirer:
    """One case's view of it."""

    def __init__(self, under_check: InquirerUnderCheck, evidence: Evidence, awkward: Awkward | None = None) -> None:
        self.about = under_check
        self._awkward = awkward
        self.hands = under_check.hands
        self.evidence = evidence
        self.brought: list[SignedInquiry] = []
        self._client = NodeClient(under_check.business)
        self._wire = Wire(under_check.endpoint, under_check.business.expect, under_check.business.root_pem())
        self.hub_does(self.honest)

    async def __aenter__(self) -> CheckedInquirer:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.about.hub.rest()
        self.about.authority.rest()
        await self._wire.close()
        await self._client.close()

    # The hub, as the kit plays it.

    def hub_does(self, act: Callable[[SignedInquiry], Awaitable[ExchangeResponse]]) -> None:
        """Have the hub do this with what it is brought from now on."""

        async def noted(inquiry: SignedInquiry) -> ExchangeResponse:
            self.brought.append(inquiry)
            self.evidence.came_back(f"to the hub: {told(inquiry)}")
            met = self._awkward.meet("Exchange", DELAY, UNKNOWN_FIELD) if self._awkward is not None else None
            await asyncio.sleep(met.wait_ms / 1000 if met is not None else 0)
            try:
                response = await act(inquiry)
            except WarifuError as error:
                self.evidence.sent(f"by the hub: {error.reason.value}")
                raise
            self.evidence.sent(f"by the hub: {told(response)}")
            return met.with_field(response) if met is not None else response

        self.about.hub.answering = noted

    async def honest(self, inquiry: SignedInquiry) -> ExchangeResponse:
        """What an honest hub brings back: a record."""
        return self.response(inquiry, self.record())

    def spoilt(self, spoil: Spoil) -> Callable[[SignedInquiry], Awaitable[ExchangeResponse]]:
        """A hub that does this to an honest response."""

        async def act(inquiry: SignedInquiry) -> ExchangeResponse:
            response = await self.honest(inquiry)
            spoil(response)
            return response

        return act

    def failing(self, reason: Reason) -> Callable[[SignedInquiry], Awaitable[ExchangeResponse]]:
        """A hub that ends every exchange so."""

        async def act(_: SignedInquiry) -> ExchangeResponse:
            raise WarifuError(reason)

        return act

    async def silent(self, inquiry: SignedInquiry) -> ExchangeResponse:
        """A hub that says nothing."""
        await asyncio.Event().wait()
        raise AssertionError

    def record(self) -> ProvidedRecord:
        """The record that is given."""
        return self.record_for(CastPerson(name="K-9"))

    def record_for(self, person: CastPerson) -> ProvidedRecord:
        """One that is another for each person."""
        made = made_up_record(self.about.provider_agency, self.hands.item, person, 2026)
        return ProvidedRecord(made.DESCRIPTOR.full_name, made.SerializeToString(deterministic=True))

    def permit(self, inquiry: SignedInquiry) -> ProvisionPermit:
        """The permit for it."""
        return self.hands.permit(Asked(inquiry, SealingKey.from_bytes(secrets.token_bytes(32))))

    def checked(self, permit: ProvisionPermit) -> CheckedPermit:
        """The permit as the provider would find it. Raises: WarifuError, what is wrong with the inquiry in it."""
        return check_permit(permit, keys=self.about.provider_keys, directory=self.hands.directory)

    def response(self, inquiry: SignedInquiry, found: Found) -> ExchangeResponse:
        """The honest provider's answer, as the hub relays it. Raises: WarifuError, what is wrong with the inquiry."""
        permit = self.permit(inquiry)
        checked = self.checked(permit)
        sealed = seal_found(found, open_query(checked, self.about.provider_keys), checked)
        return self._relayed(permit, self._signed(checked, _ANSWERED, sealed))

    def response_without_box(self, inquiry: SignedInquiry, outcome: inquiry_pb2.ProvisionOutcome) -> ExchangeResponse:
        """The same for PENDING and REFUSED."""
        permit = self.permit(inquiry)
        return self._relayed(permit, self._signed(self.checked(permit), outcome, b""))

    def _signed(self, checked: CheckedPermit, outcome: inquiry_pb2.ProvisionOutcome, sealed: bytes) -> SignedAnswer:
        key, now_ms = self.about.provider_keys.signing_key, checked.permit_ms
        return make_answer(outcome, checked, key, now_ms=now_ms, sealed_answer=sealed).answer

    def _relayed(self, permit: ProvisionPermit, answer: SignedAnswer) -> ExchangeResponse:
        response = ExchangeResponse(
            processing_number=permit.processing_number, answer=answer, permission_row=permit.permission_row
        )
        response.permit_time.CopyFrom(permit.permit_time)
        return response

    # The authority, and how codes are acquired.

    def authority_does(self, spoil: SpoilIssue) -> None:
        """Have issued codes and their receipt changed on their way."""

        def noted(issued: Sequence[IssuedCode], receipt: ConversionReceipt) -> None:
            spoil(issued, receipt)
            self.evidence.sent(f"{len(issued)} codes, the first: {told(issued[0])}; {told(receipt)}")

        self.about.authority.spoil = noted

    def sign_as_hub(self, issued: Sequence[IssuedCode], receipt: ConversionReceipt) -> None:
        """Sign what was converted as it is now."""
        codes = [each.converted_code for each in issued]
        proofs = list(receipt.conversion_proofs)
        receipt.hub_signature = sign_conversion(self.hands.hub_key, receipt.context, codes, proofs)

    def sign_as_authority(self, receipt: ConversionReceipt) -> None:
        """Sign what was to be converted as it is now."""
        key = self.about.authority_key
        receipt.authority_signature = sign_issue(key, receipt.context, receipt.encrypted_codes)

    async def acquires(self) -> list[str]:
        """Have it acquire codes of two new people; their local numbers. Raises: CaseEnd."""
        people = await self._new_people()
        ended = await self._acquired(people)
        if ended is not None:
            raise fail(f"the codes were not acquired: {ended}")
        return [each.local_number for each in people]

    async def acquires_nothing(self, *reasons: Reason) -> None:
        """See that it takes no code, for one of the reasons, and asks about nobody of them. Raises: CaseEnd."""
        people = await self._new_people()
        ended, names = await self._acquired(people), " or ".join(each.value for each in reasons)
        if ended is None:
            raise fail(f"the codes were taken instead of refused with {names}")
        if ended.reason in _NO_END or ended.reason is Reason.AUTHORITY_UNREACHABLE:
            raise unknown(f"acquiring had no end: {ended}")
        expect(ended.reason in reasons, f"it ended with {ended.reason.value} [{ended.where}], not {names}")
        for each in people:
            question = self.question(KNOWN, local_number=each.local_number)
            await self.fails_with(question, Reason.CODE_NOT_ACQUIRED)

    async def _new_people(self) -> list[node_pb2.PersonToAcquire]:
        if self.about.registry is None:
            raise skip("the node is not made to acquire codes")
        residents = [ResidentRecordCode.from_body(f"{secrets.randbelow(10**10):010d}").digits for _ in range(2)]
        async with AuthorityClient(self.about.registry) as client:
            numbers = await client.designate_my_numbers(residents)
        return [
            node_pb2.PersonToAcquire(local_number=f"N-{secrets.token_hex(6)}", my_number=number) for number in numbers
        ]

    async def _acquired(self, people: Sequence[node_pb2.PersonToAcquire]) -> WarifuError | None:
        """None when all are there."""
        self.evidence.sent(f"as the business system: AcquireCodes, {len(people)} people")
        try:
            found = [result.reason async for result in self._client.acquire_codes(people)]
        except WarifuError as error:
            self.evidence.came_back(f"{error.reason.value} [{error.where}]")
            return error
        self.evidence.came_back(f"reasons: {found}")
        return next((WarifuError(Reason(reason)) for reason in found if reason), None)

    # The business system, as the kit plays it.

    def question(self, person: CastPerson, **changes: Any) -> node_pb2.Inquiry:
        """A good one about somebody, but for ``changes``."""
        values: dict[str, Any] = {
            "request_id": secrets.token_bytes(16),
            "local_number": self.about.people[person.name],
            "procedure_code": self.hands.procedure,
            "provider": self.hands.provider.institution,
            "item_code": self.hands.item,
        }
        return node_pb2.Inquiry(**{**values, **changes})

    async def ask(self, question: node_pb2.Inquiry, *, seconds: float = _SECONDS) -> Ended:
        """Have the node inquire; how it ended for its business system."""
        self.evidence.sent(f"as the business system: {told(question)}")
        ended = await self._asked(question, seconds)
        self.evidence.came_back(str(ended))
        if self._awkward is not None and ended.answered and self._awkward.meet("Inquire", DUPLICATE).twice:
            await self._asked(question, seconds)
        return ended

    async def call_node(self, method: str, request: Message, caller: Pair | None) -> Reply:
        """Call NodeService as ``caller``; how it ended, whatever that is."""
        self.evidence.sent(f"{method} {told(request)}")
        body = request.SerializeToString()
        reply = await self._wire.call(f"{_NODE_SERVICE}/{method}", body, caller, seconds=_SECONDS)
        self.evidence.came_back(str(reply) if not reply.ok else f"OK, {len(reply.body)} bytes")
        return reply

    async def _asked(self, question: node_pb2.Inquiry, seconds: float) -> Ended:
        try:
            return Ended(await self._client.inquire(question, timeout=seconds), None)
        except WarifuError as error:
            return Ended(None, error)

    async def record_of(self, question: node_pb2.Inquiry) -> node_pb2.InquiryResult:
        """The result, which must be the record that was given. Raises: CaseEnd."""
        ended = await self.ask(question)
        if ended.error is not None and ended.error.reason in _NO_END:
            raise unknown(f"the inquiry had no end: {ended}")
        expect(ended.result is not None, f"the inquiry ended with {ended}")
        result = ended.result or node_pb2.InquiryResult()
        given = self.record()
        expect(result.state == node_pb2.INQUIRY_STATE_ANSWERED, f"its state is {result.state}")
        expect((result.record_type, result.record) == (given.record_type, given.record), "the record is another one")
        return result

    async def fails_with(
        self, question: node_pb2.Inquiry, *reasons: Reason, seconds: float = _IN_VAIN_S
    ) -> WarifuError:
        """See that it ends with one of the reasons. Raises: CaseEnd."""
        ended = await self.ask(question, seconds=seconds)
        names = " or ".join(each.value for each in reasons)
        if ended.error is None:
            raise fail(f"it was handed over instead of ending with {names}: {ended}")
        if ended.error.reason in _NO_END and ended.error.reason not in reasons:
            raise unknown(f"the inquiry had no end: {ended}")
        expect(ended.error.reason in reasons, f"it ended with {ended}, not {names}")
        return ended.error

    async def one_brought(self, person: CastPerson, **changes: Any) -> SignedInquiry:
        """The inquiry that the node made of a good question. Raises: CaseEnd where none came."""
        before = len(self.brought)
        ended = await self.ask(self.question(person, **changes))
        if len(self.brought) == before and ended.error is not None and ended.error.reason in _NO_END:
            raise unknown(f"the inquiry had no end: {ended}")
        expect(len(self.brought) > before, "no inquiry came to the hub")
        return self.brought[before]
