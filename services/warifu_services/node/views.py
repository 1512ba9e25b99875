"""Whether the hub shows every member the same log and the same directory.

Decides what follows from what another member told of the hub. Its checkpoint is believed when the key of the log that is in
force signed it: one that no member can make up. Then either the hub proves that it and the one seen here are of one log, and
the newer of both is kept; or the log says, under that signature, that it went on from an older state; or both are evidence.
What the hub does not show at once it has a minute for. A directory is only what the other member says of it: an alarm
that names who says so.

It weighs beside the exchanges, one after the other, some in a beat. It knows no gRPC.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from warifu.api.record.v1 import sealed_pb2
from warifu.clock import Clock
from warifu.errors import WarifuError
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.directory_header import header_digest
from warifu.exchange.gossip import Told, read_gossip
from warifu.exchange.log_views import LogViews
from warifu.identifiers import InstitutionCode
from warifu.rpc.logging import error_fields, get_logger
from warifu.tlog.checkpoint import Checkpoint, is_signed, open_checkpoint, read_checkpoint_unverified
from warifu.tlog.continuation import Continuation
from warifu.tlog.note import Verifier
from warifu.tlog.views import Relation, relation
from warifu_services.node.gossip import GossipBox
from warifu_services.node.standing import Standing

__all__ = ["SHOWN_WITHIN", "ConsistencyPort", "KeepViews", "Views"]

SHOWN_WITHIN: Final = timedelta(seconds=60)
"""How long the hub has to show that two checkpoints are of one log, or a version of the directory that others have."""

_SHOWN_WITHIN_MS: Final = SHOWN_WITHIN // timedelta(milliseconds=1)
_STANDS_MS: Final = timedelta(days=1) // timedelta(milliseconds=1)
_BEAT_S: Final = 1.0
_IN_A_BEAT: Final = 8


class ConsistencyPort(Protocol):
    """The hub's log, however it is reached."""

    async def consistency(self, first: int, second: int) -> Sequence[bytes]:
        """What the hub says is the proof between these sizes. Raises: what it said; HUB_UNREACHABLE or HUB_TIMED_OUT."""


class KeepViews(Protocol):
    """Keeps two checkpoints as evidence; whether there is such evidence."""

    def keep_views(self, by: InstitutionCode, views: LogViews, *, convicts: bool) -> bool:
        """Keep what ``by`` told beside what was shown here. False when it could not be kept."""

    def views_kept(self, by: InstitutionCode) -> LogViews | None:
        """What is kept of ``by``; None for nothing, or nothing that can be read."""

    def withdraw_views(self, by: InstitutionCode) -> None:
        """Keep it no longer. Nothing happens where that cannot be."""

    def views_standing(self) -> str | None:
        """That there is such evidence; None while there is none."""


@dataclass(frozen=True, slots=True)
class _Noted:
    """Something that was noticed: when (Unix milliseconds), and what, for people to read."""

    at_ms: int
    what: str


