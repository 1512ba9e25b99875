"""The connections of one server, and how one of them is ended.

gRPC's Python can refuse a call and cannot end a connection: what its peer holds, and what it never takes, stays. A
connection is a socket of this process, so here it is found among them, by the two addresses it has, and shut down; gRPC sees
what it sees when a peer goes, and lets go of everything.

Decides which socket is meant, and which connections are nobody's: those on which no call was made for a while after they
were begun. Never decides who has too many, and knows nothing of calls. Where a system does not show a process its own
descriptors (``/dev/fd``), no connection is found, and none is ended.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Hashable, Iterator, Set
from contextlib import contextmanager, suppress

from warifu.rpc.identity import peer_name

__all__ = ["MOST_STRANGERS", "NOBODYS_S", "Connections"]

NOBODYS_S = 20.0
"""How long a connection may be open before a call is made on it, in seconds."""

MOST_STRANGERS = 128
"""How many of those there may be; of more, the oldest end once they had time for a handshake and a call."""

_CALLS_WITHIN_S = 2.0
_DESCRIPTORS = "/dev/fd"


class Connections:
    """The connections to the port of one server. A peer is named as gRPC names it: ``ipv4:192.0.2.1:40000``."""

    def __init__(self, port: Callable[[], int]) -> None:
        self._port = port
        self._owners: dict[str, Hashable] = {}
        self._of: dict[Hashable, set[str]] = {}
        self._strangers: dict[str, float] = {}

    def owned(self, peer: str, owner: Hashable) -> int:
        """Note that ``owner`` called from ``peer``; how many connections it has now."""
        known = self._owners.get(peer)
        if known != owner or peer not in self._owners:
            self._forget(peer)
            self._owners[peer] = owner
            self._of.setdefault(owner, set()).add(peer)
        return len(self._of[owner])

    def close(self, peers: Set[str]) -> int:
        """End the connections with ``peers``; how many there were. One look for all of them."""
        for peer in peers:
            self._forget(peer)
        return self._shut(peers)

    def look(self, now: float) -> int:
        """Forget connections that are gone, and end those that were nobody's for too long; how many were ended.

        Costs some microseconds for each descriptor of the process.
        """
        found = {peer for peer, _ in self._found()}
        for gone in [peer for peer in self._owners if peer not in found]:
            self._forget(gone)
        self._strangers = {peer: self._strangers.get(peer, now) for peer in found - self._owners.keys()}
        overdue = {peer for peer, since in self._strangers.items() if now - since > NOBODYS_S}
        too_many = sorted(self._strangers.items(), key=lambda stranger: stranger[1])[: -MOST_STRANGERS or None]
        overdue |= {peer for peer, since in too_many if now - since >= _CALLS_WITHIN_S}
        return self._shut(overdue) if overdue else 0

    @property
    def crowded(self) -> bool:
        """Whether there were so many strangers when it was last looked that it should be looked again soon."""
        return len(self._strangers) > MOST_STRANGERS

    def _forget(self, peer: str) -> None:
        owner = self._owners.pop(peer, None)
        theirs = self._of.get(owner)
        if theirs is not None:
            theirs.discard(peer)
            if not theirs:
                del self._of[owner]

    def _shut(self, peers: Set[str]) -> int:
        ended = 0
        for peer, descriptor in self._found():
            if peer in peers:
                ended += _shut_down(descriptor, peer, self._port())
        return ended

    def _found(self) -> Iterator[tuple[str, int]]:
        port = self._port()
        with suppress(OSError):
            for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208  # no paths are made of them
                peer = _peer_of(int(name), port)
                if peer is not None:
                    yield peer, int(name)


def _peer_of(descriptor: int, port: int) -> str | None:
    """Who is at the other end, if ``descriptor`` is a connection to ``port``."""
    with _opened(descriptor) as connection:
        return None if connection is None else _peer(connection, port)


def _shut_down(descriptor: int, peer: str, port: int) -> bool:
    """Shut ``descriptor`` down, if it still is what it was: others open and close descriptors meanwhile."""
    with _opened(descriptor) as connection, suppress(OSError):
        if connection is not None and _peer(connection, port) == peer:
            connection.shutdown(socket.SHUT_RDWR)
            return True
    return False


@contextmanager
def _opened(descriptor: int) -> Iterator[socket.socket | None]:
    """The socket that ``descriptor`` is, under a number of its own; None where it is none.

    No file is ever closed here. To close a file under any number gives up every lock that this process has on it (fcntl(2)),
    and the databases' safety is in such locks.
    """
    try:
        own = os.dup(descriptor) if _is_socket(descriptor) else None
    except OSError:
        own = None
    if own is None or not _is_socket(own):  # in the latter case it became a file meanwhile, and so it stays open
        yield None
        return
    with socket.socket(fileno=own) as connection:
        yield connection


def _is_socket(descriptor: int) -> bool:
    return stat.S_ISSOCK(os.fstat(descriptor).st_mode)


def _peer(connection: socket.socket, port: int) -> str | None:
    try:
        if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.getsockname()[1] == port:
            return _name(*connection.getpeername()[:2])
    except OSError:  # it listens, or is gone
        pass
    return None


def _name(host: str, port: int) -> str:
    """A peer as its calls name it, whatever way its address is written."""
    return peer_name(f"ipv6:[{host}]:{port}" if ":" in host else f"ipv4:{host}:{port}")
