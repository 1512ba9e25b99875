"""Inquiries of which many are asked at once and nobody waits for any by itself (一括照会).

Decides in which order the inquiries of one message leave, that a fault of one is its own, and how many messages are worked on
at a time. What an inquiry is, and how it ends, is the inquirer's: one made here is in every store and log like any other.

The order is drawn at random, always: two providers that put side by side what came to them find no order in it that would
tell who is who. Two messages are worked on at a time, so that one side works while the other does.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableSequence, Sequence
from typing import Any, TypeAlias, TypeVar

from warifu.errors import Reason, WarifuError
from warifu.rpc.logging import bind, get_logger, raised_at
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.inquiry_book import InquiryRequest, InquiryResult

__all__ = ["MOST_INQUIRIES", "BulkInquirer", "Ended", "two_at_a_time"]

MOST_INQUIRIES = 256
"""Inquiries in one message."""

_MESSAGES_AT_ONCE = 2

_RANDOM = random.SystemRandom()

Asked: TypeAlias = InquiryRequest | WarifuError
Ended: TypeAlias = InquiryResult | WarifuError
Message = TypeVar("Message")
Answer = TypeVar("Answer")


class BulkInquirer:
    """Makes inquiries by the message, through the agency's inquirer."""

    def __init__(self, inquirer: Inquirer, shuffle: Callable[[MutableSequence[Any]], None] = _RANDOM.shuffle) -> None:
        self._inquirer = inquirer
        self._shuffle = shuffle

    async def inquire(self, asked: Sequence[Asked], left: float | None) -> list[Ended]:
        """What came of each, in the order asked; each waits ``left`` seconds (None: half a minute).

        An error among what is asked is its own end: it could not be read.
        """
        order = list(range(len(asked)))
        self._shuffle(order)
        tasks = {place: asyncio.create_task(self._one(asked[place], left)) for place in order}
        try:
            return list(await asyncio.gather(*(tasks[place] for place in range(len(asked)))))
        finally:
            for task in tasks.values():
                task.cancel()

    async def _one(self, asked: Asked, left: float | None) -> Ended:
        if isinstance(asked, WarifuError):
            return asked
        bind(request_id=asked.question.request_id.hex())
        try:
            return await self._inquirer.inquire(asked, left, in_bulk=True)
        except WarifuError as error:
            return error
        except Exception as error:  # noqa: BLE001  # one inquiry's fault must not end the others; told by type, never by text
            get_logger("node").error("inquiry_failed", error=type(error).__name__, at=raised_at(error))
            return WarifuError(Reason.INTERNAL)


async def two_at_a_time(
    messages: AsyncIterator[Message], work: Callable[[Message], Awaitable[Answer]]
) -> AsyncGenerator[Answer, None]:
    """What ``work`` makes of each message, in their order; the next is read while one is worked on, and no third.

    Raises what reading or working raises, once everything before it was given.
    """
    slots = asyncio.Semaphore(_MESSAGES_AT_ONCE)
    begun: asyncio.Queue[asyncio.Future[Answer] | None] = asyncio.Queue()
    under_way: set[asyncio.Future[Answer]] = set()

    async def read() -> None:
        async for message in messages:
            await slots.acquire()
            working = asyncio.ensure_future(work(message))
            under_way.add(working)
            begun.put_nowait(working)

    reader = asyncio.create_task(read())
    reader.add_done_callback(lambda _: begun.put_nowait(None))
    try:
        while (working := await begun.get()) is not None:
            yield await working
            under_way.discard(working)
            slots.release()
        await reader
    finally:
        reader.cancel()
        for each in under_way:
            each.cancel()
        await asyncio.gather(reader, *under_way, return_exceptions=True)
