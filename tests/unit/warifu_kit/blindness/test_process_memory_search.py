"""Another process's memory is searched: what was planted there is found in every form, and nothing else is."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from warifu_kit.blindness import process_memory
from warifu_kit.blindness.needles import Secret, needles
from warifu_kit.blindness.process_memory import MemoryForbiddenError, Region, regions, with_children
from warifu_kit.blindness.search import BlindnessReport, BlindnessSearch

CODE = secrets.token_bytes(32)
MY_NUMBER = f"{secrets.randbelow(10**12):012}"

# Reads lines of hexadecimal, keeps each as bytes that are written nowhere else, and waits to be ended.
SCRATCH = """
import sys
count = int(sys.stdin.readline())
kept = [bytearray.fromhex(sys.stdin.readline()[3:].replace("|", "")) for _ in range(count)]
print("ready", flush=True)
sys.stdin.read()
"""

Plant = Callable[[bytes], int]


@pytest.fixture
def plant() -> Iterator[Plant]:
    """Starts a process that keeps some bytes in its memory; its process id."""
    started: list[subprocess.Popen[str]] = []

    def start(content: bytes) -> int:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRATCH], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdin is not None
        assert process.stdout is not None
        # Byte by byte with a bar between, so that the form planted is the only one the process ever holds.
        process.stdin.write("1\n---" + "|".join(f"{byte:02x}" for byte in content) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        return process.pid

    yield start
    for process in started:
        process.communicate()


def _search(pid: int) -> BlindnessReport:
    search = BlindnessSearch(
        [
            Secret(kind="code", owner="resident 7", value=CODE),
            Secret(kind="my_number", owner="resident 7", value=MY_NUMBER),
        ]
    )
    refused = search.memory("scratch", pid)
    if refused is not None:
        pytest.skip(f"the system forbids it: {refused.why}")
    return search.report()


@pytest.mark.parametrize("value", [CODE, MY_NUMBER], ids=["code", "my_number"])
def test_a_planted_value_is_found_in_every_form(plant: Plant, value: bytes | str) -> None:
    sought, _ = needles(Secret(kind="planted", owner="resident 7", value=value))
    pid = plant(b"\xff\xfe".join(needle.pattern for needle in sought))
    found = {hit.encoding for hit in _search(pid).hits}
    assert found == {needle.encoding for needle in sought}


def test_nothing_is_found_in_a_process_that_has_nothing(plant: Plant) -> None:
    report = _search(plant(secrets.token_bytes(100_000)))
    assert report.is_blind
    assert report.bytes_searched > 1_000_000


def test_the_searched_process_goes_on_afterwards(plant: Plant) -> None:
    pid = plant(b"")
    _search(pid)
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    assert state not in "Tt"


def test_a_system_that_forbids_it_is_reported_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)
    search = BlindnessSearch([Secret(kind="code", owner="resident 7", value=CODE)])
    refused = search.memory("another's", os.getppid())
    assert refused is not None
    assert "not permitted to read the memory" in refused.why
    assert search.report().forbidden == (refused,)
    assert search.report().places == ()


def test_a_system_without_proc_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(process_memory, "_PROC", tmp_path)
    with pytest.raises(MemoryForbiddenError, match="no /proc"), process_memory.open_memory(1):
        pass


def test_a_process_that_is_gone_is_no_blind_one() -> None:
    search = BlindnessSearch([Secret(kind="code", owner="resident 7", value=CODE)])
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet taken note of
        with pytest.raises(ProcessLookupError):
            search.memory("ending", gone.pid)
    with pytest.raises(ProcessLookupError):
        search.memory("gone", gone.pid)


def test_regions_that_can_hold_what_was_learnt_are_read_and_files_code_is_not() -> None:
    maps = """\
55d0c0a00000-55d0c0a01000 r--p 00000000 08:01 123 /usr/bin/python3.11
55d0c0a01000-55d0c0c00000 r-xp 00001000 08:01 123 /usr/bin/python3.11
55d0c0c00000-55d0c0c10000 rw-p 00200000 08:01 123 /usr/bin/python3.11
55d0c1000000-55d0c1200000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000021000 rw-p 00000000 00:00 0
7f0000021000-7f0004000000 ---p 00000000 00:00 0
7f0004000000-7f0004008000 rw-s 00000000 08:01 456 /data/a folder/hub.sqlite3-shm
7f0004010000-7f0004011000 r--p 00000000 00:00 0
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
7ffc00030000-7ffc00034000 r--p 00000000 00:00 0                          [vvar]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
"""
    assert regions(maps) == [
        Region(0x55D0C0C00000, 0x55D0C0C10000, "/usr/bin/python3.11"),
        Region(0x55D0C1000000, 0x55D0C1200000, "[heap]"),
        Region(0x7F0000000000, 0x7F0000021000, "anonymous"),
        Region(0x7F0004000000, 0x7F0004008000, "/data/a folder/hub.sqlite3-shm"),
        Region(0x7F0004010000, 0x7F0004011000, "anonymous"),
        Region(0x7FFC00000000, 0x7FFC00021000, "[stack]"),
    ]


def test_a_party_is_all_the_processes_that_it_started() -> None:
    nest = "import subprocess, sys; sys.argv[1] == '0' or subprocess.Popen([sys.executable, '-c', sys.argv[2], str(int(sys.argv[1]) - 1), sys.argv[2]]); print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", nest, "2", nest], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(3)] == ["up\n"] * 3
        found = with_children(process.pid)
        assert found[0] == process.pid
        assert len(set(found)) == 3
        assert process.stdin is not None
        process.stdin.close()
    assert with_children(process.pid) == [process.pid], "one that has ended has none"
