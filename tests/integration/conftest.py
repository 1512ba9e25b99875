"""Real processes for tests that need them: hubs that run alone, whole networks, channels to them, and an ear."""

from __future__ import annotations

import asyncio
import io
import json
import re
import shutil
import signal
import socket
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.identifiers import InstitutionCode
from warifu.party.folder import PartyFolder
from warifu.pki import Credential, Identity, Role, Root
from warifu.rpc.channel import secure_channel
from warifu.rpc.status import from_rpc_error
from warifu_kit.blindness.needles import Secret
from warifu_kit.blindness.search import BlindnessSearch
from warifu_kit.demo.offices import open_offices
from warifu_kit.demo.outside import secrets_of
from warifu_kit.demo.plan import Plan, make_plan
from warifu_kit.demo.population import Population, populate
from warifu_kit.demo.progress import teller
from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network
from warifu_kit.network.party_process import PartyProcess, party_command
from warifu_kit.output import Terminal
from warifu_kit.people.residents import AS_OF, generate
from warifu_services.node.filing import CODE_PLACE
from warifu_services.node.keys import AtRest


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

    def ends(self) -> set[tuple[str, str]]:
        """How calls ended at the parties' processes: the RPC, as ``Service.Method``, and the reason."""
        logs = (log for folder in self.folders for log in folder.rglob("party.log"))
        lines = (line for log in logs for line in log.read_bytes().splitlines())
        told = (json.loads(line) for line in lines if b'"call_refused"' in line)
        known = (end for end in told if "method" in end and end.get("reason") in Reason.__members__)
        return {(end["method"].rpartition(".")[2].replace("/", "."), end["reason"]) for end in known}


@pytest.fixture(scope="session")
def overheard() -> Iterator[Overheard]:
    heard = Overheard()
    yield heard
    heard.check(heard.secrets)
    listed = documented()
    assert [end for end in sorted(heard.ends()) if end[0] in listed and end[1] not in listed[end[0]]] == []


def documented() -> dict[str, set[str]]:
    """The reasons that the contract's page lists for each RPC, with those of the RPCs that it says it ends as."""
    page = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")
    anywhere = set(re.findall(r"`([A-Z_]+)`", page.partition("Any RPC may also end with")[2].partition(".")[0]))
    texts: dict[str, str] = {}
    for service, section in re.findall(r"^### [a-z0-9.]+\.(\w+Service)\n(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL):
        for method, text in re.findall(r"^- `(\w+)`: (.*)$", section, re.MULTILINE):
            texts[f"{service}.{method}"] = text.partition("Errors:")[2]

    def reasons(rpc: str) -> set[str]:
        named = re.findall(r"\bas ((?:[A-Z]\w+\.)?[A-Z][a-z]\w+)", texts[rpc])
        others = [name if "." in name else f"{rpc.partition('.')[0]}.{name}" for name in named]
        return set(re.findall(r"\b[A-Z_]{4,}\b", texts[rpc])).union(*(reasons(other) for other in others))

    return {rpc: reasons(rpc) | anywhere | {"REQUEST_MALFORMED"} for rpc in texts}


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
        self._command = command
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
        self.process.restart(self._command("hub", self.path / "hub", ["--listen", self.endpoints["hub"]]))


@pytest.fixture(scope="session")
def made_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that nobody has started yet."""
    path = tmp_path_factory.mktemp("made") / "net"
    create_network(path)
    return path


@pytest.fixture
def fresh_network(made_network: Path, tmp_path: Path) -> Path:
    """A copy of it for one test to spoil: the hub's folder, and another party's."""
    others = shutil.ignore_patterns("root", "authority", "supervisor", "residence", "childcare", "insurance")
    return Path(shutil.copytree(made_network, tmp_path / "net", ignore=others))


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
) -> Iterator[Callable[..., HubProcess]]:
    """Start further hubs, each on a folder of its own; with a ``command`` of the test's own, if it has one."""
    begun: list[HubProcess] = []

    def begin(command: Callable[..., list[str]] = loud) -> HubProcess:
        path = tmp_path_factory.mktemp("own") / "net"
        overheard.folders.append(Path(shutil.copytree(made_network, path)))
        begun.append(HubProcess(path, command))
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


class Proxy:
    """A proxy that answers nobody and counts who came."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        self.visitors = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = self._socket.accept()
                self.visitors += 1
                visitor.close()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._socket.close()
        self._thread.join()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    yield made
    made.close()


@pytest.fixture
def behind_proxy(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    """Every variable by which gRPC finds a proxy leads to one, and none makes an exception."""
    for name in ("https_proxy", "http_proxy", "grpc_proxy", "all_proxy", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{proxy.address}")
    monkeypatch.setenv("GRPC_ADDRESS_HTTP_PROXY", proxy.address)
    monkeypatch.setenv("GRPC_ADDRESS_HTTP_PROXY_ENABLED_ADDRESSES", "0.0.0.0/0,::/0")
    for name in ("no_grpc_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return proxy


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
            overheard.secrets += codes_of(path, plan)
            endpoints = {party: running.endpoint(party) for party in running.parties}
            return Town(path, endpoints, plan=plan, running=running, events=events)

        yield begin


def codes_of(path: Path, plan: Plan) -> Iterator[Secret]:
    """Every agency's codes, as only that agency can open them."""
    for agency in plan.agencies:
        at_rest = AtRest(PartyFolder(path / agency).secret("storage.key"))
        with closing(sqlite3.connect(path / agency / "node.sqlite3")) as connection:
            for row_key, sealed in connection.execute("SELECT row_key, sealed_code FROM person"):
                yield Secret(kind="code", owner=agency, value=at_rest.open(CODE_PLACE, row_key, sealed))


@pytest.fixture(scope="session")
def town(begin_town: Callable[[], Town]) -> Town:
    """A whole network in which tests may play any party."""
    return begin_town()


async def _settle(path: Path, plan: Plan) -> Population:
    async with open_offices(path) as offices:
        with teller(Terminal(file=io.StringIO())) as telling:
            return await populate(offices, plan, telling)
