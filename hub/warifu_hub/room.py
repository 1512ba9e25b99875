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
from warifu.pki import Identity
from warifu.rpc.backlog import Backlog
from warifu.rpc.token_bucket import Buckets, Rate

__all__ = ["MOST_IN_BULK", "MOST_OF_ONE", "MOST_UNDER_WAY", "REFUSALS", "Places", "Room"]

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
_Sides: TypeAlias = tuple[tuple[str, str], tuple[str, str]]


class Places:
    """How many exchanges are under way: in all, of each inquirer, at each provider; and how long they took lately."""

    def __init__(self) -> None:
        self._sides: Counter[tuple[str, str]] = Counter()
        self._backlog = Backlog()

    def check(self, inquirer: str, provider: str, left: float | None = None, *, in_bulk: bool) -> None:
        """See that there is room for one more exchange, which has ``left`` seconds (None: no deadline).

        Raises: OVERLOADED, and when to ask again; at the inquirer or the provider where it is that one's share that is full.
        """
        most_of_one = MOST_IN_BULK if in_bulk else MOST_OF_ONE
        for side in _sides(inquirer, provider):
            if self._sides[side] >= most_of_one:
                raise self._backlog.refusal(side[0])
        self._backlog.check(left, MOST_UNDER_WAY)

    def take(self, inquirer: str, provider: str, *, in_bulk: bool) -> Callable[[], None]:
        """One more, until what this gives is called, once. Raises: OVERLOADED, as :meth:`check`: others may have come meanwhile."""
        self.check(inquirer, provider, in_bulk=in_bulk)
        sides, end = _sides(inquirer, provider), self._backlog.begin()
        self._sides.update(sides)

        def give() -> None:
            end()
            self._sides.subtract(sides)
            for side in sides:
                if not self._sides[side]:
                    del self._sides[side]

        return give


def _sides(inquirer: str, provider: str) -> _Sides:
    return ("inquirer", inquirer), ("provider", provider)


class Room(Generic[_Ended]):
    """The exchanges under way at one hub process, and the refusals of each inquirer.

    ``tell_refused`` hears of each refusal, for other processes of the same hub to note.
    """

    def __init__(self, tell_refused: Callable[[Identity], None] = lambda _: None) -> None:
        self._in_bulk = False
        self._under_way: dict[ExchangeKey, tuple[bytes, asyncio.Task[_Ended]]] = {}
        self._places = Places()
        self._refusals = Buckets(REFUSALS)
        self._tell_refused = tell_refused

    def in_bulk(self) -> Room[_Ended]:
        """The same exchanges and refusals, for what is asked in bulk."""
        other = Room[_Ended](self._tell_refused)
        other._in_bulk = True
        other._under_way, other._places, other._refusals = self._under_way, self._places, self._refusals
        return other

    def find(self, key: ExchangeKey) -> tuple[bytes, asyncio.Task[_Ended]] | None:
        """The digest of the inquiry under way under this key, and its task."""
        return self._under_way.get(key)

    def check(self, context: ExchangeContext, left: float | None) -> None:
        """See that there is room for one more exchange, which has ``left`` seconds, before anything is done for it.

        Raises: OVERLOADED, and when to ask again; at the inquirer or the provider where it is that one's share that is full.
        """
        self._places.check(context.inquirer, context.provider, left, in_bulk=self._in_bulk)

    def begin(
        self, context: ExchangeContext, digest: bytes, run: Callable[[], Coroutine[Any, Any, _Ended]]
    ) -> asyncio.Task[_Ended]:
        """Begin ``run`` as a task of its own, which goes to its end even when its caller has gone.

        Raises: OVERLOADED, as :meth:`check`: others may have come meanwhile.
        """
        give = self._places.take(context.inquirer, context.provider, in_bulk=self._in_bulk)
        task = self.follow(context, digest, run)
        task.add_done_callback(lambda _: give())
        return task

    def follow(
        self, context: ExchangeContext, digest: bytes, run: Callable[[], Coroutine[Any, Any, _Ended]]
    ) -> asyncio.Task[_Ended]:
        """The same for one that another process of this hub has, which takes no place here: ``run`` waits for its end."""
        task = asyncio.create_task(run())
        self._under_way[context.key] = (digest, task)
        task.add_done_callback(lambda ended: self._ended(context.key, ended))
        return task

    def _ended(self, key: ExchangeKey, task: asyncio.Task[_Ended]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # seen here, so that an exchange whose caller has gone does not warn

    async def refuse_the_often_refused(self, caller: Identity) -> None:
        """Raises: OVERLOADED, after a pause, when ``caller`` was refused too often lately."""
        if self._refusals.level(caller, asyncio.get_running_loop().time()) < 1.0:
            await asyncio.sleep(REFUSALS_PAUSE_SECONDS)
            raise WarifuError(Reason.OVERLOADED, where="refusals")

    def refused(self, caller: Identity) -> None:
        """Note that ``caller`` was refused."""
        self.refused_elsewhere(caller)
        self._tell_refused(caller)

    def refused_elsewhere(self, caller: Identity) -> None:
        """Note that another process of this hub refused ``caller``."""
        self._refusals.take(caller, asyncio.get_running_loop().time())
