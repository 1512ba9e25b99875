"""Whether a server takes one more call of a caller, and what becomes of those who hold too much or are refused too often.

Decides by ``warifu.rpc.bounds`` who may begin a call and how long a server waits for its caller: a message that was begun is
sent within half a minute, and a reply is taken within it, or the connection ends with all that is on it. Whoever is refused
more often than anybody has reason to be is told nothing any more, and loses its connections some seconds later, so that being refused
costs less than being served; its refusals are then counted and not told one by one. What an RPC does, and why it refuses, is not known here.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any, cast

from warifu.errors import Reason, WarifuError
from warifu.pki.identity import Identity, PeerCertificate
from warifu.rpc.bounds import Bounds, Hold, Holdings
from warifu.rpc.connections import Connections
from warifu.rpc.identity import AnyContext, peer_name
from warifu.rpc.logging import EventLog
from warifu.rpc.token_bucket import Buckets, Rate

__all__ = ["CANCELS", "PATIENCE_S", "QUICK_CALLS", "REFUSALS", "SHUT_OUT_S", "Admission", "Call", "Visit"]

PATIENCE_S = 30.0
"""How long a caller may take to send a message it began, or to take a reply, in seconds."""

REFUSALS = Rate(per_second=50.0, burst=400)
"""How often the edge refuses a caller before its connections end with its calls, and before refusals are only counted."""

CANCELS = Rate(per_second=100.0, burst=1024)
"""The same for calls that a caller takes back; all that it may have under way can end so at once, several times."""

QUICK_CALLS = Rate(per_second=400.0, burst=400)
"""How often a caller's calls that wait for nobody else have their turn; what it makes more waits, and counts as under way."""

SHUT_OUT_S = 10.0
"""How long whoever lost connections so is not served on new ones either, in seconds."""

_LOOK_S = 1.0
_TOGETHER_S = 0.05  # endings that may wait do so for others: all of them cost one look at the descriptors
_SURPLUS_S = 1.0
_PORT_REST_S = 2.0  # no system gives the port of a connection that ended to another one sooner
_CONNECTIONS_EACH = 5
_UNKNOWN = "somebody without a name"


class Visit:
    """Who calls, and from where, as far as it is known. What is needed of gRPC is asked at the beginning: later it may be gone."""

    __slots__ = ("_certificate", "began", "peer")

    def __init__(self, context: AnyContext) -> None:
        self.peer = peer_name(context.peer())
        self.began = time.perf_counter()
        self._certificate: PeerCertificate | None = None

    @property
    def certificate(self) -> PeerCertificate:
        """The caller's certificate, once it is known."""
        if self._certificate is None:
            raise WarifuError(Reason.CALLER_NOT_IDENTIFIED, where="certificate")
        return self._certificate

    @certificate.setter
    def certificate(self, certificate: PeerCertificate) -> None:
        self._certificate = certificate

    @property
    def caller(self) -> Identity | None:
        """Who it is; None while that is not known."""
        return None if self._certificate is None else self._certificate.identity


class Call:
    """One call under way, from being admitted until its reply was taken."""

    __slots__ = ("_hold", "_place", "peer", "since", "whose")

    def __init__(self, hold: Hold, peer: str, whose: Hashable) -> None:
        self._hold = hold
        self._place: asyncio.Semaphore | None = None
        self.peer = peer
        self.whose = whose
        self.since: float | None = None

    def waits(self) -> None:
        """From now on the server waits for the caller."""
        self.since = time.monotonic()

    def goes_on(self) -> None:
        """The caller did what it was waited for."""
        self.since = None

    def takes(self, message: bytes) -> None:
        """The server holds a message. Raises: OVERLOADED at ``bytes``."""
        self._hold.take(len(message))

    def gives(self, reply: bytes) -> None:
        """The server holds a reply until it was taken."""
        self._hold.give(len(reply))
        self.waits()

    def drops(self, message: bytes) -> None:
        """The server does not hold it any more."""
        self._hold.drop(len(message))

    async def in_turn(self, places: asyncio.Semaphore) -> None:
        """Wait for one of ``places``, which the call has until it is over."""
        await places.acquire()
        self._place = places

    def ends(self) -> None:
        """The call is over."""
        self.since = None
        self._hold.end()
        if self._place is not None:
            self._place.release()


