"""Reading the memory of another process, on Linux, through ``/proc/PID/maps`` and ``/proc/PID/mem``.

Decides which regions can hold what a process learnt: everything readable that is anonymous or writable (heap, stacks,
arenas, shared memory, the libraries' variables). What is only mapped from a file to be read or executed came from the
disk and is left out. Knows nothing of what is searched for.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PAGE", "MemoryForbiddenError", "Region", "open_memory", "paused", "read_at", "regions", "with_children"]

PAGE = os.sysconf("SC_PAGE_SIZE")
"""Bytes in a page of memory: the least that can be unreadable."""

_PROC = Path("/proc")
_KERNELS_OWN = {"[vvar]", "[vvar_vclock]", "[vdso]", "[vsyscall]"}
_STILL = {"T", "t", "Z", "X"}
_STILL_SECONDS = 1.0


class MemoryForbiddenError(Exception):
    """This system does not let this process read the other one's memory. Says why."""


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a process's memory: ``start`` up to, not including, ``end``."""

    start: int
    end: int
    name: str


def regions(maps: str) -> list[Region]:
    """The regions worth reading, from the text of a ``maps`` file."""
    return [region for line in maps.splitlines() if (region := _region(line)) is not None]


def _region(line: str) -> Region | None:
    span, permissions, _offset, _device, inode, *named = line.split(maxsplit=5)
    name = named[0] if named else "anonymous"
    from_file = inode != "0"
    if "r" not in permissions or name in _KERNELS_OWN or (from_file and "w" not in permissions):
        return None
    start, end = (int(bound, 16) for bound in span.split("-"))
    return Region(start, end, name)


def with_children(pid: int) -> list[int]:
    """``pid`` and every process that it started, or that one of these did: a party may be several. Those that run now."""
    try:
        told = (_PROC / str(pid) / "task" / str(pid) / "children").read_text("ascii")
    except OSError:  # it has ended, or the system does not say
        return [pid]
    return [pid, *(each for child in told.split() for each in with_children(int(child)))]


@contextmanager
def open_memory(pid: int) -> Iterator[tuple[int, list[Region]]]:
    """A descriptor to read the memory of ``pid`` with, and its regions.

    Raises:
        MemoryForbiddenError: the system has no ``/proc``, or does not allow it.
        ProcessLookupError: there is no such process.
        ValueError: it is this process: whoever searches for a value holds it.
    """
    if pid == os.getpid():
        raise ValueError("a process that searches for values holds them; search another one")
    if not (_PROC / "self" / "maps").exists():
        raise MemoryForbiddenError("this system has no /proc/PID/maps")
    try:
        found = regions((_PROC / str(pid) / "maps").read_text("utf-8", errors="surrogateescape"))
        descriptor = os.open(_PROC / str(pid) / "mem", os.O_RDONLY)
    except PermissionError:
        message = f"not permitted to read the memory of process {pid} (another user's, or ptrace is restricted)"
        raise MemoryForbiddenError(message) from None
    except FileNotFoundError:
        raise ProcessLookupError(f"no process {pid}") from None
    try:
        if not found:  # it has ended, and only its parent has not yet heard
            raise ProcessLookupError(f"process {pid} has ended")
        yield descriptor, found
    finally:
        os.close(descriptor)


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """Hold the process still meanwhile, so that nothing moves from memory not yet read to memory already read."""
    os.kill(pid, signal.SIGSTOP)
    try:
        _wait_until_still(pid)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _wait_until_still(pid: int) -> None:
    """A stop signal works a moment later than it is sent; one that never does is no reason to fail."""
    give_up = time.monotonic() + _STILL_SECONDS
    while time.monotonic() < give_up:
        state = (_PROC / str(pid) / "stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()[0]
        if state in _STILL:
            return
        time.sleep(0.001)


def read_at(descriptor: int, into: memoryview, address: int) -> int:
    """Fill as much of ``into`` as can be read from ``address`` on; how much: 0 where the first page cannot be read."""
    try:
        return os.preadv(descriptor, [into], address)
    except OSError:
        return 0
