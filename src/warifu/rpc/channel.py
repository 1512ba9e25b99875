"""Calling another party.

Decides how a channel is made: mutual TLS, to a peer whose identity is pinned by the one DNS name of its certificate, and
by that certificate itself. A handshake costs six calls, so there is one lasting channel per peer; when the caller's own
certificate was replaced a new channel takes the new calls and the old one closes once its calls are over. There is no
channel without TLS.

gRPC's Python has no hook in the handshake, so no channel could look whether the server's certificate was taken back. So
before gRPC connects, the certificate is fetched and looked at (``warifu.rpc.probe``), and the channel is given that one
certificate as all that it trusts: it talks to no other. Whenever it is not connected, the next call begins so again. Each
call looks at the list of those taken back, and at the certificate's dates; so does the channel itself, each second. A channel
to a certificate that was taken back or has ended is closed, with the calls on it, be they ever so quiet.

A channel goes straight to its target. gRPC would ask the environment for a proxy (``https_proxy``, ``grpc_proxy``,
``GRPC_ADDRESS_HTTP_PROXY`` and their kin), and an office's proxy knows nothing of loopback, nor of who calls whom.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar, cast

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]  # publishes no types

from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.pki.credential import Credential, CredentialSource
from warifu.pki.identity import Identity
from warifu.rpc.deadline import outcome_within
from warifu.rpc.gate import GatedChannel
from warifu.rpc.lasting import LOOK_AGAIN_S
from warifu.rpc.probe import FoundCertificate, Peer, check_own_certificate, find_certificate
from warifu.rpc.server import CORE_MESSAGE_LIMIT

__all__ = [
    "CONNECT_SECONDS",
    "KEEPALIVE_S",
    "KEEPALIVE_TIMEOUT_S",
    "ChannelPool",
    "PeerChannel",
    "Revoked",
    "secure_channel",
    "secure_channel_sync",
    "wait_until_serving",
]

KEEPALIVE_S = 30
"""How often an idle connection is pinged; servers end one that is pinged more often than every ten seconds."""

KEEPALIVE_TIMEOUT_S = 10
"""How long the answer to a ping may take before the connection is given up."""

CONNECT_SECONDS = 5.0
"""How long a party may take until it is connected."""

_READY, _FAILED = grpc.ChannelConnectivity.READY, grpc.ChannelConnectivity.TRANSIENT_FAILURE
_NOT_ACCEPTED = (
    "the connection was ended before it was ready: the party stopped, or does not accept this caller's certificate,"
    " perhaps because its clock is wrong"
)
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
Revoked: TypeAlias = Callable[[], frozenset[int]]
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
    """The lasting channel to one peer."""

    def __init__(
        self,
        target: str,
        *,
        credential: CredentialSource,
        root_pem: bytes,
        expect: Identity,
        revoked: Revoked = frozenset,
        clock: Clock | None = None,
        interceptors: Interceptors = (),
        drain_s: float = _DRAIN_S,
        connect_s: float = CONNECT_SECONDS,
    ) -> None:
        """Prepare the channel; it connects on the first call.

        ``revoked`` says which serial numbers were taken back; certificates are held against ``clock``, which is the machine's
        unless given, as TLS goes by that one too. ``generation`` counts replaced channels: a long stream
        looks at it to know when to move over. An old channel is closed, with whatever still runs on it, after
        ``drain_s`` seconds. A connection that is not made within ``connect_s`` seconds counts as not to be made.
        """
        self._peer = Peer(target=target, expect=expect, root_pem=root_pem, clock=clock or SystemClock())
        self._source = credential
        self._revoked = revoked
        self._interceptors = interceptors
        self._drain_s = drain_s
        self._connect_s = connect_s
        self._closing: set[asyncio.Task[None]] = set()
        self._stubs: dict[Callable[[grpc.aio.Channel], Any], Any] = {}
        self._credential = credential.current()
        self._found: FoundCertificate | None = None
        self._channel: grpc.aio.Channel | None = None
        self._connecting: asyncio.Task[grpc.aio.Channel] | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self.generation = 0

    def stub(self, factory: Callable[[grpc.aio.Channel], S]) -> S:
        """A stub for calls now and later: ``peer.stub(HubServiceStub)``. Each call connects first where that is needed.

        A call raises NOT_CONNECTED, PEER_NOT_TRUSTED or OWN_CERTIFICATE_INVALID when it cannot be made at all.
        """
        if factory not in self._stubs:
            self._stubs[factory] = factory(cast(grpc.aio.Channel, GatedChannel(self)))
        return cast(S, self._stubs[factory])

    def connected(self) -> grpc.aio.Channel | None:
        """The channel, if a call can be made on it at once; to be asked before each.

        Raises: PEER_NOT_TRUSTED when the server's certificate was taken back since, or has ended; its calls are ended
        then.
        """
        self.check()
        if self._channel is None or self._source.current() is not self._credential:
            return None
        return self._channel if self._channel.get_state() is _READY else None

    async def channel(self, seconds: float | None = None) -> grpc.aio.Channel:
        """The channel, connected; waits at most ``seconds`` for that, and never longer than ``connect_s``.

        Raises: NOT_CONNECTED, PEER_NOT_TRUSTED, OWN_CERTIFICATE_INVALID.
        """
        if (channel := self.connected()) is not None:
            return channel
        if self._connecting is None:  # calls that come together connect once
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._not_connecting)
        late = self._late(self._connect_s if seconds is None else seconds)
        return await outcome_within(self._connecting, seconds, otherwise=late)

    def check(self) -> None:
        """See that the certificate of the server that is connected is still good. Raises: PEER_NOT_TRUSTED."""
        if self._found is None:
            return
        try:
            self._peer.check_still_good(self._found.names, self._revoked())
        except WarifuError:
            self._found, channel = None, self._channel
            self._channel = None
            if channel is not None:
                self._close_after(0.0, channel)
            raise

    async def close(self) -> None:
        """Close the channel and any that still drain, with the calls on them."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._next_look is not None:
            self._next_look.cancel()
        for closing in tuple(self._closing):
            closing.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        if self._channel is not None:
            await self._channel.close()

    def _not_connecting(self, task: asyncio.Task[grpc.aio.Channel]) -> None:
        self._connecting = None
        if not task.cancelled():
            task.exception()  # seen here, for whoever waited may have gone

    async def _connect(self) -> grpc.aio.Channel:
        """Look at the server's certificate, and connect to it and to none other."""
        give_up = time.monotonic() + self._connect_s
        fresh = self._source.current()
        check_own_certificate(self._peer, fresh.cert_pem)
        found = await find_certificate(self._peer, self._revoked(), self._connect_s)
        channel, known = self._channel, found.pem == (self._found.pem if self._found else None)
        if channel is None or not known or fresh is not self._credential or channel.get_state() is _FAILED:
            channel = self._made(fresh, found)
        try:
            await self._until_ready(channel, give_up - time.monotonic())
        except BaseException:
            if channel is not self._channel:
                await channel.close()
            raise
        if channel is not self._channel:
            self._replace(channel, fresh, found)
        return channel

    def _made(self, credential: Credential, found: FoundCertificate) -> grpc.aio.Channel:
        return secure_channel(
            self._peer.target,
            credential=credential,
            root_pem=found.pem,  # not the root's: this one certificate is all that the channel trusts
            expect=self._peer.expect,
            interceptors=self._interceptors,
        )

    async def _until_ready(self, channel: grpc.aio.Channel, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while (state := channel.get_state(try_to_connect=True)) is not _READY:
                    if state is _FAILED:
                        raise self._peer.fault(Reason.NOT_CONNECTED, _NOT_ACCEPTED)
                    await channel.wait_for_state_change(state)
        except TimeoutError:
            raise self._late(self._connect_s) from None

    def _late(self, seconds: float) -> WarifuError:
        return self._peer.fault(Reason.NOT_CONNECTED, f"no answer within {seconds:.3g} s")

    def _replace(self, channel: grpc.aio.Channel, credential: Credential, found: FoundCertificate) -> None:
        old, self._channel = self._channel, channel
        self._credential, self._found = credential, found
        if old is not None:
            self._close_after(self._drain_s, old)
            self.generation += 1
        if self._next_look is None:
            self._look_later()

    def _look_later(self) -> None:
        self._next_look = asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._look)

    def _look(self) -> None:
        """Look at the server's certificate though nobody calls: a stream may be open on which nothing is said."""
        self._next_look = None
        with suppress(WarifuError):  # whoever calls next is told, or connects to a better one
            self.check()
        if self._channel is not None:
            self._look_later()

    def _close_after(self, seconds: float, channel: grpc.aio.Channel) -> None:
        closing = asyncio.get_running_loop().create_task(_close_later(channel, seconds))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


