"""Parties that are forks of one process which has imported what every party needs.

Six processes that begin at once spend most of their first second importing the same modules, on the same processors. Here
one process does so, once, and each party is a fork of it: a process of its own as any other, with its own session, log and
end. What that process is asked and what it tells is in ``nursery_process``. Linux only, for it needs process descriptors:
they name a process for as long as somebody holds them, so that no signal ever reaches another that got its number.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from itertools import count
from typing import IO, Any, Protocol

__all__ = ["MESSAGE_LIMIT", "NURSERY_PROCESS", "Child", "Nursery", "can_fork"]

NURSERY_PROCESS = "warifu_kit.network.nursery_process"
MESSAGE_LIMIT = 65_536
"""Bytes in one message between the two; the words of a party are a few hundred."""

_ROOM_FOR_WORDS = "-" * 512
"""Where a party's own words are put, so that lists of processes show them."""

_UNTOLD = -signal.SIGTERM
"""The status of a party whose nursery ended before it, or hangs: nobody learns how it ended."""

_TOLD_WITHIN_S = 1.0
"""How long after its end a party's status may be told; then it counts as untold."""

_PATIENCE_S = 10.0
"""How long the nursery may take to fork, or to end. One that takes longer hangs, and is ended by force."""


class Child(Protocol):
    """A process that was started, as :class:`subprocess.Popen` has it."""

    pid: int
    stdout: IO[str] | None

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it has ended. Raises: subprocess.TimeoutExpired."""

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""

    def kill(self) -> None:
        """End it by force."""


def can_fork() -> bool:
    """Whether this system has what a nursery needs."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


class _Forked:
    """A party that the nursery forked."""

    def __init__(self, words: Sequence[str], pid: int, descriptor: int, stdout: IO[str]) -> None:
        self.pid = pid
        self.stdout: IO[str] | None = stdout
        self._words = list(words)
        self._descriptor = descriptor
        self._ended = threading.Event()
        self._status: int | None = None
        self._gone_since: float | None = None

    def end(self, status: int) -> None:
        self._status = status
        self._ended.set()

    def poll(self) -> int | None:
        if self._status is None and self._is_gone(0.0):
            now = time.monotonic()
            self._gone_since = self._gone_since or now
            if now - self._gone_since > _TOLD_WITHIN_S:
                self.end(_UNTOLD)
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        if self._status is None and self._is_gone(timeout) and not self._ended.wait(_TOLD_WITHIN_S):
            self.end(_UNTOLD)
        if self._status is None:
            raise subprocess.TimeoutExpired(self._words, timeout or 0.0)
        return self._status

    def _is_gone(self, seconds: float | None) -> bool:
        """Whether it ends within ``seconds``, as the system says it: a nursery that hangs tells nothing."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(None if seconds is None else seconds * 1000))

    def send_signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __del__(self) -> None:
        os.close(self._descriptor)


class Nursery:
    """Starts parties. Its process begins at once, so that it imports while others do something else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._line: _Line | None = _Line()

    def start(self, words: Sequence[str], log: IO[bytes]) -> Child:
        """A party by the words that follow the entry's name, with ``log`` as its standard error.

        Raises: OSError when the system starts no process.
        """
        with self._lock:
            if self._line is None or self._line.is_over:
                self._line = _Line()
            return self._line.ask(next(self._numbers), words, log)

    def close(self) -> None:
        """End the nursery's process. Parties that still run are asked to stop by the system."""
        with self._lock:
            if self._line is not None:
                self._line.close()
                self._line = None


class _Line:
    """One nursery process, and the socket to it."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", NURSERY_PROCESS, str(theirs.fileno()), _ROOM_FOR_WORDS],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._children: dict[int, _Forked] = {}
        self._asked: dict[int, _Asked] = {}
        self._over = threading.Event()
        self._reader = threading.Thread(target=self._read, name="nursery", daemon=True)
        self._reader.start()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def ask(self, number: int, words: Sequence[str], log: IO[bytes]) -> _Forked:
        reading, writing = os.pipe()
        asked = self._asked[number] = _Asked(words, TextIOWrapper(open(reading, "rb"), "utf-8", errors="replace"))  # noqa: PTH123, SIM115
        message = json.dumps({"number": number, "words": list(words)}).encode()
        try:
            socket.send_fds(self._socket, [message], [writing, log.fileno()])
        except OSError:
            asked.settle(None, "the nursery has ended")
        finally:
            os.close(writing)
        if not asked.is_settled_within(_PATIENCE_S):
            self._process.kill()
        return asked.child()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()

    def _read(self) -> None:
        with suppress(OSError):
            while True:
                message, descriptors, _, _ = socket.recv_fds(self._socket, MESSAGE_LIMIT, 1)
                if not message:
                    break
                self._hear(json.loads(message), descriptors)
        self._over.set()
        for asked in list(self._asked.values()):
            asked.settle(None, "the nursery has ended")
        self._end_process()
        self._socket.close()

    def _end_process(self) -> None:
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hear(self, told: dict[str, Any], descriptors: list[int]) -> None:
        if "ended" in told:
            self._children.pop(told["ended"]).end(told["status"])
            return
        asked = self._asked.pop(told["number"])
        if "pid" in told:
            child = self._children[told["pid"]] = asked.forked(told["pid"], descriptors[0])
            asked.settle(child, "")
        else:
            asked.settle(None, told["why"])


class _Asked:
    """A party that was asked for, until it is known what became of it."""

    def __init__(self, words: Sequence[str], stdout: IO[str]) -> None:
        self._words = words
        self._stdout = stdout
        self._settled = threading.Event()
        self._child: _Forked | None = None
        self._why = ""

    def forked(self, pid: int, descriptor: int) -> _Forked:
        return _Forked(self._words, pid, descriptor, self._stdout)

    def settle(self, child: _Forked | None, why: str) -> None:
        self._child, self._why = child, why
        self._settled.set()

    def is_settled_within(self, seconds: float) -> bool:
        return self._settled.wait(seconds)

    def child(self) -> _Forked:
        self._settled.wait()
        if self._child is None:
            self._stdout.close()
            raise OSError(0, self._why, "process")
        return self._child
