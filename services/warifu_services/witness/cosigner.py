"""One witness: which checkpoints of the hub's log it cosigns, in the order that a crash anywhere leaves right.

Decides as C2SP ``tlog-witness`` does, but that the witness asks the log and is not asked:

1. the checkpoint is signed by the log's key in force, and says nothing that this network's logs do not say;
2. it extends the newest one that this witness was about to cosign, by a proof that verifies; the same one may be cosigned again;
3. it is kept in that one's place, durably;
4. it is cosigned, with the time; and only then
5. the hub has the cosignature.

So whatever was cosigned was kept before, and nothing smaller or inconsistent is ever cosigned. Two checkpoints that cannot be of
one log are kept as evidence. A log that went on from an older state, and says so, is gone on with only when somebody
tells the witness to. It knows no gRPC.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import DirectorySource
from warifu.exchange.gossip import has_known_lines
from warifu.exchange.log_views import LogViews
from warifu.rpc.logging import get_logger
from warifu.tlog.checkpoint import Checkpoint, open_checkpoint, read_checkpoint_unverified
from warifu.tlog.continuation import Continuation, check_follows
from warifu.tlog.cosignature import Witness, cosign
from warifu.tlog.note import Verifier
from warifu.tlog.views import Relation, relation
from warifu_services.witness.seen_file import SeenFile

__all__ = ["Cosigned", "Cosigner", "KeepViews", "LogPort"]

KeepViews = Callable[[LogViews], None]
"""Keeps two checkpoints as evidence. Never raises."""


class LogPort(Protocol):
    """The hub's log, however it is reached. Everything raises what the hub said; HUB_UNREACHABLE or HUB_TIMED_OUT."""

    async def checkpoint(self) -> bytes:
        """The newest published, as a signed note."""

    async def consistency(self, first: int, second: int) -> Sequence[bytes]:
        """What the hub says is the proof between these sizes."""

    async def leaf(self, position: int, size: int) -> tuple[bytes, Sequence[bytes]]:
        """A leaf, and what the hub says is the proof that it is in the tree of that size."""

    async def add_cosignature(self, note: bytes) -> None:
        """Give the hub a cosigned checkpoint."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """What was cosigned: how long the log was, and when (Unix seconds)."""

    size: int
    time: int


class Cosigner:
    """Cosigns for one institution. ``key`` is the 32-byte Ed25519 seed whose public half is ``witness``'s."""

    def __init__(
        self,
        *,
        witness: Witness,
        key: bytes,
        seen: SeenFile,
        directory: DirectorySource,
        clock: Clock,
        keep_evidence: KeepViews,
        told_to_go_on: bool = False,
    ) -> None:
        """``told_to_go_on`` is good for one break in the log that the log itself tells of."""
        self._witness = witness
        self._key = key
        self._seen = seen
        self._directories = directory
        self._clock = clock
        self._keep_evidence = keep_evidence
        self._told = told_to_go_on
        self._last: tuple[bytes, Cosigned] | None = None

    async def cosign_newest(self, hub: LogPort, *, again_after_s: int = 0) -> Cosigned:
        """Cosign what the hub shows now; what was cosigned less than ``again_after_s`` seconds ago is not cosigned again.

        Raises:
            WarifuError: LOG_INVALID when the log's key did not sign it, or it has lines of another kind; LOG_BEHIND when it does not extend what was cosigned
                before; STORE_UNAVAILABLE when that cannot be kept; whatever the hub said. Nothing was cosigned then, or the
                hub has not taken it.
        """
        note, time = await hub.checkpoint(), self._clock.unix_ms() // 1000
        if self._last is not None and self._last[0] == note and 0 <= time - self._last[1].time < again_after_s:
            return self._last[1]
        directory = self._directories.current()
        checkpoint = open_checkpoint(note, Verifier.parse(directory.log_verifier_key))  # 1
        if not has_known_lines(note, checkpoint):
            raise WarifuError(Reason.LOG_INVALID, where="checkpoint: lines of another kind")
        held = self._seen.newest()
        if held is not None and held != note:
            await self._check_extends(hub, held, note, checkpoint)  # 2
        if held != note:
            self._seen.put(note)  # 3
        cosigned = cosign(note, self._witness, self._key, time)  # 4
        await hub.add_cosignature(cosigned)  # 5
        self._last = note, Cosigned(checkpoint.size, time)
        return self._last[1]

    async def _check_extends(self, hub: LogPort, held: bytes, note: bytes, newer: Checkpoint) -> None:
        before = read_checkpoint_unverified(held)  # it was verified when it was kept
        proof = await _proof(hub, before, newer)
        shown = relation(before, newer, proof)
        if shown is Relation.ONE_LOG and newer.size >= before.size:
            return
        where = f"log of {newer.size} entries, {before.size} cosigned before"
        if shown is Relation.CONTINUED and await self._may_go_on(hub, before, newer):
            get_logger("witness").warning("went_on", size=newer.size, cosigned_size=before.size)
            return
        if shown is not Relation.ONE_LOG:
            header = self._directories.current().header
            self._keep_evidence(LogViews(shown=note, told=held, proof=tuple(proof), header=header))
        raise WarifuError(Reason.LOG_BEHIND, where=where, debug=shown.value)

    async def _may_go_on(self, hub: LogPort, before: Checkpoint, newer: Checkpoint) -> bool:
        """Whether somebody said so, and the log says under its signature that it went on. Good once."""
        continued = Continuation.of(newer)
        if not self._told or continued.number <= Continuation.of(before).number:
            return False
        leaf, proof = await hub.leaf(continued.position, newer.size)
        check_follows(before, newer, consistency=(), continuation_leaf=leaf, continuation_proof=proof)
        self._told = False
        return True


async def _proof(hub: LogPort, before: Checkpoint, newer: Checkpoint) -> Sequence[bytes]:
    """What the hub says is the proof between both; nothing where none is needed, or the hub refuses it."""
    first, second = sorted((before.size, newer.size))
    if first in (0, second) or Continuation.of(before).number != Continuation.of(newer).number:
        return ()
    try:
        return await hub.consistency(first, second)
    except WarifuError as error:
        if error.reason is Reason.REQUEST_MALFORMED:  # it says that it has no such tree, though its key signed one
            return ()
        raise
