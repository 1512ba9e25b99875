"""The connections of one server, as sockets of this process."""

from __future__ import annotations

import fcntl
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from warifu.rpc.connections import MOST_STRANGERS, NOBODYS_S, Connections


class Door:
    """A port that takes connections, and those who came."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
        self.port: int = self._listening.getsockname()[1]

    def come(self) -> tuple[str, socket.socket]:
        """One more connection: how gRPC would name its peer, and the peer's end."""
        theirs = self._stack.enter_context(socket.create_connection(("127.0.0.1", self.port)))
        theirs.settimeout(5)
        self._stack.enter_context(self._listening.accept()[0])
        return f"ipv4:127.0.0.1:{theirs.getsockname()[1]}", theirs


def has_ended(theirs: socket.socket) -> bool:
    theirs.setblocking(False)
    try:
        return theirs.recv(1) == b""
    except BlockingIOError:
        return False


@pytest.fixture
def door() -> Iterator[Door]:
    with ExitStack() as stack:
        yield Door(stack)


@pytest.fixture
def connections(door: Door) -> Connections:
    return Connections(lambda: door.port)


def test_one_connection_ends_and_the_others_go_on(door: Door, connections: Connections) -> None:
    (peer, theirs), (_, other) = door.come(), door.come()
    assert connections.close({peer})
    assert (has_ended(theirs), has_ended(other)) == (True, False)
    assert not connections.close({"ipv4:127.0.0.1:1"})


def test_a_connection_to_another_port_is_never_meant(door: Door) -> None:
    peer, theirs = door.come()
    elsewhere = Connections(lambda: 1)
    assert not elsewhere.close({peer})
    assert elsewhere.look(1_000.0) == 0
    assert not has_ended(theirs)


def test_those_on_which_nobody_calls_end_after_a_while(door: Door, connections: Connections) -> None:
    (peer, theirs), (_, stranger) = door.come(), door.come()
    assert connections.owned(peer, "a") == 1
    assert connections.look(100.0) == 0
    assert connections.look(100.0 + NOBODYS_S) == 0
    assert connections.look(101.0 + NOBODYS_S) == 1
    assert (has_ended(theirs), has_ended(stranger)) == (False, True)


def test_of_very_many_strangers_the_oldest_end_sooner(door: Door, connections: Connections) -> None:
    kept = [door.come()[1] for _ in range(MOST_STRANGERS + 10)]
    assert connections.look(100.0) == 0
    assert connections.crowded
    assert connections.look(102.0) == 10
    assert sum(map(has_ended, kept)) == 10


def test_what_is_gone_is_counted_no_more(door: Door, connections: Connections) -> None:
    (peer, _), (another, _) = door.come(), door.come()
    connections.owned(peer, "a")
    assert connections.owned(another, "a") == 2
    assert connections.owned(another, "b") == 1
    assert connections.owned(another, "a") == 2
    connections.close({peer})
    assert connections.owned(another, "a") == 1


def test_looking_leaves_no_descriptor_open(
    door: Door, connections: Connections, descriptors: Callable[[], Any]
) -> None:
    door.come()
    before = descriptors()
    for _ in range(5):
        connections.look(0.0)
    assert descriptors() == before


@pytest.fixture
def descriptors() -> Callable[[], int]:
    import os

    return lambda: len(os.listdir("/dev/fd"))  # noqa: PTH208


def test_looking_at_the_connections_gives_up_no_lock_on_a_file(door: Door, tmp_path: Path) -> None:
    """As that of a database, without which another process empties what is mapped into this one."""
    connections = Connections(lambda: door.port)
    peer, _ = door.come()
    attempt = (
        "import fcntl, sys\n"
        "with open(sys.argv[1], 'r+') as file:\n"
        "    try: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "    except OSError: sys.exit(3)"
    )
    with (tmp_path / "database-shm").open("w") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        connections.look(0.0)
        assert connections.close({peer})
        tried = subprocess.run([sys.executable, "-c", attempt, held.name], timeout=60, check=False)
    assert tried.returncode == 3, "another process took the lock that this one holds"
