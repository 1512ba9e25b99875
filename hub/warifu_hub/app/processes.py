"""A hub of several processes: whoever starts them, watches them, and ends them.

Decides the order (the sequencer first and last), that a worker that dies is started again, and a sequencer that was killed as
well, and that one which ends by itself ends the hub, as it would end a hub that is one process. All of them end with this
process, however it ends. To whoever looks they are one hub: one line says that it is ready, at one endpoint, and there is one log.

Each is a fork: there is one thread here, no event loop and no gRPC object, for none of these would survive one.
"""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeAlias

from warifu.errors import WarifuError
from warifu.party.process import announce_ready, begin_process, run_party
from warifu.rpc.logging import Level, error_fields, get_logger
from warifu.rpc.server import keep_port

__all__ = ["MOST_WORKERS", "HubProcesses", "RunSequencer", "RunWorker"]

MOST_WORKERS: Final = 16

RunSequencer: TypeAlias = Callable[[asyncio.Event, bool], Coroutine[Any, Any, None]]
"""Runs the sequencer until the event is set; true for the first of a hub, which may have been told something once."""

RunWorker: TypeAlias = Callable[[asyncio.Event, int, str], Coroutine[Any, Any, None]]
"""Runs a worker of this number, at this endpoint, until the event is set."""

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0
_WORKERS_STOP_S: Final = 3.5
_SEQUENCER_STOPS_S: Final = 10.0
_SEQUENCER: Final = 0
_LONGEST_LINE: Final = 4096


@dataclass(slots=True)
class _Process:
    """One of them. ``number`` is the worker's, 0 for the sequencer."""

    number: int
    pid: int = 0
    told: int = -1
    is_ready: bool = False
    was_ready: bool = False
    pause_s: float = _FIRST_PAUSE_S
    not_before: float = 0.0

    @property
    def name(self) -> str:
        return f"worker {self.number}" if self.number else "sequencer"


