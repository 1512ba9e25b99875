"""Whether the hub's log is the one that others have seen.

Decides, when somebody shows a checkpoint that this log's own key signed, whether the log extends it. One that does not
was restored from an older state: the hub says so, and takes nothing into its log any more until it is told to go on.
That it went on is a leaf of the log, so that whoever checks the log sees the break, and every checkpoint says so from
then on: what was seen before the break is then known to be lost, and nobody has to be told again.

A checkpoint under a key that the log says was replaced stops nothing: whoever kept, or stole, that key could sign it. An
agency that holds such a one sees by itself that the log is another, and a hub that is told to go on believes it.

It knows nothing of exchanges.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.rpc.logging import get_logger
from warifu.tlog.checkpoint import Checkpoint
from warifu.tlog.continuation import MOST_CONTINUATIONS, Continuation
from warifu_hub.leaves import continuation_leaf
from warifu_hub.ledger import Ledger
from warifu_hub.standing_store import StandingStore

__all__ = ["Standing"]

_MOST_AHEAD = 100
"""How much oftener than this log the one that others saw may have gone on: a person decided each of those."""


class Standing:
    """Where one hub's log stands, against what others have seen of it.

    ``told_to_go_on`` is good for one break: the one the hub is in when it starts, or the first it is shown.
    """

    def __init__(
        self,
        *,
        hub: InstitutionCode,
        ledger: Ledger,
        store: StandingStore,
        clock: Clock,
        told_to_go_on: bool = False,
        say: Callable[[str | None], None] = lambda _: None,
    ) -> None:
        """``say`` hears where the log is behind, and None when it is not any more."""
        self._hub = hub
        self._ledger = ledger
        self._store = store
        self._clock = clock
        self._told = told_to_go_on
        self._say = say
        self._lost: Checkpoint | None = None
        self._said_replaced = False
        self._one_by_one = asyncio.Lock()
        ledger.continuation = store.continuation()

    async def begin(self) -> None:
        """Look at what was shown before the hub stopped. To be called before it serves. Raises: LOG_UNAVAILABLE."""
        note = self._store.shown_checkpoint()
        if note is not None:
            await self._meet(note)

    def check(self) -> None:
        """Raises: LOG_BEHIND while the log is behind what others have seen. To be asked before anything is logged."""
        if self._lost is not None:
            raise WarifuError(Reason.LOG_BEHIND, where=self._where(self._lost))

    def _where(self, lost: Checkpoint) -> str:
        return f"log of {self._ledger.size} entries, {lost.size} seen by others"

    async def shown(self, note: bytes) -> None:
        """Somebody shows a checkpoint.

        Raises: REQUEST_MALFORMED when this log's key did not sign it, or when it went on oftener than this log could have;
        LOG_UNAVAILABLE.
        """
        await self._meet(note)

    async def _meet(self, note: bytes) -> None:
        try:
            shown = self._ledger.own_checkpoint(note, where="seen_note")
            self._check_number(Continuation.of(shown).number)
        except WarifuError as error:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=error.where) from error
        async with self._one_by_one:
            await self._weigh(shown, note)

    def _check_number(self, number: int) -> None:
        """The hub would go on from it: a number at the end of the range would leave none, and hide every break after."""
        if number > min(self._ledger.continuation.number + _MOST_AHEAD, MOST_CONTINUATIONS - 1):
            raise WarifuError(Reason.LOG_INVALID, where=f"seen_note: continued {number}")

    async def _weigh(self, shown: Checkpoint, note: bytes) -> None:
        if self._accounts_for(shown) or (self._lost is not None and shown.size <= self._lost.size):
            return
        if self._told:
            self._told = False
            await self._go_on(shown)
            return
        if not self._ledger.counts(note):
            self._say_replaced(shown)
            return
        is_first, self._lost = self._lost is None, shown
        self._say(self._where(shown))
        if is_first:
            get_logger("hub").error(
                "log_behind", own_size=self._ledger.size, seen_by_others=shown.size, go_on="--go-on"
            )
        await self._store.keep_shown(note)

    def _say_replaced(self, shown: Checkpoint) -> None:
        """Once: whoever shows one shows it at every comparison."""
        if not self._said_replaced:
            self._said_replaced = True
            get_logger("hub").warning(
                "checkpoint_of_replaced_key", own_size=self._ledger.size, shown=shown.size, go_on="--go-on"
            )

    def _accounts_for(self, shown: Checkpoint) -> bool:
        """Whether the log extends it, or went on from an older state after it was signed."""
        return self._ledger.extends(shown) or Continuation.of(shown).number < self._ledger.continuation.number

    async def _go_on(self, lost: Checkpoint) -> None:
        number = max(self._ledger.continuation.number, Continuation.of(lost).number) + 1
        leaf = continuation_leaf(self._hub, lost.size, lost.root_hash, number, self._clock.now())
        self._ledger.continuation = await self._store.continue_log(number, leaf)
        self._lost = None
        self._say(None)
        get_logger("hub").warning("log_continued", own_size=self._ledger.size, lost_size=lost.size, continuation=number)
