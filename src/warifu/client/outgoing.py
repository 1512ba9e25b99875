"""Sending a stream of requests, so that a call that is refused half-way says why.

Decides which status a streamed call ended with. When the called party ends a call while requests still leave, gRPC's
own writing notes the failed write as the outcome (INTERNAL), or takes the call back (CANCELLED), and the party's reason
is lost. So the requests are written here, a write that fails decides nothing, and the outcome is read from the call.
Knows no service and no message.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import grpc

from warifu.rpc.gate import WaitingCall
from warifu.rpc.status import CallTakenBackError, CodeTable, from_rpc_error

__all__ = ["sending"]


@asynccontextmanager
async def sending(call: Any, requests: Iterable[Any], broken: CodeTable) -> AsyncIterator[None]:
    """Within it ``requests`` leave on ``call``, which was opened without any, while its answers are read.

    Raises the :class:`WarifuError` that the other side stated, or what ``broken`` makes of the status code; and what
    ``requests`` itself raises. The call is over afterwards, whether or not all of it was read.
    """
    writer = asyncio.create_task(_write(call, requests))
    try:
        yield
    except CallTakenBackError as error:
        if writer.done() and not writer.cancelled():
            writer.result()  # the requests could not be made, and so the call was taken back
        raise from_rpc_error(error, default=broken) from None
    except grpc.RpcError as error:
        raise from_rpc_error(error, default=broken) from None
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        call.cancel()


async def _write(call: Any, requests: Iterable[Any]) -> None:
    left = iter(requests)
    try:
        if isinstance(call, WaitingCall):
            call = await call.call()
        await _through(call.wait_for_connection())
        while (request := next(left, None)) is not None:
            # Not call.write: where that fails it puts INTERNAL in the place of the status that is about to come.
            if not await _through(call._cython_call.send_serialized_message(request.SerializeToString())):  # noqa: SLF001
                return
    except BaseException:
        call.cancel()
        raise
    await _through(call.done_writing())


async def _through(step: Awaitable[None]) -> bool:
    """Whether a step of writing went through. Why it did not, only the call's own status says."""
    try:
        await step
    except Exception:  # noqa: BLE001  # gRPC has no common base for these
        return False
    return True
