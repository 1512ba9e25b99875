"""Making the server of a party.

Decides how a server listens: TLS with a client certificate required, on a port it shares with nobody, with a health
service, and with the edge around every RPC. The certificate is read again for every new connection, so that replacing
it needs no restart; open connections go on. There is no argument that turns any of this off.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import grpc
from grpc_health.v1 import health, health_pb2_grpc  # type: ignore[import-untyped]  # publishes no types

from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.pki.credential import Credential, CredentialSource
from warifu.rpc.access import EVERY_ROLE, HEALTH_METHODS, AccessTable, complete_table
from warifu.rpc.address import check_address
from warifu.rpc.admission import Admission
from warifu.rpc.bounds import Bounds
from warifu.rpc.edge import Edge, Handler, is_implemented
from warifu.rpc.logging import get_logger

__all__ = [
    "CORE_MESSAGE_LIMIT",
    "SERVER_OPTIONS",
    "TYPED_MESSAGE_LIMIT",
    "AddService",
    "MakeService",
    "build_server",
    "handlers_of",
    "keep_port",
]

TYPED_MESSAGE_LIMIT = 4 * 1024 * 1024  # above this the edge refuses, with REQUEST_TOO_LARGE
CORE_MESSAGE_LIMIT = 2 * TYPED_MESSAGE_LIMIT  # above this gRPC itself refuses, without a reason

_SHARING = "grpc.so_reuseport"
SERVER_OPTIONS = (
    (_SHARING, 0),  # on by default: a second server on the port would silently take half the connections
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # channels ping every 30 s
    ("grpc.keepalive_permit_without_calls", 1),
    # What one connection may make a server hold before anybody looks at a call:
    ("grpc.max_metadata_size", 4 * 1024),  # of one call; a caller here sends some hundred bytes
    ("grpc.absolute_max_metadata_size", 8 * 1024),
    ("grpc.http2.bdp_probe", 0),  # or what a stream may send unasked grows to mebibytes
    ("grpc.http2.lookahead_bytes", 16 * 1024),  # of a message nobody reads yet
    ("grpc.compression_enabled_algorithms_bitset", 1),  # none: a few compressed bytes could mean mebibytes
    ("grpc.experimental.tcp_max_read_chunk_size", 64 * 1024),
    ("grpc.experimental.tcp_max_read_buffer_size", 256 * 1024),  # it would read mebibytes ahead of what it can take
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.server.max_pending_requests", 100_000),  # above it gRPC would cancel anybody's calls
    ("grpc.server.max_pending_requests_hard_limit", 100_000),
    ("grpc.max_connection_idle_ms", 600_000),
)

AddService: TypeAlias = Callable[[Any, Any], None]
MakeService: TypeAlias = Callable[[Sequence[str]], tuple[AddService, object]]
"""Makes a service of the names of all services that a server has."""


def build_server(
    *,
    credential: CredentialSource,
    root_pem: bytes,
    access: AccessTable,
    services: Iterable[tuple[AddService, object]],
    revoked: Callable[[], frozenset[int]],
    extra_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    listen: str = "127.0.0.1:0",
    message_limit: int = TYPED_MESSAGE_LIMIT,
    bounds: Bounds | None = None,
    quick: frozenset[str] = frozenset(),
    health_servicer: health.aio.HealthServicer | None = None,
    clock: Clock | None = None,
    beside: MakeService | None = None,
    shares_port: bool = False,
) -> tuple[grpc.aio.Server, int]:
    """A server, not yet started, and the port it got. To be called inside the event loop that will run it.

    ``services`` pairs each generated ``add_…Servicer_to_server`` with its servicer; an RPC that the servicer does not
    write itself, as an async function, is not served. An interceptor sees bytes on both
    sides of a call. A message of more than ``message_limit`` bytes is refused by name, one of twice as many by gRPC. Health says
    SERVING from the start unless a ``health_servicer`` is given that says otherwise. At every message the caller's certificate
    is held against ``clock``, which is the machine's unless given, as TLS goes by that one too. What ``beside`` makes is for every
    role of the network, as health is, with the same edge around it. With ``shares_port`` other servers of the same user may listen
    at the address as well, and the system gives each connection to one of them: for processes of one party, which must see
    by themselves that nobody else is there.

    Raises: CONFIG_INVALID when ``access`` does not fit the services exactly, or the address cannot be listened on, saying
    why; ADDRESS_IN_USE when another program does.
    """
    handlers = handlers_of([*services, (health_pb2_grpc.add_HealthServicer_to_server, health_servicer or _healthy())])
    others = handlers_of([beside(sorted({method.split("/")[1] for method in handlers}))] if beside else [])
    handlers |= others
    table = complete_table({**dict.fromkeys(others, EVERY_ROLE), **access}, handlers)
    own = credential.current().identity
    log = get_logger(f"{own.role.value}/{own.institution}")
    listening: list[int] = []
    bounds = bounds or Bounds()
    admission = Admission(lambda: listening[0], log, bounds)
    edge = Edge(
        network=own.network,
        revoked=revoked,
        clock=clock or SystemClock(),
        message_limit=message_limit,
        log=log,
        admission=admission,
        quick=quick | HEALTH_METHODS,
    )
    options = [
        *((name, int(shares_port) if name == _SHARING else value) for name, value in SERVER_OPTIONS),
        ("grpc.max_receive_message_length", 2 * message_limit),
        ("grpc.max_concurrent_streams", bounds.connection_calls),
    ]
    server = grpc.aio.server(interceptors=list(extra_interceptors), options=options)
    guarded = {method: edge.guard(method, handler, table[method]) for method, handler in handlers.items()}
    server.add_generic_rpc_handlers((_Guarded(guarded, edge.not_served()),))
    listening.append(_listen(server, listen, _server_credentials(credential, root_pem)))
    return server, listening[0]


def _listen(server: grpc.aio.Server, address: str, credentials: grpc.ServerCredentials) -> int:
    where = f"listen {address}"
    check_address(address, where=where, free_port=True)  # gRPC would take port 99999 for another one
    try:
        return server.add_secure_port(address, credentials)
    except RuntimeError:  # gRPC tells not why
        raise _not_listening(address, where) from None


def _not_listening(address: str, where: str) -> WarifuError:
    """Why ``address`` cannot be listened on, found by trying."""
    host, _, port = address.rpartition(":")
    try:
        for family, kind, protocol, _, place in socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as trying:
                trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trying.bind(place)
                trying.listen(1)
    except socket.gaierror:
        return WarifuError(Reason.CONFIG_INVALID, where=f"{where}: no such name is known")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return WarifuError(Reason.ADDRESS_IN_USE, where=where)
        words = "is no address of this machine" if error.errno == errno.EADDRNOTAVAIL else error.strerror
        return WarifuError(Reason.CONFIG_INVALID, where=f"{where}: {words}")
    return WarifuError(Reason.CONFIG_INVALID, where=where)


def keep_port(address: str) -> tuple[socket.socket, str]:
    """Have the port of ``address`` for servers that share it: a socket that listens to nobody, and the endpoint it is of.

    As long as the socket is open, no other program can listen there, but one of the same user that shares ports as well.
    Raises: as :func:`build_server`, also when such a one listens there already.
    """
    where = f"listen {address}"
    check_address(address, where=where, free_port=True)
    host, _, port = address.rpartition(":")
    try:
        (family, kind, protocol, _, place), *_ = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind, protocol) as trying:  # which shares with nobody
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trying.bind(place)
            trying.listen(1)
            found = trying.getsockname()
        kept = socket.socket(family, kind, protocol)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        kept.bind(found)
    except OSError:
        raise _not_listening(address, where) from None
    return kept, f"{host}:{found[1]}"


def _healthy() -> health.aio.HealthServicer:
    return health.aio.HealthServicer()


class _Guarded(grpc.GenericRpcHandler):
    """Looks a call's handler up by its full name."""

    def __init__(self, handlers: Mapping[str, Handler], otherwise: Handler) -> None:
        self._handlers = handlers
        self._otherwise = otherwise

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler:
        return self._handlers.get(handler_call_details.method, self._otherwise)


