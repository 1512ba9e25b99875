"""What witnesses say of the hub's checkpoints: taken, kept and shown to whoever wants more than the hub's own word.

Decides which cosignature is taken: of a witness that the hub knows, of a checkpoint that this log signed and still extends.
The newest such checkpoint is kept, with the lines of all witnesses that cosigned it and of nobody else. Whether a witness is
to be believed, those decide who hold its key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import Checkpoint, read_checkpoint_unverified
from warifu.tlog.cosignature import Witness, cosignatures, merged
from warifu.tlog.note import note_of, read_text_unverified, signatures_of
from warifu_hub.cosigned_store import CosignedStore
from warifu_hub.ledger import Ledger

__all__ = ["Cosigning"]

_WHERE = "cosigned_note"


class Cosigning:
    """The cosignatures of one hub's log. ``witnesses`` are those that it knows."""

    def __init__(self, ledger: Ledger, store: CosignedStore, witnesses: Sequence[Witness]) -> None:
        self._ledger = ledger
        self._store = store
        self._witnesses = tuple(witnesses)
        self._one_by_one = asyncio.Lock()

    def newest(self) -> bytes:
        """The newest checkpoint with a cosignature, as a signed note; empty while there is none."""
        return self._store.newest() or b""

    def size(self) -> int:
        """How many leaves that has, for everybody may see it; 0 while there is none, or the log was cut since."""
        kept = self._store.newest()
        checkpoint = read_checkpoint_unverified(kept) if kept else None
        return checkpoint.size if checkpoint is not None and self._ledger.extends(checkpoint) else 0

    async def add(self, note: bytes) -> None:
        """Take a checkpoint with a cosignature. One that is older than what is kept changes nothing.

        Raises: REQUEST_MALFORMED when it is no checkpoint of this log, or no witness known here cosigned it;
        LOG_UNAVAILABLE.
        """
        try:
            checkpoint, known = self._ledger.own_checkpoint(note, where=_WHERE), self._known_lines(note)
        except WarifuError as error:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=error.where) from error
        if not self._ledger.extends(checkpoint):
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{_WHERE}: no checkpoint of this log")
        async with self._one_by_one:
            kept = self._store.newest()
            if kept is None or not self._is_newer(read_checkpoint_unverified(kept), checkpoint):
                same = kept is not None and read_text_unverified(kept) == read_text_unverified(note)
                await self._store.put(merged(known, kept) if kept is not None and same else known)

    def _known_lines(self, note: bytes) -> bytes:
        """The note with the lines of the log and of the witnesses known here. Raises: LOG_INVALID."""
        if not cosignatures(note, self._witnesses, where=_WHERE):
            raise WarifuError(Reason.LOG_INVALID, where=f"{_WHERE}: no cosignature of a witness known here")
        names = {(each.name, each.key_id) for each in self._witnesses}
        lines = [
            (name, signed)
            for name, signed in signatures_of(note, where=_WHERE)
            if name == self._ledger.origin or (name, signed[:4]) in names
        ]
        return note_of(read_text_unverified(note, where=_WHERE), lines)

    def _is_newer(self, kept: Checkpoint, other: Checkpoint) -> bool:
        return kept.size > other.size and self._ledger.extends(kept)
