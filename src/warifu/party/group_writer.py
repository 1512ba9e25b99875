"""Durable writes in groups, whatever they are written to.

Decides how writes become durable: whatever is waiting runs in one transaction, and its callers are told only when that is
durable, so that concurrent exchanges share one sync. A group begins when everything that the event loop had ready has
run: calls in lockstep (``warifu.lockstep``) are then all in it. It waits for no clock, and whatever comes during a sync is
the next group. Where one of a group fails each is tried alone, so that it harms no other; but where the fault is everybody's, as when
nobody knows what became of a commit, all are told so and nothing is run again.

Must never know what is stored, nor where: that is the :class:`Engine`'s. A store passes *mutations*, plain functions of a
connection, which must do nothing but read and write through it, for they may be run twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from warifu.errors import Reason, WarifuError

__all__ = ["Engine", "GroupWriter"]

Result = TypeVar("Result")

_MOST_IN_A_GROUP: Final = 512


class Engine(Protocol):
    """One connection that writes. One thread at a time uses it: the event loop's, or the writer's."""

    @property
    def on_loop(self) -> bool:
        """Whether statements are quick enough for the event loop; if not, all runs on the writer's thread."""

    def run(self, mutations: Sequence[Callable[[Any], Any]]) -> list[Any]:
        """What each gives, in a transaction that is left open. Raises: what the first raises that fails; all is undone."""

    def commit(self) -> None:
        """Make it durable. Raises: why it is not, or perhaps is not; nothing is left open."""

    def commits_on_loop(self, records: int) -> bool:
        """Whether a group of so many is committed on the event loop too; asked once for each."""

    def commit_on_loop(self) -> None:
        """:meth:`commit`, and note how long the loop stood still for it."""

    def patient(self, patient: bool) -> None:
        """Whether the next transaction may wait for somebody else's. On the event loop it must not."""

    def is_of_all(self, error: BaseException) -> bool:
        """Whether a fault is no mutation's own, so that each alone would meet it too, or must not be run again."""

    def told(self, error: BaseException) -> Exception:
        """What a caller is told: what is no mutation's own is the store's reason."""


@dataclass(slots=True)
class _Waiting:
    """A mutation and whoever waits for it."""

    mutation: Callable[[Any], Any]
    bulk: bool
    written: asyncio.Future[Any]
    result: Any = None

    def settle(self, error: Exception | None = None) -> None:
        """Tell whoever waits. One who was cancelled hears nothing; the write stands."""
        if self.written.done() or self.written.get_loop().is_closed():
            return
        if error is None:
            self.written.set_result(self.result)
        else:
            self.written.set_exception(error)


class GroupWriter:
    """Writes to one engine. One event loop at a time uses it."""

    def __init__(self, engine: Engine, *, unavailable: Reason, name: str) -> None:
        """``unavailable`` is the store's reason, ``name`` what its thread is called."""
        self._engine = engine
        self._unavailable = unavailable
        self.groups_committed = 0
        self.mutations_committed = 0
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[_Waiting] = deque()
        self._alone: deque[_Waiting] = deque()  # from a group that failed: each gets a transaction of its own
        self._group: list[_Waiting] = []
        self._working: Future[None] | None = None
        self._gathering: asyncio.Handle | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"writer:{name}")

    def write(self, mutation: Callable[[Any], Result], *, bulk: bool = False) -> asyncio.Future[Result]:
        """Run ``mutation`` in the next group; the future has its result once that is durable.

        It is under way from this call on, awaited or not. Cancelling the wait does not undo it. ``bulk`` is for what
        takes longer than an event loop should stand still.

        Raises:
            WarifuError: the store's reason when what it is written to refuses; whatever the mutation itself raised.
        """
        if self._closed:
            raise WarifuError(self._unavailable, debug="the store is closed")
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._move_to(loop)
        written: asyncio.Future[Result] = loop.create_future()
        self._waiting.append(_Waiting(mutation, bulk, written))
        if self._working is None:
            self._gather(loop)
        return written

    def write_now(self, mutation: Callable[[Any], Result]) -> Result:
        """Run ``mutation`` and wait here: for a party that is starting, never for one that serves. Raises: as :meth:`write`."""
        self._finish_group()
        try:
            self._engine.patient(True)
            (result,) = self._engine.run([mutation])
            self._engine.commit()
        except Exception as error:
            raise self._engine.told(error) from error
        finally:
            self._engine.patient(False)
        written: Result = result
        return written

    def close(self) -> bool:
        """Finish what is queued and end the thread; False when that was done before."""
        if self._closed:
            return False
        self._closed = True
        self._finish_group()
        while self._waiting or self._alone:
            self._begin()
            self._finish_group()
        self._thread.shutdown()
        return True

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Another event loop writes now; the one before has ended, perhaps with a group under way."""
        self._finish_group()
        self._gathering = None
        self._loop = loop

    def _gather(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin a group once everything that is ready now has run, and may have written too."""
        if self._gathering is None:
            self._gathering = loop.call_soon(self._begin)

    def _begin(self) -> None:
        """Run the statements of the next group that has no fault, and have it committed."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        while self._working is None and (self._alone or self._waiting):
            self._group = self._next_group()
            work = self._work_here()
            if work is not None:
                self._working = self._thread.submit(work)
                self._working.add_done_callback(self._call_back)

    def _work_here(self) -> Callable[[], None] | None:
        """What is left of the group for the thread, once the event loop did its part; None when it has ended."""
        if not self._engine.on_loop or any(waiting.bulk for waiting in self._group):
            return self._run_and_commit
        try:
            self._run()
            if not self._engine.commits_on_loop(len(self._group)):
                return self._engine.commit
            self._engine.commit_on_loop()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's to see
            if self._engine.is_of_all(error):  # which passes: the thread may wait for that
                return self._run_and_commit
            self._end_group(error)
        else:
            self._end_group(None)
        return None

    def _next_group(self) -> list[_Waiting]:
        if self._alone:
            return [self._alone.popleft()]
        size = min(len(self._waiting), _MOST_IN_A_GROUP)
        return [self._waiting.popleft() for _ in range(size)]

    def _run(self) -> None:
        """Run the statements of the group in a transaction that is left open; all of it is undone if one fails."""
        results = self._engine.run([waiting.mutation for waiting in self._group])
        for waiting, result in zip(self._group, results, strict=True):
            waiting.result = result

    def _run_and_commit(self) -> None:
        self._engine.patient(True)
        try:
            self._run()
        finally:
            self._engine.patient(False)
        self._engine.commit()

    def _call_back(self, _: Future[None]) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has ended: whoever comes next finishes the group
                loop.call_soon_threadsafe(self._go_on)

    def _go_on(self) -> None:
        """The thread is done with a group: tell its callers and begin the next."""
        self._finish_group()
        if self._alone:
            self._begin()
        elif self._waiting and self._loop is not None and not self._closed:
            self._gather(self._loop)

    def _finish_group(self) -> None:
        """Wait for the group under way, if any, and tell its callers."""
        if self._working is None:
            return
        error = self._working.exception()
        self._working = None
        self._end_group(error)

    def _end_group(self, error: BaseException | None) -> None:
        """Tell the callers of a group; if one in it failed, each is tried alone."""
        group, self._group = self._group, []
        if error is None:
            self.groups_committed += 1
            self.mutations_committed += len(group)
        elif len(group) > 1 and not self._engine.is_of_all(error):
            self._alone.extend(group)
            return
        for waiting in group:
            waiting.settle(None if error is None else self._engine.told(error))