class _Collector:
    """Stands in for a server while generated code registers with it, to learn what it would serve."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}

    def add_generic_rpc_handlers(self, _: object) -> None:
        """Generated code registers every handler twice; the other way names them."""

    def add_registered_method_handlers(self, service: str, methods: Mapping[str, Handler]) -> None:
        self.handlers |= {f"/{service}/{method}": handler for method, handler in methods.items()}


def handlers_of(services: Iterable[tuple[AddService, object]]) -> dict[str, Handler]:
    """What ``services`` would serve, by full name, without any edge around it."""
    collector = _Collector()
    for add, servicer in services:
        add(servicer, collector)
    return {method: handler for method, handler in collector.handlers.items() if is_implemented(handler)}


def _server_credentials(source: CredentialSource, root_pem: bytes) -> grpc.ServerCredentials:
    served: list[Credential] = [source.current()]

    def configuration() -> Any:
        return grpc.ssl_server_certificate_configuration([(served[0].key_pem, served[0].cert_pem)], root_pem)

    def fetch() -> Any:
        """Asked by gRPC, on a thread of its own, before each handshake; None means no change."""
        fresh = source.current()
        if fresh is served[0]:
            return None
        served[0] = fresh
        return configuration()

    return grpc.dynamic_ssl_server_credentials(configuration(), fetch, require_client_authentication=True)