class _EndedError(Exception):
    """The hub is to end, with this status."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


class HubProcesses:
    """The processes of one hub. ``listen`` is host:port; port 0 takes any free one."""

    def __init__(
        self, *, workers: int, listen: str, sequencer: RunSequencer, worker: RunWorker, log_level: Level = "info"
    ) -> None:
        self._listen, self._log_level = listen, log_level
        self._run_sequencer, self._run_worker = sequencer, worker
        self._sequencer = _Process(_SEQUENCER)
        self._workers = [_Process(number) for number in range(1, workers + 1)]
        self._port: socket.socket | None = None
        self._endpoint = ""
        self._is_announced = False
        self._stop = False
        self._selector = selectors.DefaultSelector()
        self._woken, self._waking = os.pipe()

    def run(self, *, stop_with_parent: bool = False) -> int:
        """Run the hub until this process is asked to stop; the exit status."""
        try:
            begin_process(self._log_level, stop_with_parent=stop_with_parent)
            self._listen_to_signals()
            while not self._stop:
                self._go_on()
                self._wait()
        except _EndedError as ended:
            return self._end(ended.status)
        except WarifuError as error:
            return self._fail(error)
        return self._end(0)

    def _fail(self, error: WarifuError) -> int:
        status = self._end(1)  # first, so that the last line of the log says why
        get_logger("hub").error("party_failed", text=error.entry.public_text, **error_fields(error))
        return status

    def _listen_to_signals(self) -> None:
        for end in (self._woken, self._waking):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waking)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        self._selector.register(self._woken, selectors.EVENT_READ)

    def _ask_to_stop(self, *_: object) -> None:
        self._stop = True

    def _go_on(self) -> None:
        """Start what is to run now and does not."""
        self._reap()
        now = time.monotonic()
        if not self._sequencer.pid and now >= self._sequencer.not_before:
            self._start(self._sequencer)
        if not self._sequencer.is_ready:
            return
        if self._port is None:
            self._port, self._endpoint = keep_port(self._listen)
        for worker in self._workers:
            if not worker.pid and now >= worker.not_before:
                self._start(worker)
        if not self._is_announced and all(worker.is_ready for worker in self._workers):
            self._is_announced = True
            announce_ready(party="hub", endpoint=self._endpoint)

    def _start(self, process: _Process) -> None:
        reading, writing = os.pipe()
        parent, is_first = os.getpid(), not process.was_ready
        process.pid = os.fork()
        if process.pid == 0:
            os.dup2(writing, 1)
            self._be(process.number, parent, is_first=is_first)
        os.close(writing)
        os.set_blocking(reading, False)
        process.told, process.is_ready = reading, False
        self._selector.register(reading, selectors.EVENT_READ, process)

    def _be(self, number: int, parent: int, *, is_first: bool) -> NoReturn:
        """In a fork: be that process, and never come back."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for each in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
                signal.signal(each, signal.SIG_DFL)
            self._let_go()
            endpoint = self._endpoint

            def main(stop: asyncio.Event) -> Coroutine[Any, Any, None]:
                if number == _SEQUENCER:
                    return self._run_sequencer(stop, is_first)
                return self._run_worker(stop, number, endpoint)

            status = run_party(main, party="hub", log_level=self._log_level, parent=parent)
        finally:
            os._exit(status)

    def _let_go(self) -> None:
        """In a fork: of what is the starter's."""
        self._selector.close()
        for process in (self._sequencer, *self._workers):
            if process.told >= 0:
                os.close(process.told)
        os.close(self._woken)
        os.close(self._waking)
        if self._port is not None:
            self._port.close()

    def _wait(self) -> None:
        """Until a signal, a line, or the time to start something again."""
        starting = self._workers if self._sequencer.is_ready else [self._sequencer]
        waiting = [each.not_before for each in starting if not each.pid]
        self._look(max(0.0, min(waiting) - time.monotonic()) if waiting else None)

    def _look(self, seconds: float | None) -> None:
        for key, _ in self._selector.select(seconds):
            if key.fd == self._woken:
                with suppress(BlockingIOError):
                    os.read(self._woken, 4096)
            else:
                self._hear(key.data)

    def _hear(self, process: _Process) -> None:
        """What a process wrote: its one line, or nothing at its end."""
        line = os.read(process.told, _LONGEST_LINE)
        if not line:
            self._forget_pipe(process)
            return
        with suppress(ValueError):
            process.is_ready = process.was_ready = bool(json.loads(line).get("ready"))
            process.pause_s = _FIRST_PAUSE_S

    def _forget_pipe(self, process: _Process) -> None:
        if process.told >= 0:
            self._selector.unregister(process.told)
            os.close(process.told)
            process.told = -1

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                for process in (self._sequencer, *self._workers):
                    if process.pid == ended[0]:
                        self._note_ended(process, os.waitstatus_to_exitcode(ended[1]))

    def _note_ended(self, process: _Process, status: int) -> None:
        """Raises: _EndedError when the hub ends with it."""
        self._forget_pipe(process)
        process.pid = 0
        process.not_before = time.monotonic() + (0.0 if process.is_ready else process.pause_s)
        process.pause_s = min(2 * process.pause_s, _LONGEST_PAUSE_S)
        process.is_ready = False
        if self._stop:
            return
        by_itself = status >= 0 and (process.number == _SEQUENCER or not process.was_ready)
        if by_itself or not process.was_ready:
            raise _EndedError(status if status >= 0 else 1)
        get_logger("hub").error("process_died", process=process.name, status=status)

    def _end(self, status: int) -> int:
        """End all: workers first, so that nothing is under way when the sequencer publishes the last checkpoint."""
        self._stop = True
        self._end_together(self._workers, _WORKERS_STOP_S)
        self._end_together([self._sequencer], _SEQUENCER_STOPS_S)
        if self._port is not None:
            self._port.close()
        return status

    def _end_together(self, processes: list[_Process], seconds: float) -> None:
        give_up = time.monotonic() + seconds
        for process in processes:
            if process.pid:
                os.kill(process.pid, signal.SIGTERM)
        while any(process.pid for process in processes):
            left = give_up - time.monotonic()
            if left <= 0:
                for process in processes:
                    if process.pid:
                        os.kill(process.pid, signal.SIGKILL)
                left = 1.0
            self._look(left)
            self._reap()
