"""Calls that a worker took and the sequencer answers: of the log, of supervision, of the hub's own state.

Decides nothing about them: the servicers are those of a hub that is one process. A stream of replies goes on by one reply
each time it is asked to, so that nothing is held here that nobody takes. Who calls is what the worker's edge found.
"""

from __future__ import annotations

import time
from asyncio import sleep
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from warifu.errors import Reason, WarifuError
from warifu.pki import Identity
from warifu.rpc.admission import QUICK_CALLS
from warifu.rpc.edge import behaviour_of
from warifu.rpc.identity import Relayed
from warifu.rpc.server import AddService, handlers_of
from warifu.rpc.token_bucket import Buckets
from warifu_hub.workers.framing import Value
from warifu_hub.workers.line import Line

__all__ = ["CallsHere"]

_MOST_STREAMS: Final = 4096


class CallsHere:
    """Answers the calls of ``services``, each an adder of generated code and its servicer."""

    def __init__(self, services: Iterable[tuple[AddService, object]]) -> None:
        self._handlers = handlers_of(services)
        self._streams: dict[tuple[Line, int], AsyncIterator[Any]] = {}
        self._serialise: dict[tuple[Line, int], Any] = {}
        self._turns = Buckets(QUICK_CALLS)

    async def begin(
        self, line: Line, identity: Identity, stream: Any, method: Any, peer: Any, request: Any
    ) -> Sequence[Value]:
        """Answer a call, or begin its replies. Raises: what the servicer raises; REQUEST_MALFORMED for one there is not."""
        handler = self._handlers.get(method)
        if handler is None:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="method")
        if (wait_s := self._turns.owe(identity, time.monotonic())) > 0:
            await sleep(wait_s)
        deserialise, serialise = cast(Any, handler.request_deserializer), cast(Any, handler.response_serializer)
        replying = behaviour_of(handler)(deserialise(request), Relayed(identity, peer))
        if not handler.response_streaming:
            return (serialise(await replying),)
        if len(self._streams) >= _MOST_STREAMS or not line.is_open:
            raise WarifuError(Reason.OVERLOADED, where="streams")
        self._streams[line, stream], self._serialise[line, stream] = aiter(replying), serialise
        return await self.go_on(line, stream)

    async def go_on(self, line: Line, stream: Any) -> Sequence[Value]:
        """The next reply of a stream; nothing (None) at its end. Raises: what the servicer raises, and it is over then."""
        replies = self._streams.get((line, stream))
        if replies is None:
            return (None,)
        try:
            return (self._serialise[line, stream](await anext(replies)),)
        except StopAsyncIteration:
            self._forget(line, stream)
            return (None,)
        except BaseException:
            self._forget(line, stream)
            raise

    async def drop(self, line: Line, stream: Any) -> Sequence[Value]:
        """Nobody takes this stream any more."""
        replies = self._forget(line, stream)
        if replies is not None:
            with suppress(Exception):  # whatever it ends by, nobody hears it
                await cast(Any, replies).aclose()
        return ()

    def gone(self, line: Line) -> None:
        """The line has ended, and its streams with it."""
        for key in [key for key in self._streams if key[0] is line]:
            self._forget(*key)

    def _forget(self, line: Line, stream: int) -> AsyncIterator[Any] | None:
        self._serialise.pop((line, stream), None)
        return self._streams.pop((line, stream), None)
