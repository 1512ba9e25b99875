"""One party's server over real mutual TLS, a small service behind it, and everything wrong one could connect with."""

from __future__ import annotations

import asyncio
import io
import json
import logging as stdlib_logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import wrappers_pb2

from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.pki import Credential, Identity, Role, Root
from warifu.rpc import channel, logging, server
from warifu.rpc.identity import peer_certificate
from warifu.rpc.status import from_rpc_error, translated

Text = wrappers_pb2.StringValue


class Probe:
    """A service with one RPC of every shape. Each does ``probe.act`` on each message; what it got is in ``seen``."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.act: Callable[[Any, Any], Any] = lambda text, context: text

    async def _answer(self, request: Any, context: Any) -> Any:
        self.seen.append((peer_certificate(context), request.value))
        answer = self.act(request.value, context)
        return Text(value=await answer if asyncio.iscoroutine(answer) else answer)

    async def echo(self, request: Any, context: Any) -> Any:
        return await self._answer(request, context)

    async def yield_(self, request: Any, context: Any) -> AsyncIterator[Any]:
        yield await self._answer(request, context)
        yield Text(value="end")

    async def write(self, request: Any, context: Any) -> None:
        await context.write(await self._answer(request, context))
        await context.write(Text(value="end"))

    async def collect(self, requests: AsyncIterator[Any], context: Any) -> Any:
        return Text(value=",".join([(await self._answer(request, context)).value async for request in requests]))

    async def talk(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            yield await self._answer(request, context)

    def unwritten(self, request: Any, context: Any) -> Any:
        raise NotImplementedError


def add_probe(servicer: Any, to: Any) -> None:
    """What generated code does to register a servicer."""
    shapes: dict[str, tuple[Callable[..., Any], Any]] = {
        "Echo": (grpc.unary_unary_rpc_method_handler, servicer.echo),
        "Yield": (grpc.unary_stream_rpc_method_handler, servicer.yield_),
        "Write": (grpc.unary_stream_rpc_method_handler, servicer.write),
        "Collect": (grpc.stream_unary_rpc_method_handler, servicer.collect),
        "Talk": (grpc.stream_stream_rpc_method_handler, servicer.talk),
        "Unwritten": (grpc.unary_unary_rpc_method_handler, servicer.unwritten),
    }
    handlers = {name: make(run, Text.FromString, Text.SerializeToString) for name, (make, run) in shapes.items()}
    to.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Probe", handlers),))
    to.add_registered_method_handlers("test.Probe", handlers)


EVERYBODY: Mapping[str, frozenset[Role]] = {
    f"/test.Probe/{name}": frozenset(Role) for name in ("Echo", "Yield", "Write", "Collect", "Talk")
}


class Stub:
    """Calls the service; text in, text out. ``raw`` sends bytes as they are."""

    def __init__(self, to: grpc.aio.Channel) -> None:
        self._to: Any = to
        self.talk = to.stream_stream("/test.Probe/Talk", Text.SerializeToString, Text.FromString)

    async def raw(self, path: str, message: bytes) -> Any:
        """Call any path of the unary shape with these bytes."""
        return await self._to.unary_unary(path)(message, timeout=10)

    def talked(
        self, path: str, serialise: Callable[[Any], bytes], parse: Callable[[bytes], Any], *messages: Any
    ) -> Any:
        """Call any path of the shape with a stream either way; what it replies, one by one."""
        return self._to.stream_stream(path, serialise, parse)(iter(messages), timeout=10)

    async def call(self, shape: str, *texts: Any, timeout: float | None = 10) -> list[str]:
        """Send ``texts`` to an RPC of any shape; bytes go as they are."""
        messages = [text if isinstance(text, bytes) else Text(value=text).SerializeToString() for text in texts]
        path = f"/test.Probe/{shape}"
        if shape == "Echo":
            return [Text.FromString(await self._to.unary_unary(path)(messages[0], timeout=timeout)).value]
        if shape == "Collect":
            return [Text.FromString(await self._to.stream_unary(path)(iter(messages), timeout=timeout)).value]
        if shape == "Talk":
            replies = self._to.stream_stream(path)(iter(messages), timeout=timeout)
        else:
            replies = self._to.unary_stream(path)(messages[0], timeout=timeout)
        return [Text.FromString(reply).value async for reply in replies]

    def unread(self, shape: str, text: str) -> Any:
        """Such a call to an RPC that replies with a stream, of which nothing is read yet."""
        return self._to.unary_stream(f"/test.Probe/{shape}")(Text(value=text).SerializeToString(), timeout=10)

    async def refused(self, shape: str = "Echo", *texts: Any) -> WarifuError:
        """The error that such a call reports; fails when it is answered."""
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await self.call(shape, *(texts or ("hello",)))
        return from_rpc_error(failed.value, default={})


class Wire:
    """A root, a hub's server and whatever connects to it."""

    def __init__(self, folder: Path, log: io.StringIO) -> None:
        self.clock = ManualClock(datetime.now(UTC))
        self.root = Root.create("dev", self.clock)
        self.folder = folder
        self.log = log
        self.hub = self.issue(Role.HUB, 0)
        self.probe = Probe()
        self.revoked: set[int] = set()
        self._close: list[Callable[[], Any]] = []
        self.stop_server: Callable[[], Any] = asyncio.Event

    def identity(self, role: Role, number: int) -> Identity:
        return Identity(network="dev", role=role, institution=InstitutionCode(f"9{number:015d}"))

    def issue(self, role: Role, number: int, valid_days: float = 90) -> Credential:
        return self.root.issue(self.identity(role, number), valid_days)

    def odd(self, *names: x509.GeneralName) -> Credential:
        """A certificate that the right root signed, with names that it would never have put in."""
        self.root.save(self.folder)
        root_key = serialization.load_pem_private_key((self.folder / "root.key").read_bytes(), password=None)
        assert isinstance(root_key, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = x509.CertificateBuilder().public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.subject_name(x509.Name([]))
        builder = builder.issuer_name(x509.load_pem_x509_certificate(self.root.cert_pem).subject)
        builder = builder.not_valid_before(self.clock.now() - timedelta(hours=1))
        builder = builder.not_valid_after(self.clock.now() + timedelta(hours=1))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(root_key, hashes.SHA256())
        key_pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        return Credential(pem, key_pem, certificate.serial_number)

    async def serve(self, **changes: Any) -> str:
        """Start a server with the probe behind it, changed as told; gives its ``host:port``."""
        settings: dict[str, Any] = {
            "credential": self.hub,
            "root_pem": self.root.cert_pem,
            "access": EVERYBODY,
            "services": [(add_probe, self.probe)],
            "revoked": lambda: frozenset(self.revoked),
            **changes,
        }
        served, port = server.build_server(**settings)
        self.stop_server = lambda: served.stop(0)
        self._close.append(self.stop_server)
        await served.start()
        return f"127.0.0.1:{port}"

    def connect(self, target: str, credential: Credential | None = None, **changes: Any) -> Stub:
        """A stub that calls ``target`` with ``credential``, by default as an agency."""
        settings = {
            "credential": credential or self.issue(Role.AGENCY, 1),
            "root_pem": self.root.cert_pem,
            "expect": self.hub.identity,
            **changes,
        }
        return self.stub(channel.secure_channel(target, **settings))

    def stub(self, to: grpc.aio.Channel) -> Stub:
        self._close.insert(0, to.close)
        return Stub(to)

    @staticmethod
    def caller(to: grpc.aio.Channel) -> Stub:
        """A stub on a channel that somebody else closes."""
        return Stub(to)

    @staticmethod
    def read(message: bytes) -> str:
        """The text in a message."""
        return str(Text.FromString(message).value)

    @staticmethod
    def translated() -> Any:
        """Within it a failed call raises what it means."""
        return translated({grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE})

    def text(self, value: str) -> Any:
        return Text(value=value)

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait for a condition; fails when it does not hold within five seconds."""
        async with asyncio.timeout(5):
            while not holds():  # noqa: ASYNC110  # what is waited for cannot all tell of itself
                await asyncio.sleep(0.002)

    async def until_answered(self, stub: Stub) -> None:
        async with asyncio.timeout(5):
            while True:
                with suppress(grpc.aio.AioRpcError):
                    await stub.call("Echo", "again")
                    return

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    async def close(self) -> None:
        for close in self._close:
            await close()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream, handlers = io.StringIO(), stdlib_logging.getLogger().handlers
    logging.configure("debug", stream)
    yield stream
    logging.configure("warning")
    stdlib_logging.getLogger().handlers = handlers


@pytest.fixture
async def wire(tmp_path: Path, log: io.StringIO) -> AsyncIterator[Wire]:
    wire = Wire(tmp_path, log)
    yield wire
    await wire.close()