class Views:
    """What others were shown by the hub, held against what this node was shown."""

    def __init__(
        self,
        *,
        box: GossipBox,
        standing: Standing,
        directory: DirectorySource,
        evidence: KeepViews,
        clock: Clock,
        in_contact_since: Callable[[], int | None],
    ) -> None:
        """``in_contact_since``: since when the hub is there to show anything, in Unix milliseconds; None: it is not."""
        self._box = box
        self._standing = standing
        self._directories = directory
        self._evidence = evidence
        self._clock = clock
        self._in_contact_since = in_contact_since
        self._open: dict[InstitutionCode, int] = {}  # since when something of it is not shown
        self._said: set[tuple[InstitutionCode, str]] = set()
        self._convicted: set[InstitutionCode] = set()  # by what it told
        self._unkept: _Noted | None = None
        self._directory_differs: dict[InstitutionCode, _Noted] = {}
        self._newer: dict[InstitutionCode, tuple[int, _Noted]] = {}  # the version of the directory that is not here

    def log_amiss(self) -> str | None:
        """That the hub shows others another log; None while nobody was."""
        unkept = self._unkept
        return self._evidence.views_standing() or (unkept.what if unkept and not self._is_old(unkept) else None)

    def directory_amiss(self) -> str | None:
        """That another member goes by another directory, within the last day; None while none is known to."""
        version = self._directories.current().version
        found = [each for each in self._directory_differs.values() if not self._is_old(each)]
        if not found:
            told = [each for number, each in self._newer.values() if number > version and not self._is_old(each)]
            found = [each for each in told if self._had_its_minute(each.at_ms)]
        return found[0].what if found else None

    def _had_its_minute(self, since_ms: int) -> bool:
        """Whether the hub was there for a minute since then to show what it did not."""
        contact_ms = self._in_contact_since()
        return contact_ms is not None and self._clock.unix_ms() - max(since_ms, contact_ms) >= _SHOWN_WITHIN_MS

    def _is_old(self, noted: _Noted) -> bool:
        return self._clock.unix_ms() - noted.at_ms > _STANDS_MS

    async def keep(self, hub: ConsistencyPort) -> None:
        """Weigh what comes, some in each beat. Runs until cancelled."""
        while True:
            await self._box.came.wait()
            await self.weigh(hub)
            await asyncio.sleep(_BEAT_S)

    async def weigh(self, hub: ConsistencyPort) -> None:
        """Weigh some of what others told. What cannot be settled now waits for the next beat."""
        for by, gossip in self._box.take(_IN_A_BEAT):
            try:
                is_settled = self._box.is_settled(gossip) or await self._is_settled(hub, by, gossip)
            except WarifuError as error:  # of this node's own disk or directory
                get_logger("node").warning("not_weighed", **error_fields(error))
                self._box.put_back(by, gossip)
                continue
            if is_settled:
                self._box.settle(gossip)
                self._open.pop(by, None)

    async def _is_settled(self, hub: ConsistencyPort, by: InstitutionCode, gossip: sealed_pb2.Gossip) -> bool:
        """False when it is not known yet, or cannot be from here."""
        directory = self._directories.current()
        verifier = Verifier.parse(directory.log_verifier_key)
        try:
            told = read_gossip(gossip, verifier.name)
            self._compare_directory(by, told, directory)
            if told.note is None:
                return True
            if told.key_id != verifier.key_id:
                self._open.pop(by, None)
                return False  # of a key before or after the one in force: who tells it will soon tell of that one
            checkpoint = open_checkpoint(told.note, verifier, where="gossip")
        except WarifuError as error:  # nobody but who tells it can have made it so, and it shows nothing
            self._say_once(by, "gossip_not_understood", **error_fields(error))
            return True
        async with self._standing.turn:
            return await self._weigh_checkpoint(hub, by, gossip, (told.note, checkpoint), verifier)

    async def _weigh_checkpoint(
        self,
        hub: ConsistencyPort,
        by: InstitutionCode,
        gossip: sealed_pb2.Gossip,
        told: tuple[bytes, Checkpoint],
        verifier: Verifier,
    ) -> bool:
        held = self._standing.seen_note
        if held is None or not self._standing.follows or not is_signed(held, verifier):
            self._open.pop(by, None)
            return False  # what it would be held against is amiss itself, or of another key: it will be told again
        own, other = read_checkpoint_unverified(held), told[1]
        try:
            proof = await _proof(hub, own, other)
        except WarifuError as error:
            self._note_open(by, (held, told[0]), f"asked for the proof, the hub says {error.reason.value}")
            self._box.put_back(by, gossip)
            return False
        shown = relation(own, other, proof)
        if shown is Relation.ONE_LOG:
            await self._withdraw(hub, by, own, verifier)
            if other.size > own.size:
                await self._standing.adopt(told[0])
            return True
        if shown is Relation.CONTINUED:
            return self._weigh_continued(by, gossip, (held, told[0]), own, other)
        self._accuse(by, (held, told[0]), proof, convicts=shown is Relation.TWO_LOGS)
        if shown is Relation.NOT_SHOWN:
            self._box.put_back(by, gossip)  # when the log seen here is longer, the hub's own proof may convict it
        return shown is Relation.TWO_LOGS

    async def _withdraw(self, hub: ConsistencyPort, by: InstitutionCode, own: Checkpoint, verifier: Verifier) -> None:
        """Keep no evidence of ``by`` that the hub shows by now to be of the log seen here: it was overloaded, or its disk full.

        Two logs that a proof shows stay, whatever comes.
        """
        kept = self._evidence.views_kept(by)
        if kept is None or not is_signed(kept.told, verifier):
            return
        told = read_checkpoint_unverified(kept.told)
        if relation(read_checkpoint_unverified(kept.shown), told, kept.proof) is Relation.TWO_LOGS:
            return
        with suppress(WarifuError):  # it shows nothing now: what is kept stays
            if relation(own, told, await _proof(hub, own, told)) is not Relation.ONE_LOG:
                return
            self._evidence.withdraw_views(by)
            self._said.discard((by, "log_views_differ"))
            get_logger("node").warning("log_views_agree", told_by=str(by))

    def _weigh_continued(
        self,
        by: InstitutionCode,
        gossip: sealed_pb2.Gossip,
        notes: tuple[bytes, bytes],
        own: Checkpoint,
        other: Checkpoint,
    ) -> bool:
        """One that is of before the break is settled by it. One of after: the hub has to say so here as well."""
        if Continuation.of(other).number < Continuation.of(own).number:
            return True
        self._note_open(by, notes, "the hub does not say here that its log went on from an older state")
        self._box.put_back(by, gossip)
        return False

    def _note_open(self, by: InstitutionCode, notes: tuple[bytes, bytes], why: str) -> None:
        """A hub that is away cannot show it; one that is there, and says nothing when asked for this, does not."""
        if self._had_its_minute(self._open.setdefault(by, self._clock.unix_ms())):
            self._accuse(by, notes, (), convicts=False, why=why)

    def _accuse(
        self, by: InstitutionCode, notes: tuple[bytes, bytes], proof: Sequence[bytes], *, convicts: bool, why: str = ""
    ) -> None:
        if by in self._convicted and self._evidence.views_standing():
            return  # one file convicts as well as many
        views = LogViews(shown=notes[0], told=notes[1], proof=tuple(proof), header=self._directories.current().header)
        what = f"the hub showed {by} another log than this node"
        self._say_once(by, "log_views_differ", convicts=convicts, **({"why": why} if why else {}))
        kept = self._evidence.keep_views(by, views, convicts=convicts)
        if kept and convicts:
            self._convicted.add(by)
        self._unkept = None if kept else _Noted(self._clock.unix_ms(), what)

    def _compare_directory(self, by: InstitutionCode, told: Told, own: Directory) -> None:
        now_ms = self._clock.unix_ms()
        known = {own.version: header_digest(own.header), own.version - 1: own.header.previous_digest}
        if known.get(told.directory_version, told.directory_digest) != told.directory_digest:
            what = f"{by} goes by another version {told.directory_version} of the directory than the hub shows here"
            self._directory_differs[by] = _Noted(now_ms, what)
            self._say_once(by, "directory_views_differ", version=told.directory_version)
        elif told.directory_version > own.version and not self._is_waited_for(by, own.version):
            what = f"{by} goes by version {told.directory_version} of the directory; the hub does not show it here"
            self._newer[by] = told.directory_version, _Noted(now_ms, what)

    def _is_waited_for(self, by: InstitutionCode, version: int) -> bool:
        """Whether ``by`` told of a version after ``version`` before, within the last day."""
        noted = self._newer.get(by)
        return noted is not None and noted[0] > version and not self._is_old(noted[1])

    def _say_once(self, by: InstitutionCode, event: str, **fields: object) -> None:
        """Once for each member, so that none can fill the log."""
        if (by, event) not in self._said:
            self._said.add((by, event))
            get_logger("node").error(event, told_by=str(by), **fields)


async def _proof(hub: ConsistencyPort, one: Checkpoint, other: Checkpoint) -> Sequence[bytes]:
    """What the hub says is the proof between two checkpoints; nothing where none is needed."""
    first, second = sorted((one.size, other.size))
    if first in (0, second) or Continuation.of(one).number != Continuation.of(other).number:
        return ()
    return await hub.consistency(first, second)
