"""Whole networks that are awkward on purpose, and one that is calm and does what it is asked for."""

from __future__ import annotations

import asyncio
import hashlib
import io
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest

from warifu.api.hub.v1.hub_service_pb2 import ExchangeCall, ExchangeRequest, ExchangeResponse, ExchangeStreamRequest
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceStub
from warifu.api.node.v1.node_service_pb2 import Inquiry
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import AgencyCode
from warifu.exchange.context import ExchangeFlags
from warifu.exchange.inquiry import InquirerKeys, Question, build_inquiry
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.party.folder import PartyFolder
from warifu.rpc.status import from_rpc_error
from warifu_kit.demo.offices import open_offices
from warifu_kit.demo.plan import Plan, make_plan
from warifu_kit.demo.population import populate
from warifu_kit.demo.progress import teller
from warifu_kit.faults.asking import ask_for, party_folders
from warifu_kit.faults.ledger import read_ledger
from warifu_kit.faults.ledger_line import LedgerLine
from warifu_kit.faults.rule import Rule
from warifu_kit.faults.rules import clear_rules
from warifu_kit.faults.settings import FaultSettings
from warifu_kit.network.network import Network
from warifu_kit.output import Terminal
from warifu_kit.people.residents import AS_OF, generate

MARK = "warifu-fault"
SETTLED_WITHIN_S = 60.0


@dataclass
class Ended:
    """How one call ended: with a response or an error, and what its trailing metadata say."""

    response: ExchangeResponse | None
    error: WarifuError | None
    marks: list[str]

    @property
    def reason(self) -> str:
        return "" if self.error is None else self.error.reason.value


@dataclass
class Awkward:
    """A network that takes faults, with its people registered."""

    path: Path
    endpoints: dict[str, str]
    plan: Plan
    running: Network
    events: list[tuple[str, str]]

    def folder(self, party: str) -> PartyFolder:
        return PartyFolder(self.path / party)

    def identity(self, party: str) -> Any:
        return self.folder(party).identity()

    def credential(self, party: str) -> Any:
        return self.folder(party).credential().current()

    def ask(self, party: str, rpc: str, faults: str, **about: Any) -> Rule:
        return ask_for(self.path, party, rpc=rpc, faults=faults, **about)

    def ledger(self, party: str) -> list[LedgerLine]:
        return list(read_ledger(self.path / party))

    def clear(self) -> None:
        for folder in party_folders(self.path).values():
            clear_rules(folder)

    def inquiries(self, seed: int = 0) -> Iterator[Inquiry]:
        """Every question of every procedure, with request_ids that are the same each time."""
        for planned in self.plan.procedures:
            for case in planned.cases:
                for provider, item_code in case.questions:
                    about = f"{seed} {planned.procedure_code} {case.local_number} {item_code}"
                    yield Inquiry(
                        request_id=hashlib.sha256(about.encode()).digest()[:16],
                        local_number=case.local_number,
                        procedure_code=planned.procedure_code,
                        provider=InstitutionCode(str(self.folder(provider).settings().institution_code)),
                        item_code=item_code,
                    )


@pytest.fixture(scope="session")
def begin_awkward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[FaultSettings], Awkward]]:
    """Start whole networks that take faults."""
    with ExitStack() as stack:

        def begin(settings: FaultSettings) -> Awkward:
            path, plan = tmp_path_factory.mktemp("awkward") / "net", make_plan(generate(1, 60), 1, AS_OF)
            events = list[tuple[str, str]]()
            hear = partial(_hear, events)
            network = stack.enter_context(Network(path, faults=settings, on_event=hear))
            asyncio.run(_settle(path, plan))
            endpoints = {party: network.endpoint(party) for party in network.parties}
            return Awkward(path, endpoints, plan, network, events)

        yield begin


def _hear(events: list[tuple[str, str]], event: str, party: str, _: str) -> None:
    events.append((event, party))


async def _settle(path: Path, plan: Plan) -> None:
    async with open_offices(path) as offices:
        with teller(Terminal(file=io.StringIO())) as telling:
            await populate(offices, plan, telling)


@pytest.fixture(scope="session")
def calm_network(begin_awkward: Callable[[FaultSettings], Awkward]) -> Awkward:
    """One for all tests that ask for what they want."""
    return begin_awkward(FaultSettings(seed=0, calm=True))