async def _close_later(channel: grpc.aio.Channel, seconds: float) -> None:
    try:
        await asyncio.sleep(seconds)
    finally:
        await channel.close()


class ChannelPool:
    """The lasting channels of one party, one for each peer identity and address."""

    __slots__ = ("_credential", "_interceptors", "_peers", "_revoked", "_root_pem")

    def __init__(
        self,
        *,
        credential: CredentialSource,
        root_pem: bytes,
        revoked: Revoked = frozenset,
        interceptors: Interceptors = (),
    ) -> None:
        self._credential = credential
        self._root_pem = root_pem
        self._revoked = revoked
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
                revoked=self._revoked,
                interceptors=self._interceptors,
            )
        return known

    async def drop(self, expect: Identity, target: str) -> None:
        """Close the channel to ``expect`` at ``target``, if there is one, with the calls on it."""
        peer = self._peers.pop((expect, target), None)
        if peer is not None:
            await peer.close()

    async def close(self) -> None:
        """Close every channel, with the calls on them."""
        peers, self._peers = self._peers, {}
        await asyncio.gather(*(peer.close() for peer in peers.values()))


async def wait_until_serving(to: grpc.aio.Channel | PeerChannel, timeout: float) -> None:
    """Return once the peer says that it is serving. Raises: TimeoutError when it did not within ``timeout`` seconds."""
    make = health_pb2_grpc.HealthStub
    stub = to.stub(make) if isinstance(to, PeerChannel) else make(to)
    give_up = time.monotonic() + timeout
    while (left := give_up - time.monotonic()) > 0:
        try:
            reply = await stub.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=left)
        except (grpc.aio.AioRpcError, WarifuError):
            reply = None
        if reply is not None and reply.status == health_pb2.HealthCheckResponse.SERVING:
            return
        await asyncio.sleep(_RETRY_S)
    raise TimeoutError("the peer is not serving")
