"""A hub's store behind a sequencer, and as many workers' ends of it as a test wants: real sockets, one event loop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from warifu.party.place import Place
from warifu_hub.workers.calls_here import CallsHere
from warifu_hub.workers.link import SequencerLink
from warifu_hub.workers.place import listening
from warifu_hub.workers.sequenced_store import SequencedStore
from warifu_hub.workers.sequencing import Sequencing, State
from warifu_hub.workers.told_store import ToldStore


class Sequenced:
    """One sequencer over a store, in ``folder``. ``state`` is what workers are told to go by."""

    def __init__(self, folder: Path, place: Place | None = None) -> None:
        self.folder = folder
        self.store = ToldStore(place or folder / "hub.sqlite3")
        self.state = State(header=b"", behind=None, alarmed=False)
        self.links: list[SequencerLink] = []
        self._keeping: list[asyncio.Task[None]] = []
        self.sequencing: Sequencing
        self._server: Any = None

    async def begin(self) -> None:
        """Begin, or begin again, as a sequencer that was killed and started again would."""
        self.sequencing = self.store.workers = Sequencing(self.store, CallsHere([]), lambda: self.state)
        self._server = await listening(self.folder, self.sequencing.line)

    async def end(self) -> None:
        """End every line at once, and take no other."""
        self._server.close()
        await self.sequencing.close()
        while any(link.line is not None for link in self.links):  # noqa: ASYNC110  # a state, not an event of ours
            await asyncio.sleep(0)

    async def worker(self) -> SequencerLink:
        """One more worker, once it was told what to go by."""
        link = SequencerLink(self.folder, len(self.links) + 1, "127.0.0.1:1")
        self.links.append(link)
        self._keeping.append(asyncio.create_task(link.keep()))
        await link.until_there()
        return link

    async def close(self) -> None:
        """Let go of everything."""
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        self._server.close()
        await self.sequencing.close()
        self.store.close()


class Behind(SequencedStore):
    """What a worker has, and beside it what only the sequencer's own parts ask the store for."""

    def __init__(self, link: SequencerLink, kept: ToldStore) -> None:
        super().__init__(link)
        self._kept = kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kept, name)
