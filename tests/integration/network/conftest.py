"""Real hub processes over real TLS, whose agencies the tests play; a whole network; and an ear for anything personal."""

from __future__ import annotations

import asyncio
import io
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from rich.console import Console

from warifu.agency import Absence
from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideResponse
from warifu.api.directory.v1.directory_service_pb2 import AnnounceEndpointRequest
from warifu.api.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from warifu.api.hub.v1.hub_service_pb2 import ExchangeRequest, ExchangeResponse
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceStub
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceStub
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.clock import Clock, SystemClock
from warifu.codes import AgencyCode, open_code
from warifu.context import ExchangeFlags
from warifu.directory import Directory, DirectoryEntry
from warifu.errors import WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.inquiry import InquirerKeys, Question, build_inquiry
from warifu.party import PartyFolder
from warifu.pki import Credential, Identity, Role, Root
from warifu.provision import ProviderKeys, check_permit, make_answer, open_query, seal_found
from warifu.rpc.channel import secure_channel
from warifu.rpc.server import build_server
from warifu.rpc.status import from_rpc_error
from warifu.seal import SealingKey
from warifu.signature import SigningKey
from warifu_kit.blindness import BlindnessSearch
from warifu_kit.creation import create_network
from warifu_kit.demo.offices import open_offices
from warifu_kit.demo.outside import secrets_of
from warifu_kit.demo.plan import Plan, make_plan
from warifu_kit.demo.population import Population, populate
from warifu_kit.demo.progress import teller
from warifu_kit.needles import Secret
from warifu_kit.network import Network, PartyProcess, party_command
from warifu_kit.residents import AS_OF, generate

LOCAL_TAX = ItemCode("TM00000000000002")
CHILD_ALLOWANCE = ProcedureCode("JT99000000000001")


class Overheard:
    """What must hold nothing personal: the errors that calls end with, and the logs of every process."""

    def __init__(self) -> None:
        self.secrets: list[Secret] = []
        self.errors: list[str] = []
        self.folders: list[Path] = []

    def secret(self, kind: str, value: str | bytes) -> None:
        self.secrets.append(Secret(kind=kind, owner=f"number {len(self.secrets)}", value=value))

    def search(self, sought: Sequence[Secret]) -> Any:
        search = BlindnessSearch(sought)
        search.blob("errors", "\n".join(self.errors).encode())
        for folder in self.folders:
            for log in folder.rglob("party.log"):
                search.file(f"{folder.parent.name}/{log.parent.name}/party.log", log)
        return search.report()

    def check(self, sought: Sequence[Secret]) -> None:
        if sought:
            assert self.search(sought).hits == (), "something personal in an error or a log"


@pytest.fixture(scope="session")
def overheard() -> Iterator[Overheard]:
    heard = Overheard()
    yield heard
    heard.check(heard.secrets)


@pytest.fixture(autouse=True)
def nothing_personal_is_overheard(overheard: Overheard) -> Iterator[None]:
    """Looks for what a test brought in right after it; for everything at the very end."""
    known = len(overheard.secrets)
    yield
    overheard.check(overheard.secrets[known:])


@dataclass
class Net:
    """A network on disk, and where its parties listen."""

    path: Path
    endpoints: dict[str, str] = field(default_factory=dict)

    def folder(self, party: str) -> PartyFolder:
        return PartyFolder(self.path / party)

    def directory(self) -> Directory:
        return self.folder("supervisor").directory()

    def identity(self, party: str) -> Identity:
        return self.folder(party).identity()

    def institution(self, party: str) -> InstitutionCode:
        return self.identity(party).institution

    def credential(self, party: str) -> Credential:
        return PartyFolder(self.path / party).credential().current()

    def root(self, clock: Clock | None = None) -> Root:
        return Root.load(self.path / "root", clock or SystemClock())

    def issue(
        self, role: Role, institution: InstitutionCode, *, clock: Clock | None = None, days: int = 1
    ) -> Credential:
        network = self.identity("hub").network
        return self.root(clock).issue(Identity(network=network, role=role, institution=institution), days)

    def odd(self, *names: x509.GeneralName) -> Credential:
        """A certificate that the network's own root signed, with names it would never have put in."""
        pem = (self.path / "root" / "root.key").read_bytes()
        root_key = serialization.load_pem_private_key(pem, password=None)
        assert isinstance(root_key, ec.EllipticCurvePrivateKey)
        key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
        builder = x509.CertificateBuilder().public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.subject_name(x509.Name([]))
        builder = builder.issuer_name(x509.load_pem_x509_certificate(self.root().cert_pem).subject)
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(root_key, hashes.SHA256())
        key_pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Credential(certificate.public_bytes(serialization.Encoding.PEM), key_pem, certificate.serial_number)


