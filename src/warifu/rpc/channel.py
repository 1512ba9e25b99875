"""Calling another party.

Decides how a channel is made: mutual TLS, to a peer whose identity is pinned by the one DNS name of its certificate. A
handshake costs six calls, so there is one lasting channel per peer; when the caller's own certificate was replaced a
new channel takes the new calls and the old one closes once its calls are over. There is no channel without TLS.

A channel goes straight to its target. gRPC would ask the environment for a proxy (``https_proxy``, ``grpc_proxy``,
``GRPC_ADDRESS_HTTP_PROXY`` and their kin), and an office's proxy knows nothing of loopback, nor of who calls whom.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]  # publishes no types

from warifu.pki.credential import Credential, CredentialSource
from warifu.pki.identity import Identity
from warifu.rpc.server import CORE_MESSAGE_LIMIT

__all__ = [
    "KEEPALIVE_S",
    "KEEPALIVE_TIMEOUT_S",
    "ChannelPool",
    "PeerChannel",
    "secure_channel",
    "secure_channel_sync",
    "wait_until_serving",
]

KEEPALIVE_S = 30
"""How often an idle connection is pinged; servers end one that is pinged more often than every ten seconds."""

KEEPALIVE_TIMEOUT_S = 10
"""How long the answer to a ping may take before the connection is given up."""

_DRAIN_S = 60.0  # longer than any call may take
_RETRY_S = 0.05
_STRAIGHT: tuple[tuple[str, Any], ...] = (
    ("grpc.enable_http_proxy", 0),  # by the target's name
    # by its resolved address; the option above leaves this one on. An address, for gRPC would complain about none, for
    # no target at all.
    ("grpc.address_http_proxy", "192.0.2.1:9"),
    ("grpc.address_http_proxy_enabled_addresses", ""),
    ("grpc.service_config_disable_resolution", 1),  # nor does a record of the name service say how to call
)

Interceptors: TypeAlias = Sequence[grpc.aio.ClientInterceptor]
S = TypeVar("S")


def secure_channel(
    target: str, *, credential: Credential, root_pem: bytes, expect: Identity, interceptors: Interceptors = ()
) -> grpc.aio.Channel:
    """A channel to ``target`` (``host:port``) that talks to ``expect`` and to nobody else."""
    return grpc.aio.secure_channel(
        target, _credentials(credential, root_pem), options=_options(expect), interceptors=list(interceptors)
    )


def secure_channel_sync(target: str, *, credential: Credential, root_pem: bytes, expect: Identity) -> grpc.Channel:
    """The same for callers without an event loop, such as load users under gevent."""
    return grpc.secure_channel(target, _credentials(credential, root_pem), options=_options(expect))


def _credentials(credential: Credential, root_pem: bytes) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(root_pem, credential.key_pem, credential.cert_pem)


def _options(expect: Identity) -> list[tuple[str, Any]]:
    return [
        ("grpc.ssl_target_name_override", expect.dns_name),
        *_STRAIGHT,
        ("grpc.max_receive_message_length", CORE_MESSAGE_LIMIT),
        ("grpc.keepalive_time_ms", KEEPALIVE_S * 1000),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_S * 1000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.initial_reconnect_backoff_ms", 100),  # a restarted peer is found again within a moment
        ("grpc.max_reconnect_backoff_ms", 2_000),
    ]


class PeerChannel:
    """The lasting channel to one peer. Ask it for a stub before every call, and do not keep the stub."""

    __slots__ = ("_channel", "_credential", "_drain_s", "_draining", "_make", "_source", "_stubs", "generation")

    def __init__(
        self,
        target: str,
        *,
        credential: CredentialSource,
        root_pem: bytes,
        expect: Identity,
        interceptors: Interceptors = (),
        drain_s: float = _DRAIN_S,
    ) -> None:
        """Make the channel; it connects on the first call.

        ``generation`` counts replaced channels: a long stream looks at it to know when to move over. An old channel is
        closed, with whatever still runs on it, after ``drain_s`` seconds.
        """
        self._source = credential
        self._drain_s = drain_s
        self._draining: set[asyncio.Task[None]] = set()
        self._stubs: dict[Callable[[grpc.aio.Channel], Any], Any] = {}
        self.generation = 0

        def make(current: Credential) -> grpc.aio.Channel:
            return secure_channel(
                target, credential=current, root_pem=root_pem, expect=expect, interceptors=interceptors
            )

        self._make = make
        self._credential = credential.current()
        self._channel = make(self._credential)

    def channel(self) -> grpc.aio.Channel:
        """The channel for a new call. To be called inside the event loop."""
        fresh = self._source.current()
        if fresh is not self._credential:
            self._replace(fresh)
        return self._channel

    def stub(self, factory: Callable[[grpc.aio.Channel], S]) -> S:
        """A stub for a new call: ``peer.stub(HubServiceStub)``. Made once per channel."""
        channel = self.channel()
        if factory not in self._stubs:
            self._stubs[factory] = factory(channel)
        return cast(S, self._stubs[factory])

    async def close(self) -> None:
        """Close the channel and any that still drain, with the calls on them."""
        for draining in tuple(self._draining):
            draining.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        await self._channel.close()

    def _replace(self, fresh: Credential) -> None:
        drain = asyncio.get_running_loop().create_task(_close_later(self._channel, self._drain_s))
        self._draining.add(drain)
        drain.add_done_callback(self._draining.discard)
        self._credential, self._channel = fresh, self._make(fresh)
        self._stubs.clear()
        self.generation += 1


async def _close_later(channel: grpc.aio.Channel, seconds: float) -> None:
    try:
        await asyncio.sleep(seconds)
    finally:
        await channel.close()


class ChannelPool:
    """The lasting channels of one party, one for each peer identity and address."""

    __slots__ = ("_credential", "_interceptors", "_peers", "_root_pem")

    def __init__(self, *, credential: CredentialSource, root_pem: bytes, interceptors: Interceptors = ()) -> None:
        self._credential = credential
        self._root_pem = root_pem
        self._interceptors = interceptors
        self._peers: dict[tuple[Identity, str], PeerChannel] = {}

    def peer(self, expect: Identity, target: str) -> PeerChannel:
        """The channel to ``expect`` at ``target`` (``host:port``), made on the first request for it."""
        known = self._peers.get((expect, target))
        if known is None:
            known = self._peers[expect, target] = PeerChannel(
                target,
                credential=self._credential,
                root_pem=self._root_pem,
                expect=expect,
                interceptors=self._interceptors,
            )
        return known

    async def close(self) -> None:
        """Close every channel, with the calls on them."""
        peers, self._peers = self._peers, {}
        await asyncio.gather(*(peer.close() for peer in peers.values()))


async def wait_until_serving(channel: grpc.aio.Channel, timeout: float) -> None:
    """Return once the peer says that it is serving. Raises: TimeoutError when it did not within ``timeout`` seconds."""
    stub = health_pb2_grpc.HealthStub(channel)
    give_up = time.monotonic() + timeout
    while (left := give_up - time.monotonic()) > 0:
        try:
            reply = await stub.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=left)
        except grpc.aio.AioRpcError:
            reply = None
        if reply is not None and reply.status == health_pb2.HealthCheckResponse.SERVING:
            return
        await asyncio.sleep(_RETRY_S)
    raise TimeoutError("the peer is not serving")
