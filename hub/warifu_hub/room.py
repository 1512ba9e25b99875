"""Which exchanges are under way at a hub, and how many more there is room for: in all, of one inquirer, at one provider.

Decides whether one more may begin, and whether an inquirer was refused so often that nothing of its is decided for now:
each refusal is a durable leaf, so whoever is refused without end would fill the log. Knows institutions and how many, never
what is asked.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeAlias, TypeVar

from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeContext, ExchangeKey
from warifu.identifiers import InstitutionCode
from warifu.pki import Identity
from warifu.rpc.backlog import Backlog
from warifu.rpc.token_bucket import Buckets, Rate

__all__ = ["MOST_IN_BULK", "MOST_OF_ONE", "MOST_UNDER_WAY", "REFUSALS", "Room"]

MOST_UNDER_WAY = 1024
"""Exchanges under way at once; above it callers are told to come back."""

MOST_OF_ONE = MOST_UNDER_WAY // 2
"""Of those, by one inquirer, and at one provider: one that is busy, or has stopped, leaves room for the others."""

MOST_IN_BULK = MOST_OF_ONE * 3 // 4
"""The same for one more that is asked in bulk, so that whoever waits for an answer finds room beside a batch."""

REFUSALS = Rate(per_second=20.0, burst=2000)
"""How often an inquirer is refused, each time with a leaf; above it nothing of its is decided, and so nothing logged."""

REFUSALS_PAUSE_SECONDS = 5.0
"""How long it then waits for being told so: whoever asks at once again keeps a place under way, and no more."""

_Ended = TypeVar("_Ended")
_Sides: TypeAlias = tuple[tuple[str, InstitutionCode], tuple[str, InstitutionCode]]


class Room(Generic[_Ended]):
    """The exchanges under way at one hub process, and the refusals of each inquirer."""

    def __init__(self) -> None:
        self._in_bulk = False
        self._under_way: dict[ExchangeKey, tuple[bytes, asyncio.Task[_Ended]]] = {}
        self._sides: Counter[tuple[str, InstitutionCode]] = Counter()
        self._backlog = Backlog()
        self._refusals = Buckets(REFUSALS)

    def in_bulk(self) -> Room[_Ended]:
        """The same exchanges and refusals, for what is asked in bulk."""
        other = Room[_Ended]()
        other._in_bulk = True
        other._under_way, other._sides, other._refusals = self._under_way, self._sides, self._refusals
        other._backlog = self._backlog
        return other

    def find(self, key: ExchangeKey) -> tuple[bytes, asyncio.Task[_Ended]] | None:
        """The digest of the inquiry under way under this key, and its task."""
        return self._under_way.get(key)

    def check(self, context: ExchangeContext, left: float | None) -> None:
        """See that there is room for one more exchange, which has ``left`` seconds, before anything is done for it.

        Raises: OVERLOADED, and when to ask again; at the inquirer or the provider where it is that one's share that is full.
        """
        most_of_one = MOST_IN_BULK if self._in_bulk else MOST_OF_ONE
        for side in _sides(context):
            if self._sides[side] >= most_of_one:
                raise self._backlog.refusal(side[0])
        self._backlog.check(left, MOST_UNDER_WAY)

    def begin(
        self, context: ExchangeContext, digest: bytes, run: Callable[[], Coroutine[Any, Any, _Ended]]
    ) -> asyncio.Task[_Ended]:
        """Begin ``run`` as a task of its own, which goes to its end even when its caller has gone.

        Raises: OVERLOADED, as :meth:`check`: others may have come meanwhile.
        """
        self.check(context, None)
        task = asyncio.create_task(run())
        self._under_way[context.key] = (digest, task)
        self._sides.update(_sides(context))
        end = self._backlog.begin()
        task.add_done_callback(lambda ended: self._ended(context, end, ended))
        return task

    def _ended(self, context: ExchangeContext, end: Callable[[], None], task: asyncio.Task[_Ended]) -> None:
        end()
        sides = _sides(context)
        del self._under_way[context.key]
        self._sides.subtract(sides)
        for side in sides:
            if not self._sides[side]:
                del self._sides[side]
        if not task.cancelled():
            task.exception()  # seen here, so that an exchange whose caller has gone does not warn

    async def refuse_the_often_refused(self, caller: Identity) -> None:
        """Raises: OVERLOADED, after a pause, when ``caller`` was refused too often lately."""
        if self._refusals.level(caller, asyncio.get_running_loop().time()) < 1.0:
            await asyncio.sleep(REFUSALS_PAUSE_SECONDS)
            raise WarifuError(Reason.OVERLOADED, where="refusals")

    def refused(self, caller: Identity) -> None:
        """Note that ``caller`` was refused."""
        self._refusals.take(caller, asyncio.get_running_loop().time())


def _sides(context: ExchangeContext) -> _Sides:
    return ("inquirer", context.inquirer), ("provider", context.provider)