@pytest.fixture
def calm(calm_network: Awkward) -> Iterator[Awkward]:
    """The same, with nothing asked of it."""
    calm_network.clear()
    yield calm_network
    calm_network.clear()


class Insurer:
    """The insurer's node, played by a test: makes inquiries, and sends them alone or on a stream.

    Its real node is up as well, finds out that somebody asks in its name, and is left alone with that.
    """

    def __init__(self, net: Any, channel: grpc.aio.Channel) -> None:
        party = net.folder("insurance")
        self._directory = party.directory()
        own = self._directory.entry(net.identity("insurance").institution)
        self._own = own
        self._tax = net.identity("tax").institution
        signing_key = SigningKey(party.secret("signing.key"))
        self._keys = InquirerKeys(own=own, signing_key=signing_key, hedge_key=secrets.token_bytes(32))
        self._hub: Any = HubServiceStub(channel)

    def inquiry(self) -> SignedInquiry:
        """About somebody who is nobody to the tax office, which answers that as it answers everything."""
        point = self._directory.group.hash_to_point(secrets.token_bytes(16))
        question = Question(
            request_id=secrets.token_bytes(16),
            provider=self._tax,
            procedure_code=ProcedureCode("JT99000000000004"),
            item_code=ItemCode("TM00000000000002"),
            flags=ExchangeFlags.NONE,
        )
        code = AgencyCode(institution=self._own.institution, epoch=self._own.epoch, point=point)
        now_ms = SystemClock().unix_ms()
        return build_inquiry(question, code, keys=self._keys, directory=self._directory, now_ms=now_ms)[0]

    async def alone(self, inquiry: SignedInquiry, *, timeout: float = 20, asked: str = "") -> Ended:
        call = self._hub.Exchange(
            ExchangeRequest(inquiry=inquiry), timeout=timeout, metadata=((MARK, asked),) if asked else ()
        )
        try:
            response = await call
        except grpc.aio.AioRpcError as error:
            default = {
                grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE,
                grpc.StatusCode.DEADLINE_EXCEEDED: Reason.HUB_TIMED_OUT,
            }
            return Ended(None, from_rpc_error(error, default=default), _marks(error.trailing_metadata()))
        return Ended(response, None, _marks(await call.trailing_metadata()))

    async def together(self, inquiry: SignedInquiry, *, timeout: float = 20, asked: str = "") -> Ended:
        """The same on a stream, beside another exchange that nothing is done to."""
        (ended,) = await self.on_one_stream([inquiry], timeout=timeout, asked=asked)
        return ended

    async def on_one_stream(
        self, inquiries: Sequence[SignedInquiry], *, timeout: float = 20, asked: str = ""
    ) -> list[Ended]:
        calls = [
            ExchangeCall(call_number=number, timeout_ms=int(timeout * 1000), request=ExchangeRequest(inquiry=inquiry))
            for number, inquiry in enumerate(inquiries, start=1)
        ]
        metadata = ((MARK, asked),) if asked else ()
        stream = self._hub.ExchangeStream(
            iter([ExchangeStreamRequest(calls=calls)]), timeout=timeout, metadata=metadata
        )
        replies = {reply.call_number: reply async for message in stream for reply in message.replies}
        marks = dict(mark.split("=", 1) for mark in _marks(await stream.trailing_metadata()))
        return [
            _told(
                replies.get(call.call_number), [marks[str(call.call_number)]] if str(call.call_number) in marks else []
            )
            for call in calls
        ]


def _told(reply: Any, marks: list[str]) -> Ended:
    if reply is None:
        return Ended(None, WarifuError(Reason.HUB_TIMED_OUT), marks)
    if reply.WhichOneof("end") == "response":
        return Ended(reply.response, None, marks)
    return Ended(None, WarifuError(Reason[reply.failure.reason], where=reply.failure.where), marks)


def _marks(metadata: Any) -> list[str]:
    return [value for key, value in metadata or () if key == MARK]


@pytest.fixture
def insurer(calm: Awkward, calls: Any) -> Insurer:
    return Insurer(calm, calls.to(calm, caller="insurance"))


@pytest.fixture(params=["alone", "together"])
def send(request: pytest.FixtureRequest, insurer: Insurer) -> Any:
    """An exchange as a call by itself, and on a stream."""
    return getattr(insurer, request.param)


@pytest.fixture
def insurer_of() -> Callable[[Any, grpc.aio.Channel], Insurer]:
    """The same office at any network."""
    return Insurer
