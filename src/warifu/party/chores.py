"""What a party does beside answering calls: following the hub, telling where it listens, looking after itself.

Decides that a chore goes on whatever it meets. Each knows the faults that it can name and goes on by itself; one that ends by
any other is begun again, after a moment and then ever later, and that is said: in the log, with where it was raised, and as
an alarm until the chore has gone on for a while. What a chore does, it does not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from warifu.errors import WarifuError
from warifu.party.alarms import AlarmKind, Alarms
from warifu.rpc.logging import error_fields, get_logger, raised_at

__all__ = ["Chores"]

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_GOES_ON_S = 60.0
"""How long a chore has to go on before it counts as well again."""


class Chores:
    """The chores of one party. To be used on one event loop."""

    def __init__(self, party: str, alarms: Alarms, *, first_pause_s: float = _FIRST_PAUSE_S) -> None:
        """``party`` names it in the log; a chore that fell over is begun again after ``first_pause_s`` seconds at first."""
        self._log = get_logger(party)
        self._alarms = alarms
        self._first_pause_s = first_pause_s
        self._tasks: list[asyncio.Task[None]] = []
        self._amiss: dict[str, str] = {}

    def begin(self, name: str, keep: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin the chore ``name``: ``keep()`` runs until it is cancelled, and is called again whenever it ends otherwise."""
        self._tasks.append(asyncio.create_task(self._endless(name, keep)))

    async def end(self) -> None:
        """Cancel every chore and wait until it is over."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _endless(self, name: str, keep: Callable[[], Coroutine[Any, Any, None]]) -> None:
        loop, pause = asyncio.get_running_loop(), self._first_pause_s
        while True:
            begun, well = loop.time(), loop.call_later(_GOES_ON_S, self._note_well, name)
            try:
                await keep()
                self._note_amiss(name, "it came to an end", {})
            except WarifuError as error:
                self._note_amiss(name, error.reason.value, error_fields(error))
            except Exception as error:  # noqa: BLE001  # whatever it is, the chore goes on
                self._note_amiss(name, type(error).__name__, {"error": type(error).__name__, "at": raised_at(error)})
            finally:
                well.cancel()
            pause = self._first_pause_s if loop.time() - begun > _GOES_ON_S else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _note_amiss(self, name: str, why: str, fields: dict[str, str]) -> None:
        self._log.error("chore_fell_over", chore=name, **fields)
        self._amiss[name] = why
        self._say()

    def _note_well(self, name: str) -> None:
        self._amiss.pop(name, None)
        self._say()

    def _say(self) -> None:
        told = ", ".join(f"{name}: {why}" for name, why in sorted(self._amiss.items()))
        self._alarms.settle(AlarmKind.CHORE_FELL_OVER, told or None)