def loud(party: str, folder: Path, options: Sequence[str]) -> list[str]:
    """The command of a party that writes everything it can into its log, so that there is something to search."""
    return [*party_command(party, folder, options), "--log-level", "debug"]


class HubProcess(Net):
    """A hub that runs alone, as a process."""

    def __init__(self, path: Path, command: Callable[..., list[str]] = loud) -> None:
        super().__init__(path)
        self.process = PartyProcess("hub", path / "hub", command("hub", path / "hub", ["--listen", "127.0.0.1:0"]))

    def start(self) -> None:
        self.process.start()
        self.endpoints["hub"] = self.process.wait_ready()

    def kill(self) -> None:
        self.process.send(signal.SIGKILL)
        assert self.process.wait_stopped(10) == -signal.SIGKILL

    def stop(self) -> int | None:
        self.process.send(signal.SIGTERM)
        return self.process.wait_stopped(10)

    def restart(self) -> None:
        self.process.restart()


@pytest.fixture(scope="session")
def made_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that nobody has started yet."""
    path = tmp_path_factory.mktemp("made") / "net"
    create_network(path)
    return path


@pytest.fixture
def fresh_network(made_network: Path, tmp_path: Path) -> Path:
    """A copy of it for one test to spoil."""
    return Path(shutil.copytree(made_network, tmp_path / "net"))


@pytest.fixture(scope="session")
def lone_hub(tmp_path_factory: pytest.TempPathFactory, overheard: Overheard) -> Iterator[HubProcess]:
    """A hub process for all tests that leave it as it was."""
    path = tmp_path_factory.mktemp("lone") / "net"
    create_network(path)
    overheard.folders.append(path)
    hub = HubProcess(path)
    hub.start()
    yield hub
    assert hub.stop() == 0


@pytest.fixture(scope="session")
def begin_hub(
    made_network: Path, tmp_path_factory: pytest.TempPathFactory, overheard: Overheard
) -> Iterator[Callable[[], HubProcess]]:
    """Start further hubs, each on a folder of its own."""
    begun: list[HubProcess] = []

    def begin() -> HubProcess:
        path = tmp_path_factory.mktemp("own") / "net"
        overheard.folders.append(Path(shutil.copytree(made_network, path)))
        begun.append(HubProcess(path))
        begun[-1].start()
        return begun[-1]

    yield begin
    for hub in begun:
        hub.process.send(signal.SIGKILL)
        hub.process.wait_stopped(10)


@pytest.fixture
def own_hub(begin_hub: Callable[[], HubProcess]) -> HubProcess:
    """A hub process for one test to break."""
    return begin_hub()


class Calls:
    """Channels of one test, and what its calls ended with."""

    def __init__(self, overheard: Overheard) -> None:
        self._overheard = overheard
        self._close: list[Callable[[], Awaitable[Any]]] = []

    def to(
        self, net: Net, callee: str = "hub", *, caller: str = "childcare", credential: Credential | None = None
    ) -> grpc.aio.Channel:
        """A channel to a party of the network, by default as a party of the network."""
        channel = secure_channel(
            net.endpoints[callee],
            credential=credential or net.credential(caller),
            root_pem=net.folder("hub").root_pem(),
            expect=net.identity(callee),
        )
        return self.keep(channel)

    def keep(self, channel: grpc.aio.Channel) -> grpc.aio.Channel:
        self._close.insert(0, channel.close)
        return channel

    def closing(self, close: Callable[[], Awaitable[Any]]) -> None:
        self._close.insert(0, close)

    async def failed(self, call: Awaitable[Any], default: Any = None) -> WarifuError:
        """The error a call ends with; fails when it does not."""
        with pytest.raises((grpc.aio.AioRpcError, WarifuError)) as failed:
            await call
        raised = failed.value
        self._overheard.errors.append(repr(raised))
        if isinstance(raised, grpc.aio.AioRpcError):
            self._overheard.errors.append(repr(raised.trailing_metadata()))
            raised = from_rpc_error(raised, default=default or {})
        assert isinstance(raised, WarifuError)
        self._overheard.errors.append(f"{raised} {raised.debug}")
        return raised

    async def close(self) -> None:
        for close in self._close:
            await close()


@pytest.fixture
async def calls(overheard: Overheard) -> AsyncIterator[Calls]:
    opened = Calls(overheard)
    yield opened
    await opened.close()


class Asker:
    """The child allowance office, played by the test: makes inquiries about people and sends them to a hub."""

    def __init__(self, net: Net, calls: Calls, overheard: Overheard, clock: Clock | None = None) -> None:
        party = net.folder("childcare")
        self.clock = clock or SystemClock()
        self.directory = net.directory()
        self.own: DirectoryEntry = self.directory.entry(net.institution("childcare"))
        self.keys = InquirerKeys(
            own=self.own, signing_key=SigningKey(party.secret("signing.key")), hedge_key=secrets.token_bytes(32)
        )
        self.tax = net.institution("tax")
        self.calls = calls
        self._overheard = overheard
        self.channel = calls.to(net)
        self.hub: Any = HubServiceStub(self.channel)

    def code(self) -> AgencyCode:
        point = self.directory.group.hash_to_point(secrets.token_bytes(16))
        self._overheard.secret("code", point)
        return AgencyCode(institution=self.own.institution, epoch=self.own.epoch, point=point)

    def inquiry(self, **changes: Any) -> SignedInquiry:
        """A signed inquiry to the tax office about somebody new, with parts of the question changed as told."""
        code = changes.pop("code", None) or self.code()
        asked: dict[str, Any] = {
            "request_id": secrets.token_bytes(16),
            "provider": self.tax,
            "procedure_code": CHILD_ALLOWANCE,
            "item_code": LOCAL_TAX,
            "flags": ExchangeFlags.NONE,
            **changes,
        }
        inquiry, _ = build_inquiry(
            Question(**asked), code, keys=self.keys, directory=self.directory, now_ms=self.clock.unix_ms()
        )
        return inquiry

    async def send(self, inquiry: SignedInquiry, timeout: float | None = 10) -> ExchangeResponse:
        response: ExchangeResponse = await self.hub.Exchange(ExchangeRequest(inquiry=inquiry), timeout=timeout)
        return response

    async def refused(self, inquiry: SignedInquiry, timeout: float | None = 10) -> WarifuError:
        return await self.calls.failed(self.send(inquiry, timeout))


class TaxOffice:
    """The tax office's node, played by the test: its real certificate and keys, and whatever answer a test wants.

    ``act`` gets a permit and gives the bytes of the response. An honest office gives the same permit the same answer.
    """

    def __init__(self, net: Net, calls: Calls, overheard: Overheard) -> None:
        party = net.folder("tax")
        self._net, self._calls, self._overheard = net, calls, overheard
        self.directory = net.directory()
        self.keys = ProviderKeys(
            own=self.directory.entry(net.institution("tax")),
            agency_secret=self.directory.group.decode_scalar(party.secret("agency.key")),
            sealing_key=SealingKey.from_bytes(party.secret("sealing.key")),
            signing_key=SigningKey(party.secret("signing.key")),
            row_secret=party.secret("row.key"),
        )
        self.permits: list[ProvisionPermit] = []
        self.answers: dict[bytes, SignedAnswer] = {}
        self.act: Callable[[ProvisionPermit], Awaitable[bytes]] = self.honest
        self.server: Any = None
        self.endpoint = ""

    async def honest(self, permit: ProvisionPermit) -> bytes:
        checked = check_permit(permit, keys=self.keys, directory=self.directory)
        answer = self.answers.get(checked.context.request_id)
        if answer is None:
            group = self.directory.group
            self._overheard.secret("code", open_code(group, self.keys.agency_secret, checked.converted))
            answer = self.answers[checked.context.request_id] = self.answer_to(checked)
        return ProvideResponse(answer=answer).SerializeToString()

    def answer_to(self, checked: Any) -> SignedAnswer:
        sealed = seal_found(Absence.NOT_HELD, open_query(checked, self.keys), checked)
        made = make_answer(
            inquiry_pb2.PROVISION_OUTCOME_ANSWERED,
            checked,
            self.keys.signing_key,
            now_ms=SystemClock().unix_ms(),
            sealed_answer=sealed,
        )
        return made.answer

    async def provide(self, request: ProvideRequest, _: Any) -> bytes:
        self.permits.append(request.permit)
        return await self.act(request.permit)

    def _add(self, servicer: Any, to: Any) -> None:
        handler: Any = grpc.unary_unary_rpc_method_handler(servicer.provide, ProvideRequest.FromString, None)
        to.add_registered_method_handlers("warifu.api.agency.v1.AgencyService", {"Provide": handler})

    async def open(self) -> None:
        """Serve, and tell the hub where."""
        self.server, port = build_server(
            credential=self._net.credential("tax"),
            root_pem=self._net.folder("tax").root_pem(),
            access={"/warifu.api.agency.v1.AgencyService/Provide": frozenset({Role.HUB})},
            services=[(self._add, self)],
            revoked=frozenset,
        )
        await self.server.start()
        self._calls.closing(lambda: self.server.stop(0))
        self.endpoint = f"127.0.0.1:{port}"
        await self.announce(self.endpoint)

    async def announce(self, endpoint: str) -> None:
        stub: Any = DirectoryServiceStub(self._calls.to(self._net, caller="tax"))
        await stub.AnnounceEndpoint(AnnounceEndpointRequest(endpoint=endpoint), timeout=10)


class LogReader:
    """The supervisor at a hub's log."""

    def __init__(self, net: Net, calls: Calls) -> None:
        self.stub: Any = LogServiceStub(calls.to(net, caller="supervisor"))

    async def leaves(self, first: int = 0) -> list[bytes]:
        request = log_pb2.ListLeavesRequest(first_position=first)
        return [leaf async for chunk in self.stub.ListLeaves(request, timeout=10) for leaf in chunk.leaves]

    async def of(self, inquiry: SignedInquiry) -> list[tuple[str, str]]:
        """What the log says of one inquiry: event and reason, in order."""
        request_id = inquiry.context[2:18]
        told = [log_pb2.ExchangeLeaf.FromString(leaf) for leaf in await self.leaves()]
        return [
            (log_pb2.LeafEvent.Name(leaf.event).removeprefix("LEAF_EVENT_"), leaf.reason)
            for leaf in told
            if leaf.request_id == request_id
        ]


