"""What a process inherits besides variables: signals, umask, limits. A network can be stopped and keeps to itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from warifu.party.inherited import FEWEST_FILES, settle_process

Words = Callable[..., list[str]]
StartedBy = Callable[[object, list[str]], list[str]]


@contextmanager
def _running(words: list[str], umask: int = -1) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=umask
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    return map(json.loads, process.stdout)


@pytest.mark.parametrize("starter", ["ignores signals", "holds signals back"])
@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_network_stops_when_asked_whatever_signals_its_starter_ignored(
    tmp_path: Path, warifu_words: Words, started_by: StartedBy, starter: str, number: signal.Signals
) -> None:
    with _running(started_by(starter, warifu_words("up", tmp_path / "net", "--json"))) as process:
        for told in _events(process):
            assert told["event"] in {"ready", "up"}, told
            if told["event"] == "up":
                break
        parties = _pids(process.pid)
        assert len(parties) == 8
        process.send_signal(number)
        assert process.wait(30) == 0
    assert [pid for pid in parties if Path(f"/proc/{pid}").exists()] == []


def test_the_end_of_a_party_is_told_also_when_the_starter_did_not_wait_for_children(
    tmp_path: Path, warifu_words: Words, started_by: StartedBy
) -> None:
    with _running(started_by("ignores signals", warifu_words("up", tmp_path / "net", "--json"))) as process:
        for told in _events(process):
            if told["event"] == "up":
                process.send_signal(signal.SIGHUP)  # nohup: a closed terminal is no reason to stop
                os.kill(_pids(process.pid)[-1], signal.SIGKILL)
            if told["event"] == "died":
                assert told["detail"] == "signal 9"
            if told["event"] == "restarted":
                break
        process.terminate()
        assert process.wait(30) == 0


def _pids(parent: int) -> list[int]:
    """The parties: what has no children of its own, however far below ``parent`` it was started."""
    listed = [each.read_text("ascii").split() for each in Path(f"/proc/{parent}/task").glob("*/children")]
    children = [int(pid) for line in listed for pid in line]
    return sorted(pid for child in children for pid in _pids(child) or [child])


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277])
def test_nothing_a_network_makes_is_open_to_others_nor_closed_to_its_owner(
    tmp_path: Path, warifu_words: Words, umask: int
) -> None:
    subprocess.run(warifu_words("new", tmp_path / "net"), umask=umask, check=True, capture_output=True, timeout=60)
    _check_modes(tmp_path / "net")


def test_what_parties_write_while_they_run_is_their_owners_alone(tmp_path: Path, warifu_words: Words) -> None:
    """Databases with the files beside them, locks and logs: whoever starts the network with any umask."""
    with _running(warifu_words("up", tmp_path / "net", "--json"), umask=0o000) as process:
        for told in _events(process):
            if told["event"] == "up":
                break
        _check_modes(tmp_path / "net")
        written = [path for path in (tmp_path / "net").rglob("*") if _is_written_to(path)]
        assert {path.name for path in written} >= {"hub.sqlite3", "hub.sqlite3-wal", "node.sqlite3.lock", "party.log"}
        assert {path.name: path.stat().st_mode & 0o777 for path in written} == {path.name: 0o600 for path in written}
        process.terminate()
        assert process.wait(30) == 0


def _is_written_to(path: Path) -> bool:
    return ".sqlite3" in path.name or path.suffix in (".log", ".lock")


def test_a_network_made_by_a_program_of_ones_own_is_as_closed(tmp_path: Path) -> None:
    program = "import sys, pathlib; from warifu_kit.network.creation import create_network\n"
    program += "create_network(pathlib.Path(sys.argv[1]))"
    for umask in (0o000, 0o277):
        folder = tmp_path / f"{umask:o}"
        subprocess.run([sys.executable, "-c", program, folder], umask=umask, check=True, timeout=60)
        _check_modes(folder, but_for="directory.json")


def _check_modes(folder: Path, but_for: str = "") -> None:
    for path in [folder, *folder.rglob("*")]:
        mode = path.stat().st_mode & 0o777
        if path.is_dir():
            assert mode == 0o700, path
        elif path.suffix == ".key":
            assert mode == 0o600, path
        elif path.name != but_for:
            assert mode & 0o622 == 0o600, f"{path} has mode {mode:o}"


def test_a_process_opens_as_many_files_as_it_may_and_leaves_no_memory_behind() -> None:
    program = """
import resource
from warifu.party.inherited import settle_process
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 2048))
settle_process()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], resource.getrlimit(resource.RLIMIT_CORE)[0])
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.split() == ["2048", "0"]


def test_a_limit_of_open_files_that_is_too_low_is_told_with_what_to_do(
    tmp_path: Path, warifu_words: Words, started_by: StartedBy
) -> None:
    ended = subprocess.run(
        started_by(FEWEST_FILES - 1, warifu_words("new", tmp_path / "net")),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"limit of open files: {FEWEST_FILES - 1}, and {FEWEST_FILES} are needed" in ended.stderr
    assert ended.stderr.endswith("(CONFIG_INVALID)\n")
    assert not (tmp_path / "net").exists()


@pytest.mark.slow
def test_a_whole_network_runs_with_as_few_open_files_as_it_asks_for(
    tmp_path: Path, warifu_words: Words, started_by: StartedBy
) -> None:
    ended = subprocess.run(
        started_by(FEWEST_FILES, warifu_words("demo", "--residents", 6, "--seed", 1, "--dir", tmp_path / "net")),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_what_was_settled_once_stays_so() -> None:
    umask = os.umask(0o022)
    os.umask(umask)
    for _ in range(2):
        settle_process()
    again = os.umask(umask)
    assert again == 0o022 | umask & 0o077
