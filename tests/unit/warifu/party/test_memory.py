"""When memory is given back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

from warifu.party.memory import NEW_OBJECTS, Memory, resident_bytes, trim

_MIB = 1024 * 1024


class Process:
    """A process that holds so much, of which so much is free."""

    def __init__(self, held: int) -> None:
        self.held, self.free, self.trims = held * _MIB, 0, 0

    def trim(self) -> None:
        self.trims += 1
        self.held, self.free = self.held - self.free, 0


def test_what_a_flood_took_is_given_back_once_it_is_free() -> None:
    process = Process(80)
    memory = Memory(lambda: process.held, process.trim)
    assert not memory.look()
    process.held = 200 * _MIB
    for _ in range(20):
        memory.look()
    process.free = 120 * _MIB
    for _ in range(17):
        memory.look()
    assert process.held == 80 * _MIB


def test_a_process_that_needs_what_it_has_is_asked_ever_less_often() -> None:
    process = Process(80)
    memory = Memory(lambda: process.held, process.trim)
    memory.look()
    process.held = 200 * _MIB
    for _ in range(160):
        memory.look()
    assert process.trims <= 14


def test_little_more_is_left_as_it_is_and_where_nothing_is_said_nothing_is_done() -> None:
    process = Process(80)
    memory = Memory(lambda: process.held, process.trim)
    memory.look()
    process.held = 85 * _MIB
    assert not memory.look()
    assert not Memory(lambda: None, process.trim).look()
    assert process.trims == 0


def test_this_process_has_memory_and_can_give_some_back() -> None:
    resident = resident_bytes()
    assert resident is None or resident > _MIB
    trim()


_BUFFERS = """
import ctypes, sys
from warifu.party.memory import OWN_PIECE, resident_bytes, use_own_pieces

library = ctypes.CDLL(None)
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
if sys.argv[1] == "own pieces":
    use_own_pieces()
before = resident_bytes()
buffers = []
for _ in range(1_000):
    buffers.append(library.malloc(OWN_PIECE))
    ctypes.memset(buffers[-1], 1, OWN_PIECE)
    library.malloc(64)  # which stays
for buffer in buffers:
    library.free(buffer)
print((resident_bytes() - before) // 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the C library of Linux")
def test_what_connections_that_ended_took_is_not_kept_between_what_is_still_in_use() -> None:
    kept = {}
    for way in ("own pieces", "as the library does"):
        command = [sys.executable, "-c", _BUFFERS, way]
        told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        kept[way] = int(told.stdout)
    assert kept["own pieces"] < 4_000  # KiB, of 17,000
    assert kept["as the library does"] > 12_000


def test_a_party_looks_for_circles_after_as_many_objects_as_a_message_of_rows_makes() -> None:
    code = (
        "import asyncio, gc; from warifu.party.process import run_party\n"
        "async def main(stop): print(gc.get_threshold()[0])\n"
        "raise SystemExit(run_party(main, party='hub'))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(told.stdout) == NEW_OBJECTS