@dataclass
class Town(Net):
    """A whole network of processes, with its people registered."""

    plan: Plan = field(kw_only=True)
    running: Network = field(kw_only=True)
    events: list[tuple[str, str]] = field(kw_only=True)


@pytest.fixture(scope="session")
def begin_town(tmp_path_factory: pytest.TempPathFactory, overheard: Overheard) -> Iterator[Callable[[], Town]]:
    """Start whole networks. A test that kills a process of one waits for it to come back."""
    with ExitStack() as stack:

        def begin() -> Town:
            path, plan, events = (
                tmp_path_factory.mktemp("town") / "net",
                make_plan(generate(1, 12), 1, AS_OF),
                list[Any](),
            )
            overheard.folders.append(path)
            network = Network(path, command=loud, on_event=lambda event, party, _: events.append((event, party)))
            running = stack.enter_context(network)
            overheard.secrets += secrets_of(plan, asyncio.run(_settle(path, plan)))
            endpoints = {party: running.endpoint(party) for party in running.parties}
            return Town(path, endpoints, plan=plan, running=running, events=events)

        yield begin


@pytest.fixture(scope="session")
def town(begin_town: Callable[[], Town]) -> Town:
    """A whole network in which tests may play any party."""
    return begin_town()


async def _settle(path: Path, plan: Plan) -> Population:
    async with open_offices(path) as offices:
        with teller(Console(file=io.StringIO())) as telling:
            return await populate(offices, plan, telling)


