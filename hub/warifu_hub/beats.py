"""Which checkpoint members are shown: in fixed beats, so that nobody counts exchanges one by one by how the log grows.

Decides when there is a new one: once a beat at most, for all members the same one. What says nothing of an exchange does not
wait for the beat: another version of the directory, another key of the log, a log that goes on from an older state. Proofs
that members ask for end at the size that they were shown. The supervisor, who reads the whole log, is shown the newest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import read_checkpoint_unverified
from warifu_hub.ledger import Ledger
from warifu_hub.store import HubStore

__all__ = ["BEAT_SECONDS", "LONGEST_BEAT_SECONDS", "Beats"]

BEAT_SECONDS: Final = 5.0
"""How long members are shown the same checkpoint, unless the hub's settings say otherwise."""

LONGEST_BEAT_SECONDS: Final = 30.0
"""Nodes wait a minute for proofs of their exchanges."""


class Beats:
    """Shows one hub's log to members. ``beat_s``: seconds; 0 shows the newest to everybody.

    ``public_size`` is that of the newest checkpoint that everybody can have in another way: the cosigned one. Nobody is shown a
    smaller one, for whoever has that one would take the log for one that was cut.

    Raises: CONFIG_INVALID unless ``beat_s`` is from 0 to half a minute.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: HubStore,
        clock: Clock,
        beat_s: float = BEAT_SECONDS,
        public_size: Callable[[], int] = lambda: 0,
    ) -> None:
        if not 0 <= beat_s <= LONGEST_BEAT_SECONDS:
            raise WarifuError(Reason.CONFIG_INVALID, where=f"beat_s: from 0 to {LONGEST_BEAT_SECONDS:g} seconds")
        self._ledger = ledger
        self._store = store
        self._clock = clock
        self._beat_ms = int(beat_s * 1000)
        self._public_size = public_size
        self._shown: bytes | None = None
        self._shown_at: object = None
        self._one_by_one = asyncio.Lock()

    async def note(self, *, newest: bool = False) -> bytes:
        """The checkpoint to show, as a signed note. ``newest``: to somebody who sees every leaf.

        Raises: LOG_UNAVAILABLE.
        """
        if newest or not self._beat_ms:
            return await self._ledger.publish()
        async with self._one_by_one:
            now = self._now()
            if self._shown is None or now != self._shown_at or _size(self._shown) < self._public_size():
                self._shown, self._shown_at = await self._ledger.publish(), now
            return self._shown

    def check_size(self, size: int, *, where: str) -> None:
        """Refuse a member a proof under a tree that is larger than any it was shown. Raises: REQUEST_MALFORMED."""
        shown = self._shown or self._store.published_checkpoint()
        if self._beat_ms and size > _size(shown) and size > self._public_size():
            raise WarifuError(Reason.REQUEST_MALFORMED, where=where)

    def _now(self) -> object:
        """What must be as it was for the same checkpoint to be shown again."""
        beat = self._clock.unix_ms() // self._beat_ms
        return beat, self._ledger.continuation, self._ledger.verifier, self._store.newest_directory_header()


def _size(note: bytes | None) -> int:
    return read_checkpoint_unverified(note).size if note else 0
