"""Parties are forks of one process: each is a process like any other all the same, and none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from warifu_kit.network import nursery as nursery_module
from warifu_kit.network.network import Network
from warifu_kit.network.nursery import NURSERY_PROCESS, Nursery, can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="parties are not forked on this system")

PARTIES = ["hub", "authority", "residence", "tax", "childcare", "insurance"]


def words_of(pid: int) -> list[str]:
    """What lists of processes show."""
    return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.01)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    with Network(tmp_path / "net") as network:
        yield network


def pids(network: Network) -> dict[str, int]:
    return {party: network.parties[party].pid for party in PARTIES}


def test_every_party_is_a_process_of_its_own_and_shown_with_its_own_words(network: Network) -> None:
    found = pids(network)
    (nursery,) = {parent_of(pid) for pid in found.values()}
    assert NURSERY_PROCESS in words_of(nursery)
    for party, pid in found.items():
        assert words_of(pid)[1:3] == ["-m", "warifu_kit.network.party_entry"]
        assert str(network.path / party) in words_of(pid)
        assert os.getsid(pid) == pid


def test_the_nursery_has_one_thread_and_nothing_of_any_one_party(network: Network) -> None:
    nursery = parent_of(pids(network)["hub"])
    assert len(list(Path(f"/proc/{nursery}/task").iterdir())) == 1
    look = (
        "import sys; from warifu_kit.network import nursery_process as n; [__import__(name) for name in n._SHARED if name != 'uvloop'];"
        "print([m for m in sys.modules if m.startswith(('warifu_hub', 'warifu_services', 'warifu_kit.')) and '.network' not in m])"
    )
    shown = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.strip() == "[]"


def test_a_party_holds_no_descriptor_of_another(network: Network) -> None:
    """Its log, its database, its sockets: everything that a party opened is its own."""
    for party, pid in pids(network).items():
        held = {os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir() if each.exists()}  # noqa: PTH115
        others = [str(network.path / other) + "/" for other in PARTIES if other != party]
        assert not [path for path in held if path.startswith(tuple(others))], party


def test_a_party_that_is_killed_is_seen_to_end_so_and_is_started_again(network: Network) -> None:
    process = network.parties["tax"]
    former = process.pid
    os.kill(former, signal.SIGKILL)
    wait_until(lambda: process.is_ready and process.pid != former)
    assert not is_there(former)
    assert process.exit_status() is None


def test_parties_are_started_again_when_their_nursery_was_killed(network: Network) -> None:
    former = pids(network)
    nursery = parent_of(former["hub"])
    os.kill(nursery, signal.SIGKILL)
    wait_until(
        lambda: all(
            network.parties[party].is_ready and network.parties[party].pid != former[party] for party in PARTIES
        )
    )
    assert not [party for party, pid in former.items() if is_there(pid)]
    assert NURSERY_PROCESS in words_of(parent_of(network.parties["hub"].pid))


def test_nobody_is_left_when_whoever_started_the_network_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from warifu_kit.network.network import Network\n"
        f"with Network(Path({str(tmp_path / 'net')!r})) as network:\n"
        "    print(*(process.pid for process in network.parties.values()), flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        started = [int(pid) for pid in starter.stdout.readline().split()]
        assert len(started) == len(PARTIES)
        nursery = parent_of(started[0])
        starter.kill()
    wait_until(lambda: not any(map(is_there, [*started, nursery])))


def test_a_network_stops_also_when_its_nursery_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nursery_module, "_PATIENCE_S", 0.5)
    with Network(tmp_path / "net") as network:
        started = pids(network)
        nursery = parent_of(started["hub"])
        os.kill(nursery, signal.SIGSTOP)
    assert not [party for party, pid in started.items() if is_there(pid)]
    assert not is_there(nursery)


def test_a_party_that_cannot_run_ends_with_its_own_status_and_words(tmp_path: Path) -> None:
    nursery = Nursery()
    try:
        with (tmp_path / "log").open("w+b") as log:
            child = nursery.start(["hub", "--dir", str(tmp_path / "nothing")], log)
            assert child.wait(30) == 1
            assert child.poll() == 1
            child.kill()  # of one that has ended: nothing
            assert child.stdout is not None
            with child.stdout:
                assert child.stdout.read() == "", "it never said that it is ready"
        assert b"KEY_INVALID" in (tmp_path / "log").read_bytes()
    finally:
        nursery.close()