class Admission:
    """Who calls one server, and what each makes it hold. To be made in the loop that runs the server."""

    def __init__(self, port: Callable[[], int], log: EventLog, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.holdings = Holdings(self.bounds)
        self.connections = Connections(port)
        self._log = log
        self._refusals = Buckets(REFUSALS)
        self._cancels = Buckets(CANCELS)
        self._quick = Buckets(QUICK_CALLS)
        self._untold: Counter[Hashable] = Counter()
        self._calls: set[Call] = set()
        self._readings: dict[Hashable, asyncio.Semaphore] = {}
        self._places: dict[Hashable, asyncio.Semaphore] = {}
        self._ended_at: dict[str, float] = {}
        self._ending: dict[str, float] = {}
        self._surplus: dict[Hashable, set[str]] = {}
        self._to_close: set[str] = set()
        self._shut_out: dict[Hashable, float] = {}
        self._looks = 0
        self._looked_at = 0.0
        asyncio.get_running_loop().call_later(_LOOK_S, self._look)

    def begin(self, context: AnyContext, visit: Visit, stream: str = "", most: int | None = None) -> Call:
        """Take one more call, which ends by itself once its reply was taken.

        Raises: OVERLOADED at ``connection``, ``connections``, ``calls`` or ``streams``.
        """
        peer, caller = visit.peer, visit.caller
        # What ended is looked at first: to look at connections costs more than a call, and a hundred calls came with it.
        if peer in self._ended_at or peer in self._ending:
            raise WarifuError(Reason.OVERLOADED, where="connection")
        if self._has_too_many(peer, caller):
            self._end_surplus(peer, caller)
            raise WarifuError(Reason.OVERLOADED, where="connections")
        if self._shut_out.get(caller, 0.0) > time.monotonic():
            raise WarifuError(Reason.OVERLOADED, where="connection")
        call = Call(self.holdings.begin(caller, stream, most), peer, caller)
        self._calls.add(call)
        cast(Any, context).add_done_callback(lambda _: self._over(call))  # its published type asks for a keyword
        return call

    def _has_too_many(self, peer: str, caller: Hashable) -> bool:
        """Whether ``peer`` is one connection more than ``caller`` may have, now that those that are gone are forgotten."""
        if self.connections.owned(peer, caller) <= self.bounds.connections:
            return False
        now = time.monotonic()
        if now - self._looked_at >= _TOGETHER_S:
            self._looked_at = now
            self.connections.look(now)
        return self.connections.owned(peer, caller) > self.bounds.connections

    async def turn(self, call: Call) -> None:
        """Wait until it is the turn of a call that waits for nobody else.

        gRPC takes calls one after another, whosever they are. Whoever makes more than it has turns is soon at its bound of
        calls, and is refused; were all served as they come, every new call of others would wait behind hundreds of its.
        """
        wait_s = self._quick.owe(call.whose, time.monotonic())
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        await call.in_turn(self._places_of(call.whose))

    def _places_of(self, caller: Hashable) -> asyncio.Semaphore:
        found = self._places.get(caller)
        if found is None:
            found = self._places[caller] = asyncio.Semaphore(self.bounds.in_hand)
        return found

    def reading(self, caller: Hashable) -> asyncio.Semaphore:
        """Within it a message of ``caller`` may be read."""
        found = self._readings.get(caller)
        if found is None:
            found = self._readings[caller] = asyncio.Semaphore(self.bounds.readings)
        return found

    async def refused(self, visit: Visit) -> None:
        """A caller is refused. Returns when that is to be told; otherwise the connection ends, and the call with it."""
        if not self._counts(self._refusals, visit):
            # Not at once: who is let go comes again, which costs a handshake, and waits here as well for nothing.
            self._ending.setdefault(visit.peer, self._shut_out.get(visit.caller, 0.0))
            await asyncio.sleep(PATIENCE_S)  # gRPC cancels it when it sees the end

    def cancelled(self, visit: Visit) -> bool:
        """A caller took a call back: whether that is to be told. Where it is not, the connection has ended."""
        if self._counts(self._cancels, visit):
            return True
        self._end(visit.peer)
        return False

    def _counts(self, buckets: Buckets, visit: Visit) -> bool:
        caller, now = visit.caller, time.monotonic()
        if visit.peer in self._ended_at:
            return False
        if visit.peer in self._ending:
            self._untold[caller] += 1
            return False
        if now >= self._shut_out.get(caller, 0.0):
            if buckets.take(caller, now):
                return True
            self._shut_out[caller] = now + SHUT_OUT_S
        self._untold[caller] += 1
        return False

    def _end_surplus(self, peer: str, caller: Hashable) -> None:
        """End a connection that is one too many; not at once, for who is let go comes again, which costs a handshake."""
        lingering = self._surplus.setdefault(caller, set())
        if len(lingering) < self.bounds.connections:
            lingering.add(peer)
            self._ending[peer] = time.monotonic() + _SURPLUS_S
        else:
            self._end(peer, _TOGETHER_S)

    def _end(self, peer: str, within_s: float = 0.0) -> None:
        if peer not in self._ended_at:
            self._ended_at[peer] = time.monotonic()
            self._to_close.add(peer)
            asyncio.get_running_loop().call_later(within_s, self._close)

    def _close(self) -> None:
        if self._to_close:
            self.connections.close(self._to_close)
            self._to_close = set()

    def _over(self, call: Call) -> None:
        self._calls.discard(call)
        call.ends()

    def _look(self) -> None:
        """End what is overdue, and tell what was counted; each second."""
        asyncio.get_running_loop().call_later(_LOOK_S, self._look)
        now = time.monotonic()
        overdue = {
            call.peer: call.whose for call in self._calls if call.since is not None and now - call.since > PATIENCE_S
        }
        for peer, whose in overdue.items():
            self._end(peer)
            self._shut_out[whose] = now + SHUT_OUT_S
            self._log.warning("connection_ended", caller=_named(whose), where="nothing was sent or taken")
        for peer in [peer for peer, until in self._ending.items() if until <= now]:
            del self._ending[peer]
            self._end(peer)
        self._surplus = {whose: left for whose, peers in self._surplus.items() if (left := peers & self._ending.keys())}
        for whose, count in self._untold.items():
            self._log.warning("calls_refused", caller=_named(whose), count=count)
        self._untold.clear()
        self._ended_at = {peer: then for peer, then in self._ended_at.items() if now - then < _PORT_REST_S}
        self._shut_out = {whose: until for whose, until in self._shut_out.items() if until > now}
        self._looks += 1
        if self._looks % _CONNECTIONS_EACH == 0 or self.connections.crowded:
            self.connections.look(now)


def _named(whose: Any) -> str:
    return _UNKNOWN if whose is None else str(whose.institution)
