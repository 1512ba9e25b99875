"""The exchange log as the hub keeps it: sequenced in the store, integrated in a Merkle tree, published as a checkpoint.

*Sequenced*: the leaf is durable at its position; nothing leaves the hub before that. *Integrated*: its hash is in the
tree; done when somebody asks. *Published*: a signed checkpoint covers it, and the tiles of the tree are on disk with it.
Decides nothing about exchanges and never looks inside a leaf.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import Checkpoint, is_signed, open_checkpoint, read_checkpoint_unverified, sign_checkpoint
from warifu.tlog.continuation import NEVER_CONTINUED
from warifu.tlog.note import Verifier
from warifu_hub.integration import integrate, take_up
from warifu_hub.store import HubStore

__all__ = ["Ledger"]


class Ledger:
    """The log of one hub.

    ``log_key`` is the 32-byte Ed25519 seed that signs checkpoints; ``verifier`` is its public half, named like the log.
    ``former`` are the keys it replaced: the checkpoint on disk may bear one of them.

    Raises:
        WarifuError: LOG_INVALID when what is on disk does not give the root last published, or the leaves at the right
            edge are others: somebody changed them. What lies further left ``check`` finds.
    """

    def __init__(
        self,
        store: HubStore,
        *,
        log_key: bytes,
        verifier: Verifier,
        former: Sequence[Verifier] = (),
        clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self.published_at: datetime | None = None
        """When this ledger last published a checkpoint; None when the newest one was there before it."""
        self._key = log_key
        self._verifier = verifier
        self._former = tuple(former)
        note = store.published_checkpoint()
        self._tree, self.check = take_up(store, None if note is None else self.own_checkpoint(note))
        self._one_by_one = asyncio.Lock()
        self.continuation = NEVER_CONTINUED  # what its checkpoints say about it; whoever knows better sets it
        self._integrate()

    def sign_with(self, log_key: bytes, verifier: Verifier) -> None:
        """Sign with another key from the next checkpoint on; the log stays the one it is."""
        if verifier != self._verifier:
            self._former = (self._verifier, *self._former)
        self._key, self._verifier = log_key, verifier

    @property
    def origin(self) -> str:
        """The log's name, as its checkpoints say it."""
        return self._verifier.name

    @property
    def verifier(self) -> Verifier:
        """The key in force, under which its checkpoints are signed."""
        return self._verifier

    def _integrate(self) -> int:
        """Bring every sequenced leaf into the tree; the size it has then."""
        return integrate(self._store, self._tree)

    async def publish(self) -> bytes:
        """Sign a checkpoint over everything sequenced so far, store it, and return it as a signed note.

        When nothing was sequenced since the last one, that one is returned, and the disk is not needed.
        """
        async with self._one_by_one:  # a store keeps what comes later over what came before
            size = self._integrate()
            note = self._signed(size)
            if note == self._store.published_checkpoint():  # the same size gives the same bytes
                return note
            await self._store.publish_checkpoint(note, tuple(self._tree.unstored()))
            self._tree.stored(size)
            self.published_at = self._clock.now()
            return note

    def _signed(self, size: int) -> bytes:
        checkpoint = Checkpoint(
            origin=self._verifier.name,
            size=size,
            root_hash=self._tree.root(size),
            extensions=self.continuation.lines,
        )
        return sign_checkpoint(checkpoint, self._key)

    def published(self) -> Checkpoint | None:
        """The newest published checkpoint, as it is on this hub's disk: whoever is told of it verifies it."""
        note = self._store.published_checkpoint()
        return None if note is None else read_checkpoint_unverified(note)

    def leaf(self, position: int) -> bytes:
        """The leaf at ``position``, which is integrated. Raises: LOG_INVALID when it is gone."""
        found = self._store.leaves(position, 1)
        if not found:
            raise WarifuError(Reason.LOG_INVALID, where=f"leaf {position}: missing")
        return found[0]

    @property
    def size(self) -> int:
        """How many leaves are integrated."""
        return self._tree.size

    def own_checkpoint(self, note: bytes, *, where: str = "checkpoint") -> Checkpoint:
        """The checkpoint in ``note``, if this log signed it, with its key or a former one. Raises: LOG_INVALID."""
        for former in self._former:
            try:
                return open_checkpoint(note, former, where=where)
            except WarifuError:
                continue
        return open_checkpoint(note, self._verifier, where=where)

    def counts(self, note: bytes) -> bool:
        """Whether one of the log's keys that it does not say was replaced signed ``note``.

        Once the log has the version of the directory that replaced a key, it signs nothing with it: what bears only that
        key and is not of this log may be anybody's who has the key.
        """
        replaced = self._replaced()
        return any(is_signed(note, key) for key in (self._verifier, *self._former) if key not in replaced)

    def _replaced(self) -> set[Verifier]:
        newest = self._store.newest_directory_header()
        if newest is None:
            return set()
        header = DirectoryHeader.FromString(newest)
        return {Verifier.parse(vkey) for vkey in header.former_log_verifier_keys} - {
            Verifier.parse(header.log_verifier_key)
        }

    def extends(self, checkpoint: Checkpoint) -> bool:
        """Whether the log has at least as many entries, and those that ``checkpoint`` was signed over."""
        return checkpoint.size <= self._integrate() and self._tree.root(checkpoint.size) == checkpoint.root_hash

    def inclusion_proof(self, position: int, tree_size: int) -> list[bytes]:
        """Proof for the leaf at ``position`` in the tree of ``tree_size`` leaves. Raises: REQUEST_MALFORMED."""
        if tree_size > self._tree.size and tree_size > self._integrate():
            raise WarifuError(Reason.REQUEST_MALFORMED, where="tree_size")
        if not 0 <= position < tree_size:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="position")
        return self._tree.inclusion_proof(position, tree_size)

    def consistency_proof(self, first: int, second: int) -> list[bytes]:
        """Proof that the tree of ``second`` leaves extends that of ``first``. Raises: REQUEST_MALFORMED."""
        if second > self._integrate():
            raise WarifuError(Reason.REQUEST_MALFORMED, where="second_size")
        if not 0 <= first <= second:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="first_size")
        return self._tree.consistency_proof(first, second)
