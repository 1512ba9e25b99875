"""The process that parties are forks of: it imports what every party needs, then forks whenever it is asked to.

Decides nothing about a party. It is asked over a socket whose number is its first word, one JSON message each: a number, a
party's words, and with it two descriptors, for its standard output and its log. It tells the number and the new process,
with a descriptor of it, or why there is none; and later, that this process ended and with what status.

Imported is what all parties share, and none of what is one party's own: the hub's process must not hold a line of what an
agency does. There is one thread here and no gRPC object, for neither would survive a fork; whoever is forked has everything
of its own, also randomness: the system's, of which nothing is kept here.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from warifu_kit.network import party_entry
from warifu_kit.network.nursery import MESSAGE_LIMIT

__all__ = ["main"]

_SHARED = (
    "warifu.party.groundwork",
    "warifu.party.chores",
    "warifu.exchange.directory",
    "warifu.exchange.statements",
    "warifu.permissions.table",
    "warifu.api.agency.v1.agency_service_pb2_grpc",
    "warifu.api.authority.v1.authority_service_pb2_grpc",
    "warifu.api.directory.v1.directory_service_pb2_grpc",
    "warifu.api.hub.v1.hub_service_pb2_grpc",
    "warifu.api.log.v1.log_service_pb2_grpc",
    "warifu.api.party.v1.party_service_pb2_grpc",
    "warifu.rpc.channel",
    "warifu.rpc.multiplex",
    "warifu.rpc.server",
    "grpc_reflection.v1alpha.reflection",
    "asyncio",
    "sqlite3",
    "uvloop",
)


def main() -> int:
    """Fork until nobody asks any more; in a fork, be that party. The exit status."""
    with socket.socket(fileno=int(sys.argv[1])) as line:
        for name in _SHARED:
            with suppress(ModuleNotFoundError):  # uvloop is not everywhere
                __import__(name)
        gc.collect()
        gc.freeze()
        words = _Nursery(line).serve()
    return 0 if words is None else party_entry.main(words)


class _Nursery:
    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._pid = os.getpid()
        self._woken, self._waking = os.pipe()
        for end in (self._woken, self._waking):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waking)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})  # it may have been held back by who started us

    def serve(self) -> Sequence[str] | None:
        """Fork when asked to. None at the end; in a fork, the words of the party that it is to be."""
        while True:
            ready, _, _ = select.select([self._line.fileno(), self._woken], [], [])
            if self._woken in ready:
                with suppress(BlockingIOError):
                    os.read(self._woken, 4096)
                self._tell_ended()
            if self._line.fileno() in ready:
                message, descriptors, _, _ = socket.recv_fds(self._line, MESSAGE_LIMIT, 2)
                if not message:
                    return None
                asked = json.loads(message)
                if self._fork(asked["number"], descriptors):
                    _rename(asked["words"])
                    return list(asked["words"])

    def _fork(self, number: int, descriptors: Sequence[int]) -> bool:
        """Whether this is the fork."""
        try:
            pid = os.fork()
        except OSError as error:
            pid = -1
            self._tell({"number": number, "why": error.strerror})
        if pid == 0:
            self._leave(*descriptors)
            return True
        for descriptor in descriptors:
            os.close(descriptor)
        if pid > 0:
            process = os.pidfd_open(pid)
            self._tell({"number": number, "pid": pid}, process)
            os.close(process)
        return False

    def _leave(self, output: int, log: int) -> None:
        """In a fork: let go of what is the nursery's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.dup2(output, 1)
        os.dup2(log, 2)
        for each in (output, log, self._woken, self._waking):
            os.close(each)
        if os.getppid() != self._pid:  # it ended meanwhile, so nobody would ask this party to stop
            os._exit(1)

    def _tell_ended(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                self._tell({"ended": ended[0], "status": os.waitstatus_to_exitcode(ended[1])})

    def _tell(self, what: dict[str, object], *descriptors: int) -> None:
        with suppress(OSError):  # nobody listens any more; the next message says so
            socket.send_fds(self._line, [json.dumps(what).encode()], descriptors)


def _rename(words: Sequence[str]) -> None:
    """Put a party's words where lists of processes look for them: over the words of the nursery, as far as these go."""
    stat = Path("/proc/self/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
    begins, ends = int(stat[45]), int(stat[46])  # (48) arg_start, (49) arg_end of proc(5); the first two are cut off
    shown = [sys.executable, "-m", party_entry.__name__, *words]
    text = b"\0".join(word.encode("utf-8", "surrogateescape") for word in shown)[: ends - begins - 1]
    ctypes.memmove(begins, text.ljust(ends - begins, b"\0"), ends - begins)


if __name__ == "__main__":
    sys.exit(main())
