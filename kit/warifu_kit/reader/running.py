"""Running a reader: its socket, its door, and the card in it, until it is stopped.

Decides the order: the place is claimed, a socket that an earlier reader left is cleared away, both sockets are their owner's only
(0600), and they are gone when the reader is.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import IO, Final

from warifu.errors import Reason, WarifuError
from warifu.party.claim import claim
from warifu_kit.reader.card_file import CardInField
from warifu_kit.reader.door import LONGEST_LINE, Asked, asked, refusal
from warifu_kit.reader.place import ReaderPlace
from warifu_kit.reader.serving import ReaderService
from warifu_kit.reader.slot import Slot

__all__ = ["READER_NAME", "run_reader"]

READER_NAME: Final = "warifu SIMULATED card reader 00 00"
"""What programs list. pcsc-lite's names end in two numbers of two digits, and some programs rely on it."""


async def run_reader(
    stop: asyncio.Event, place: ReaderPlace, card: Path | None, *, ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until ``stop`` is set, with ``card`` in the slot from the beginning; ``ready`` hears that programs may come.

    Raises: PATH_UNUSABLE when there is a reader at this place already; FILE_INVALID; OSError.
    """
    place.socket.parent.mkdir(parents=True, exist_ok=True)
    _wake_at_once()
    with closing(_claimed(place)):
        reader = _Reader()
        try:
            if card is not None:
                await reader.insert(card)
            async with _listening(place.socket, reader.service.serve), _listening(place.door, reader.open_door):
                ready()
                await stop.wait()
        finally:
            await reader.remove()


def _wake_at_once() -> None:
    """Undo what parties of a network do (SCHED_BATCH): a signature is some eighty commands, each waited for by somebody."""
    if hasattr(os, "SCHED_OTHER"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _claimed(place: ReaderPlace) -> IO[str]:
    try:
        return claim(place.claim)
    except BlockingIOError:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{place.socket}: there is a reader already") from None


def _clear(path: Path) -> None:
    path.unlink(missing_ok=True)


@asynccontextmanager
async def _listening(
    path: Path, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]
) -> AsyncIterator[None]:
    _clear(path)
    serving: set[asyncio.Task[None]] = set()

    def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    allowed = os.umask(0o177)  # the socket is born private
    try:
        server = await asyncio.start_unix_server(served, str(path))
    finally:
        os.umask(allowed)
    try:
        yield
    finally:
        server.close()
        for task in list(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        _clear(path)


class _Reader:
    """The slot with its clients, and the card that lies in it."""

    def __init__(self) -> None:
        self.slot = Slot(READER_NAME)
        self.service = ReaderService(self.slot)
        self.card: CardInField | None = None

    async def insert(self, path: Path) -> None:
        """Put the card in. Raises: PATH_UNUSABLE when there is one in the slot or the card is elsewhere; FILE_INVALID."""
        if self.card is not None:
            raise WarifuError(Reason.PATH_UNUSABLE, where=f"{self.card.path}: is in the reader; take it out first")
        self.card = CardInField(path)
        self.slot.insert(self.card)
        await self.service.changed()

    async def remove(self) -> None:
        """Take the card out, if there is one."""
        if self.card is not None:
            self.slot.remove()
            self.card.take_out()
            self.card = None
            await self.service.changed()

    async def open_door(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do what one command wants, and tell it."""
        with suppress(ConnectionError, ValueError, asyncio.LimitOverrunError):
            line = (await reader.readline())[:LONGEST_LINE]
            writer.write(await self._do(asked(line)))
            await writer.drain()
        writer.close()

    async def _do(self, want: Asked | None) -> bytes:
        try:
            if want is None:
                raise WarifuError(Reason.REQUEST_MALFORMED, where="the reader's door")
            if want.act == "insert" and want.card is not None:
                await self.insert(want.card)
            elif want.act == "remove":
                await self.remove()
        except WarifuError as error:
            return refusal(error)
        except OSError as error:
            return refusal(WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename}: {error.strerror}"))
        return json.dumps({"card": "" if self.card is None else str(self.card.path)}).encode() + b"\n"