@pytest.fixture
def asker(lone_hub: HubProcess, calls: Calls, overheard: Overheard) -> Asker:
    return Asker(lone_hub, calls, overheard)


@pytest.fixture
async def tax_office(lone_hub: HubProcess, calls: Calls, overheard: Overheard) -> TaxOffice:
    office = TaxOffice(lone_hub, calls, overheard)
    await office.open()
    return office


@pytest.fixture
def log(lone_hub: HubProcess, calls: Calls) -> LogReader:
    return LogReader(lone_hub, calls)


@pytest.fixture
def play(calls: Calls, overheard: Overheard) -> Callable[..., Any]:
    """Play both agencies, and the supervisor, at a hub of the test's own."""

    async def begin(net: Net) -> tuple[Asker, TaxOffice, LogReader]:
        office = TaxOffice(net, calls, overheard)
        await office.open()
        return Asker(net, calls, overheard), office, LogReader(net, calls)

    return begin


@pytest.fixture
def ask_of(calls: Calls, overheard: Overheard) -> Callable[[Net], Asker]:
    """The child allowance office at the hub of any network."""
    return lambda net: Asker(net, calls, overheard)


@pytest.fixture
def log_of(calls: Calls) -> Callable[[Net], LogReader]:
    """The supervisor at the hub of any network."""
    return lambda net: LogReader(net, calls)
