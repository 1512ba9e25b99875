"""A node under check as a provider, and the hub as the kit plays it: what a case about a node is handed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from google.protobuf.message import DecodeError, Message

from warifu.agency import Absence, Agency, ProvidedRecord
from warifu.api.agency.v1.agency_service_pb2 import ProvideReply, ProvideRequest, ProvideResponse
from warifu.api.hub.v1.hub_service_pb2 import ExchangeRequest, ExchangeResponse
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.client.asynchronous import NodeClient
from warifu.client.connection import Connection
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.inquiry import OpenedAnswer
from warifu.pki import Identity, Role
from warifu_kit.conformance.awkward import Awkward
from warifu_kit.conformance.case import expect, fail, skip, unknown
from warifu_kit.conformance.cast import CastPerson
from warifu_kit.conformance.certificates import Forge
from warifu_kit.conformance.changes import MovableClock
from warifu_kit.conformance.evidence import Evidence, named, told
from warifu_kit.conformance.hands import Asked, Hands
from warifu_kit.conformance.history import History
from warifu_kit.conformance.rotating import Rotating
from warifu_kit.conformance.streams import PROVIDE_STREAM, StreamKind
from warifu_kit.conformance.wire.calls import Pair, Reply, Wire
from warifu_kit.conformance.wire.played_directory import PlayedDirectory
from warifu_kit.conformance.wire.played_log import PlayedLog

__all__ = ["PROVIDE", "CheckedNode", "NodeUnderCheck", "Whereabouts"]

PROVIDE = "/warifu.api.agency.v1.AgencyService/Provide"
_OF_WRITING = frozenset({"INTERNAL", "UNKNOWN"})
"""What gRPC may say, in place of the status that was meant, where a write met a stream that was refused already."""
_EXCHANGE = "/warifu.api.hub.v1.HubService/Exchange"
_SECONDS = 5.0
_NO_END = frozenset({"DEADLINE_EXCEEDED", "UNAVAILABLE", "CANCELLED"})
_ANSWERED = inquiry_pb2.PROVISION_OUTCOME_ANSWERED


@dataclass(slots=True)
class Whereabouts:
    """Where the node listens now."""

    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeUnderCheck:
    """Where it listens, who it is, what plays around it, and whom it knows.

    ``codes`` are the inquirer's codes of people, by name; ``clock`` is the kit's; ``day`` is the one in Japan that their days count from; ``through_hub`` is where the real hub listens, who it is, and the
    inquirer's certificate; ``keys`` are those around it, which may change; ``versions`` is what it is shown of the directory; ``log`` is what it is told of the hub's log, ``log_key`` the seed that signs it; ``other`` is somebody else who may ask, and their code of somebody known; ``business_at`` is the way to its NodeService as it began, None where it serves none; ``has_folder``: what is written to the party's folder comes to it; ``history`` is what it answered in the run; ``restarts`` kills it and starts it again, and says where it listens then, None where that cannot be.
    """

    at: Whereabouts
    identity: Identity
    hub: Pair
    root_pem: bytes
    forge: Forge
    keys: Rotating
    agency: Agency
    codes: Mapping[str, Point] = field(repr=False)
    clock: MovableClock
    day: date
    local_numbers: tuple[str, ...]
    callers: Mapping[str, Pair] = field(repr=False)
    through_hub: tuple[str, Identity, Pair]
    business_at: Connection | None
    log: PlayedLog
    versions: PlayedDirectory
    log_key: bytes = field(repr=False)
    other: tuple[Hands, Point] | None = None
    has_folder: bool = True
    history: History = field(default_factory=History)
    restarts: Callable[[], Awaitable[str]] | None = None

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return self.at.endpoint

    @property
    def business(self) -> Connection | None:
        """The way to its NodeService; None where it serves none."""
        return replace(self.business_at, endpoint=self.endpoint) if self.business_at is not None else None

    @property
    def hands(self) -> Hands:
        """The hands of everybody around it, by the newest version of the directory."""
        return self.keys.hands

    @property
    def own_business(self) -> Identity:
        """Who its business system is."""
        own = self.identity
        return Identity(network=own.network, role=Role.BUSINESS, institution=own.institution)


class CheckedNode:
    """One case's view of it: every call is in the case's evidence."""

    def __init__(self, under_check: NodeUnderCheck, evidence: Evidence, awkward: Awkward | None = None) -> None:
        self.about = under_check
        self.evidence = evidence
        self._awkward = awkward
        self._wire = self._wired()

    def _wired(self) -> Wire:
        about = self.about
        return Wire(about.endpoint, about.identity, about.root_pem, awkward=self._awkward)

    async def __aenter__(self) -> CheckedNode:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wire.close()

    @property
    def hands(self) -> Hands:
        """The hands of everybody around it."""
        return self.about.keys.hands

    # What is asked.

    def code(self, person: CastPerson) -> Point:
        """The inquirer's code of somebody."""
        return self.about.codes[person.name]

    def asked(self, person: CastPerson, **changes: Any) -> Asked:
        """A good inquiry about somebody; an awkward one may be close to its end."""
        age_ms = self._awkward.age_ms() if self._awkward is not None else 0
        asked = self.hands.asked(self.code(person), age_ms=age_ms, **changes)
        self.about.history.asked(asked.inquiry.context[2:18], person)
        return asked

    # Asking.

    async def provide(
        self, permit: ProvisionPermit | bytes, *, caller: Pair | None = None, seconds: float = _SECONDS
    ) -> Reply:
        """Bring a permit as the hub, or as ``caller``; how the call ended, whatever that is."""
        return await self._call(permit, caller or self.about.hub, seconds)

    async def provide_without_certificate(self, permit: ProvisionPermit) -> Reply:
        """The same without a certificate."""
        return await self._call(permit, None, _SECONDS)

    async def at_once(self, permits: Sequence[ProvisionPermit], *, seconds: float = 12.0) -> list[Reply]:
        """Bring all of them at the same time."""
        self.evidence.sent(f"Provide, {len(permits)} at once, the first: {told(permits[0])}")
        bodies = [ProvideRequest(permit=permit).SerializeToString() for permit in permits]
        replies = await self._wire.call_many(PROVIDE, bodies, self.about.hub, seconds=seconds)
        for permit, reply in zip(permits, replies, strict=True):
            self._remember(permit, reply)
        statuses = sorted({str(reply) for reply in replies})
        counts = (f"{sum(str(each) == status for each in replies)} {status}" for status in statuses)
        self.evidence.came_back(", ".join(counts))
        return replies

    async def on_a_stream(
        self,
        messages: Sequence[Message],
        *,
        replies: int,
        seconds: float = _SECONDS,
        kind: StreamKind = PROVIDE_STREAM,
        caller: Pair | None = None,
    ) -> tuple[list[ProvideReply], str]:
        """Say these messages on one stream, as the hub or as ``caller``; so many replies, then it is cut, and its status if it ended.

        Raises: CaseEnd, skipped, where the node does not serve it.
        """

        def heard(bodies: Sequence[bytes]) -> list[ProvideReply]:
            return [reply for body in bodies for reply in kind.response.FromString(body).replies]

        calls = sum(len(each.calls) for each in messages)  # type: ignore[attr-defined, misc]  # of either kind
        self.evidence.sent(f"{kind.method}, {len(messages)} messages, {calls} calls")
        bodies, status = await self._wire.stream(
            _path(kind.method),
            [each.SerializeToString() for each in messages],
            caller or self.about.hub,
            seconds=seconds,
            enough=lambda bodies: len(heard(bodies)) >= replies,
        )
        found = heard(bodies)
        self.evidence.came_back(f"{len(found)} replies in {len(bodies)} messages, {status or 'cut'}")
        if not found and (status == "UNIMPLEMENTED" or status in _OF_WRITING):
            await self.must_serve(kind)
        if not found and status in _OF_WRITING:
            status = (await self.call_as(caller or self.about.hub, _path(kind.method), b"")).status
        return found, status

    async def must_serve(self, kind: StreamKind) -> None:
        """Ask without writing anything that could be refused first. Raises: CaseEnd, skipped, where it is not served."""
        asked = await self._wire.call(_path(kind.method), b"", self.about.hub, seconds=_SECONDS)
        if asked.status == "UNIMPLEMENTED":
            raise skip(f"the node serves no {kind.method}, as it may")

    async def call(self, method: str, body: bytes) -> Reply:
        """Any method of AgencyService, as the hub."""
        return await self.call_as(self.about.hub, _path(method), body)

    async def call_as(self, caller: Pair, path: str, body: bytes) -> Reply:
        """Any method of any service ("/package.Service/Method"), as whoever."""
        self.evidence.sent(f"{path.rpartition('/')[2]}, {len(body)} bytes")
        reply = await self._wire.call(path, body, caller, seconds=_SECONDS)
        self.evidence.came_back(str(reply))
        return reply

    async def answer(self, permit: ProvisionPermit) -> SignedAnswer:
        """The answer to a permit that must get one. Raises: CaseEnd."""
        return self.answered(await self.provide(permit))

    def answered(self, reply: Reply) -> SignedAnswer:
        """The answer in a reply. Raises: CaseEnd, unknown where the call had no end of its own, else a failure."""
        if reply.status in _NO_END and not reply.reason:
            raise unknown(f"Provide was not answered: {reply}")
        if not reply.ok:
            raise fail(f"Provide ended with {reply} instead of an answer")
        try:
            return ProvideResponse.FromString(reply.body).answer
        except DecodeError:
            raise fail("the answer does not parse") from None

    def opened(self, permit: ProvisionPermit, asked: Asked, answer: SignedAnswer) -> OpenedAnswer:
        """What is in an answer, as the inquirer would read it. Raises: CaseEnd for one that does not verify."""
        return self.opened_by(self.hands, permit, asked, answer)

    def opened_by(self, hands: Hands, permit: ProvisionPermit, asked: Asked, answer: SignedAnswer) -> OpenedAnswer:
        """The same by another inquirer's hands."""
        try:
            opened = hands.opened(permit, asked, answer)
        except WarifuError as error:
            raise fail(f"the inquirer discards the answer: {error.where or error.reason.value}") from None
        self.evidence.noted(f"opened: {opened.found!r}")
        return opened

    async def exchange(self, asked: Asked) -> ExchangeResponse:
        """Send an inquiry to the real hub, as the inquirer, which brings it to the node. Raises: CaseEnd."""
        endpoint, hub, inquirer = self.about.through_hub
        body = ExchangeRequest(inquiry=asked.inquiry).SerializeToString()
        self.evidence.sent(f"to the hub: Exchange {told(asked.inquiry)}")
        wire = Wire(endpoint, hub, self.about.root_pem)
        try:
            reply = await wire.call(_EXCHANGE, body, inquirer, seconds=_SECONDS)
        finally:
            await wire.close()
        self.evidence.came_back(f"from the hub: {reply}")
        if not reply.ok:
            raise fail(f"the hub ended the exchange with {reply}")
        return ExchangeResponse.FromString(reply.body)

    def opened_through_hub(self, asked: Asked, response: ExchangeResponse) -> ProvidedRecord | Absence | None:
        """What the answer says that came through the hub. Raises: CaseEnd."""
        permit = ProvisionPermit(processing_number=response.processing_number)
        return self.opened(permit, asked, response.answer).found

    async def found(self, asked: Asked) -> ProvidedRecord | Absence | None:
        """What an honest permit for it brings; None where there is an outcome without an answer."""
        permit = self.hands.permit(asked)
        return self.opened(permit, asked, await self.answer(permit)).found

    async def record(self, asked: Asked) -> Message:
        """The record that it brings. Raises: CaseEnd where there is none."""
        found = await self.found(asked)
        if not isinstance(found, ProvidedRecord):
            raise fail(f"there was no record: {found}")
        kind = self.about.agency.provided(self.hands.item).record_type
        expect(found.record_type == kind.DESCRIPTOR.full_name, f"record_type is {found.record_type!r}")
        try:
            return kind.FromString(found.record)
        except DecodeError:
            raise fail("the record does not parse") from None

    async def refused(self, permit: ProvisionPermit, *reasons: Reason) -> Reply:
        """See that a permit is refused with one of the reasons. Raises: CaseEnd."""
        reply = await self.provide(permit)
        if reply.ok:
            answer = self.answered(reply)
            outcome = named(inquiry_pb2.ProvisionOutcome, answer.outcome)
            raise fail(f"it was answered with {outcome} instead of refused with {_named(reasons)}")
        if not reply.reason:
            if reply.status in _NO_END:
                raise unknown(f"no end of its own: {reply}")
            raise fail(f"it ended with {reply.status} without an ErrorInfo, and not with {_named(reasons)}")
        expect(reply.reason in {each.value for each in reasons}, f"it was refused with {reply}, not {_named(reasons)}")
        return reply

    async def decide(self, number: str, *, release: bool) -> None:
        """Have a clerk decide, as the node's business system. Raises: CaseEnd."""
        if refused := await self.refused_decision(number, release=release):
            raise fail(f"the clerk's decision was not taken: {refused}")

    async def refused_decision(self, number: str, *, release: bool) -> str:
        """The same, where it may be refused: the reason, empty where the decision was taken. Raises: CaseEnd, skipped."""
        if self.about.business is None:
            raise skip("the node serves no NodeService, so that no clerk can decide")
        self.evidence.sent(f"as the business system: DecideProvision {number}, {'release' if release else 'refuse'}")
        decision = node_pb2.CLERK_DECISION_RELEASE if release else node_pb2.CLERK_DECISION_REFUSE
        try:
            async with NodeClient(self.about.business) as client:
                await client.decide_provision(number, decision)
        except WarifuError as error:
            return error.reason.value
        return ""

    async def restart(self) -> None:
        """Kill the node and start it again. Raises: CaseEnd, unknown, where it does not come back."""
        if self.about.restarts is None:
            raise skip("somebody else started the node")
        self.evidence.noted("the node is killed, and started again")
        await self._wire.close()
        try:
            self.about.at.endpoint = await self.about.restarts()
        except WarifuError as error:
            raise unknown(f"it did not come back: {error}") from None
        finally:
            self._wire = self._wired()

    async def still_answers(self, person: CastPerson) -> None:
        """See that it is there after what was done to it. Raises: CaseEnd."""
        self.evidence.noted("and after that an honest permit:")
        await self.found(self.asked(person))

    async def _call(self, permit: ProvisionPermit | bytes, caller: Pair | None, seconds: float) -> Reply:
        if isinstance(permit, bytes):
            body = permit
            self.evidence.sent(f"Provide, {len(permit)} bytes")
        else:
            body = ProvideRequest(permit=permit).SerializeToString()
            self.evidence.sent(f"Provide {told(permit)}")
        reply = await self._wire.call(PROVIDE, body, caller, seconds=seconds)
        self._note(reply)
        if not isinstance(permit, bytes):
            self._remember(permit, reply)
        return reply

    def _remember(self, permit: ProvisionPermit, reply: Reply) -> None:
        with suppress(DecodeError):
            if reply.ok:
                self.about.history.answered(permit, ProvideResponse.FromString(reply.body).answer)

    def _note(self, reply: Reply) -> None:
        if not reply.ok:
            self.evidence.came_back(str(reply))
            return
        try:
            self.evidence.came_back(told(ProvideResponse.FromString(reply.body).answer))
        except DecodeError:
            self.evidence.came_back(f"OK, {len(reply.body)} bytes that do not parse")


def _named(reasons: Sequence[Reason]) -> str:
    return " or ".join(each.value for each in reasons)


def _path(method: str) -> str:
    return f"{PROVIDE.rpartition('/')[0]}/{method}"
