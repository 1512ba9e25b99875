"""Whether this node's records, and the hub's log, are what the other has seen.

Decides two things each time the two compare. The hub's log must extend what was seen of it before: one that does not was
restored from an older state, and this node asks it nothing, unless the log itself says, under its signature, that it went
on; then both checkpoints are kept as proof. And for whatever exchange the hub knows of, this node must have a record:
that was durable here before the hub could know. A node without it was restored from an older state; it says so, and neither
asks nor answers until it is told to go on.

It knows no gRPC: what the hub says comes as a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import DirectorySource
from warifu.exchange.gossip import has_known_lines
from warifu.identifiers import InstitutionCode
from warifu.rpc.logging import get_logger
from warifu.tlog.checkpoint import Checkpoint, is_signed, open_checkpoint, read_checkpoint_unverified
from warifu.tlog.continuation import Continuation, check_follows
from warifu.tlog.note import Verifier
from warifu_services.node.standing_store import LogBreak, MissingRecord, StandingStore
from warifu_services.node.store import ExchangeSide, expired_before

__all__ = ["LEVEL", "Level", "Standing"]

_LONGEST_WAIT_S = 5.0
_REPLACED_WITHIN_MS = 60_000
"""How long the hub may go on with a key of its log that the directory in force says was replaced: it signs with the next one
as soon as its log has that version."""
_RECORDS_LATER = timedelta(days=1)  # a record is dated a little before or after its permit


class Level:
    """Stands for a party that nobody has found to be behind. See :class:`Standing`."""

    def check(self) -> None:
        """Raises: RECORDS_BEHIND or LOG_BEHIND while nothing may be asked or answered."""

    async def compared(self) -> None:
        """Return once the first comparison was made or tried, after some seconds at the latest; then :meth:`check`."""


LEVEL = Level()


class Standing(Level):
    """Where one node's records stand against the hub's log, and that log against what was seen of it.

    ``turn`` is for whoever changes what was seen of the log: one at a time, for what a hub shows is held against what it was
    shown. ``tried`` is set once a comparison was made or tried. ``told_to_go_on`` is good for what is known to be missing when the node starts, or turns out so at its first comparison.
    """

    def __init__(
        self,
        *,
        store: StandingStore,
        directory: DirectorySource,
        clock: Clock,
        told_to_go_on: bool = False,
        say: Callable[[Reason, str | None], None] = lambda *_: None,
    ) -> None:
        """``say`` hears where the node (RECORDS_BEHIND) or the hub's log (LOG_BEHIND) is behind, or None when it is not."""
        self._store = store
        self._directories = directory
        self._clock = clock
        self._told = told_to_go_on
        self._say = say
        self.tried = asyncio.Event()
        self.turn = asyncio.Lock()
        self._seen_note = store.seen_checkpoint()
        self._gone_on = set(store.missing(gone_on=True))
        self._missing = store.missing(gone_on=False)
        self._log_fault: WarifuError | None = None
        self._key_since = directory.current().log_verifier_key, clock.unix_ms()
        self._say(Reason.RECORDS_BEHIND, self._where_missing())

    def check(self) -> None:
        """See :class:`Level`."""
        missing = self._where_missing()
        if missing is not None:
            raise WarifuError(Reason.RECORDS_BEHIND, where=missing)
        if self._log_fault is not None:
            raise WarifuError(Reason.LOG_BEHIND, where=self._log_fault.where)

    @property
    def follows(self) -> bool:
        """Whether the hub's log follows what was seen of it, so that something may be looked for in it."""
        return self._log_fault is None

    @property
    def seen_note(self) -> bytes | None:
        """The newest checkpoint of the hub's log that was verified here, as a signed note. No look at the disk."""
        return self._seen_note

    async def adopt(self, note: bytes) -> None:
        """Go by a newer checkpoint that was verified, and that the log was shown to be unbroken up to.

        Whoever calls has the :attr:`turn`. Raises: STORE_UNAVAILABLE.
        """
        await self._store.put_seen(note)
        self._seen_note = note

    def now_ms(self) -> int:
        """The time by this node's clock, in Unix milliseconds."""
        return self._clock.unix_ms()

    def _where_missing(self) -> str | None:
        if not self._missing:
            return None
        return f"{len(self._missing)} or more exchanges, such as {self._missing[0].processing_number}"

    async def compared(self) -> None:
        """See :class:`Level`."""
        if not self.tried.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_WAIT_S):
                    await self.tried.wait()
        self.check()

    def request(self) -> log_pb2.CompareLogRequest:
        """What to show the hub."""
        return log_pb2.CompareLogRequest(seen_note=self._seen_note or b"")

    async def take(self, told: log_pb2.CompareLogResponse) -> None:
        """Take in what the hub said. Raises: HUB_ANSWER_INVALID for what is not to be taken; STORE_UNAVAILABLE."""
        await self._compare_records(told)
        await self._compare_log(told)
        self._say(Reason.RECORDS_BEHIND, self._where_missing())
        self._say(Reason.LOG_BEHIND, self._log_fault.where if self._log_fault else None)
        self._told = False
        self.tried.set()

    def give_up(self) -> None:
        """The hub could not be asked, or did not answer this: nobody waits for it any more."""
        self.tried.set()

    async def _compare_log(self, told: log_pb2.CompareLogResponse) -> None:
        held = self._seen_note
        if told.signed_note == held:
            self._log_fault = None
            return
        try:
            newer = self._opened(told.signed_note)
            _check_lines(told.signed_note, newer)
        except WarifuError as error:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where=error.where) from error
        broken = None
        if held is not None:
            try:
                broken = self._break_between(held, told)
            except WarifuError as fault:
                self._note_log_fault(fault)
                return
        self._check_key(told.signed_note, held)
        await self._store.put_seen(told.signed_note, broken)
        self._seen_note = told.signed_note
        self._log_fault = None
        if broken is not None:
            seen_size = read_checkpoint_unverified(broken.seen_note).size
            get_logger("node").error("hub_log_continued", seen_size=seen_size, size=newer.size, number=broken.number)

    def _opened(self, note: bytes) -> Checkpoint:
        """A checkpoint of the hub's log, under the key in force or one that it replaced. Raises: LOG_INVALID."""
        directory = self._directories.current()
        for vkey in directory.former_log_verifier_keys:
            with suppress(WarifuError):
                return open_checkpoint(note, Verifier.parse(vkey))
        return open_checkpoint(note, Verifier.parse(directory.log_verifier_key), where="signed_note")

    def _check_key(self, note: bytes, held: bytes | None) -> None:
        """Refuse what is newer under a key that was replaced: others pass over it, so it could be of another log than theirs.

        Raises: HUB_ANSWER_INVALID once the key in force signed what was seen, or a minute after the directory named it.
        """
        vkey, now_ms = self._directories.current().log_verifier_key, self._clock.unix_ms()
        if self._key_since[0] != vkey:
            self._key_since = vkey, now_ms
        verifier = Verifier.parse(vkey)
        is_late = now_ms - self._key_since[1] >= _REPLACED_WITHIN_MS or (held is not None and is_signed(held, verifier))
        if is_late and not is_signed(note, verifier):
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="signed_note: under a key that was replaced")

    def _break_between(self, held: bytes, told: log_pb2.CompareLogResponse) -> LogBreak | None:
        newer = read_checkpoint_unverified(told.signed_note)
        is_unbroken = check_follows(
            read_checkpoint_unverified(held),  # it was verified when it was stored
            newer,
            consistency=told.consistency_hashes,
            continuation_leaf=told.continuation_leaf,
            continuation_proof=told.continuation_hashes,
        )
        return None if is_unbroken else LogBreak(Continuation.of(newer).number, held, told.signed_note)

    def _note_log_fault(self, fault: WarifuError) -> None:
        if self._log_fault is None:
            get_logger("node").error("hub_log_behind", where=fault.where)
        self._log_fault = fault

    async def _compare_records(self, told: log_pb2.CompareLogResponse) -> None:
        oldest_ms = expired_before(self._clock.now()) + _RECORDS_LATER // timedelta(milliseconds=1)
        try:
            known = [_exchange(each) for each in told.exchanges if each.permit_ms > oldest_ms]
        except WarifuError as error:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where=error.where) from error
        found = [each for each in known if each not in self._gone_on and not self._store.has_record(each)]
        missing = list(dict.fromkeys([*self._missing, *found]))
        if not missing:
            return
        if self._told:
            await self._go_on(missing)
            return
        if missing != self._missing:
            is_first, self._missing = not self._missing, missing
            if is_first:
                example = missing[0].processing_number
                get_logger("node").error("records_behind", missing=len(missing), such_as=example, go_on="--go-on")
            await self._store.put_missing(missing, gone_on=False)

    async def _go_on(self, missing: list[MissingRecord]) -> None:
        await self._store.put_missing(missing, gone_on=True)
        self._gone_on |= set(missing)
        self._missing = []
        get_logger("node").warning("records_gone_on", missing=len(missing), such_as=missing[0].processing_number)


def _check_lines(note: bytes, checkpoint: Checkpoint) -> None:
    """Refuse what could not be told to others, or held against what comes: lines that this network's logs do not write.

    Raises: LOG_INVALID.
    """
    if not has_known_lines(note, checkpoint):
        raise WarifuError(Reason.LOG_INVALID, where="signed_note: lines of another kind")


def _exchange(known: log_pb2.KnownExchange) -> MissingRecord:
    return MissingRecord(
        side=ExchangeSide.PROVIDER if known.provided else ExchangeSide.INQUIRER,
        inquirer=InstitutionCode.parse(known.inquirer, "exchanges.inquirer"),
        request_id=known.request_id,
        processing_number=known.processing_number,
    )
