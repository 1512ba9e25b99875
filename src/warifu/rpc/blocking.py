"""Calling another party without an event loop, such as from load users under gevent.

Decides the same as :class:`warifu.rpc.channel.PeerChannel` does, on a plain channel: to whose certificate it connects, and
that no call begins to one that was taken back or has ended. It uses nothing of ``grpc.aio``, which stands still under gevent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import grpc

from warifu.clock import Clock, SystemClock
from warifu.errors import WarifuError
from warifu.pki.credential import Credential
from warifu.pki.identity import Identity
from warifu.rpc.channel import CONNECT_SECONDS, Revoked, secure_channel_sync
from warifu.rpc.probe import FoundCertificate, Peer, check_own_certificate, find_certificate_sync

__all__ = ["BlockingPeerChannel"]

_IDLE_TO_READY = (
    0,
    1,
    2,
)  # grpc_connectivity_state of <grpc/impl/connectivity_state.h>; then come failed and shut down
_READY = 2
_SHAPES = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


class BlockingPeerChannel:
    """The lasting channel to one peer, which generated stubs take for a plain one. Safe to call from several threads."""

    def __init__(
        self,
        target: str,
        *,
        credential: Credential,
        root_pem: bytes,
        expect: Identity,
        revoked: Revoked = frozenset,
        clock: Clock | None = None,
    ) -> None:
        """Prepare the channel; it connects on the first call.

        ``revoked`` says which serial numbers were taken back, ``clock`` what time it is.
        """
        self._peer = Peer(target=target, expect=expect, root_pem=root_pem, clock=clock or SystemClock())
        self._credential = credential
        self._revoked = revoked
        self._found: FoundCertificate | None = None
        self._channel: grpc.Channel | None = None
        self._lock = threading.Lock()

    def __getattr__(self, shape: str) -> Callable[..., Callable[..., Any]]:
        if shape not in _SHAPES:
            raise AttributeError(shape)
        return lambda *about, **settings: _Method(self, shape, about, settings)

    def channel(self, seconds: float | None = None) -> grpc.Channel:
        """The channel, once the server's certificate was looked at; waits at most ``seconds``, a few unless told.

        Raises: NOT_CONNECTED, PEER_NOT_TRUSTED, OWN_CERTIFICATE_INVALID.
        """
        self.check()
        channel = self._channel
        if channel is not None and _state(channel) == _READY:
            return channel
        with self._lock:
            return self._looked_at(CONNECT_SECONDS if seconds is None else min(seconds, CONNECT_SECONDS))

    def check(self) -> None:
        """See that the certificate of the server that is connected is still good. Raises: PEER_NOT_TRUSTED."""
        found = self._found
        if found is None:
            return
        try:
            self._peer.check_still_good(found.names, self._revoked())
        except WarifuError:
            self.close()
            raise

    def close(self) -> None:
        """Close the channel, with the calls on it."""
        channel, self._channel, self._found = self._channel, None, None
        if channel is not None:
            channel.close()

    def _looked_at(self, seconds: float) -> grpc.Channel:
        channel = self._channel
        if channel is not None and _state(channel) == _READY:
            return channel  # another thread was faster
        check_own_certificate(self._peer, self._credential.cert_pem)
        found = find_certificate_sync(self._peer, self._revoked(), seconds)
        same = self._found is not None and self._found.pem == found.pem
        if channel is not None and same and _state(channel) in _IDLE_TO_READY:
            return channel
        self.close()
        self._found, self._channel = found, self._made(found)
        return self._channel

    def _made(self, found: FoundCertificate) -> grpc.Channel:
        return secure_channel_sync(
            self._peer.target, credential=self._credential, root_pem=found.pem, expect=self._peer.expect
        )


def _state(channel: grpc.Channel) -> int:
    # The public way to ask is a thread that asks five times a second.
    return int(channel._channel.check_connectivity_state(False))  # type: ignore[attr-defined]  # noqa: SLF001


class _Method:
    """One RPC, on whichever channel is the current one; as gRPC's own, it gives the call too where that is asked for."""

    def __init__(self, peer: BlockingPeerChannel, shape: str, about: Any, settings: Any) -> None:
        self._peer, self._shape, self._about, self._settings = peer, shape, about, settings
        self._made: tuple[Any, Any] = (None, None)  # on which channel, and gRPC's own method

    def __call__(self, *request: Any, timeout: float | None = None, **options: Any) -> Any:
        method, left = self._current(timeout)
        return method(*request, timeout=left, **options)

    def with_call(self, *request: Any, timeout: float | None = None, **options: Any) -> Any:
        """The reply, and the call, which has the metadata that came with it."""
        method, left = self._current(timeout)
        return method.with_call(*request, timeout=left, **options)

    def _current(self, timeout: float | None) -> tuple[Any, float | None]:
        started = time.monotonic()
        channel = self._peer.channel(timeout)
        if self._made[0] is not channel:
            self._made = channel, getattr(channel, self._shape)(*self._about, **self._settings)
        left = None if timeout is None else max(timeout - (time.monotonic() - started), 0.0)
        return self._made[1], left
