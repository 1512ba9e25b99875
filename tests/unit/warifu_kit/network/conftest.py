"""A network of stand-ins: parties that only listen, note what they were told and die on command."""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from warifu.pki import Role
from warifu_kit.network.creation import DEFAULT_MEMBERS, create_network
from warifu_kit.network.network import Network

AGENCIES = ("tax", "childcare")
SMALL = tuple(member for member in DEFAULT_MEMBERS if member.role is not Role.AGENCY or member.party in AGENCIES)

# argv: party, folder, options. Says where it listens; a file "act" in its folder, if there, is run instead.
STAND_IN = """
import json, signal, sys, time
from pathlib import Path
party, folder, options = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
def note(name, text):
    with (folder.parent / name).open("a") as file:
        file.write(text + "\\n")
def stop(*_):
    note("stopped", party)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("started", json.dumps([party, options]))
at = [value for name, value in zip(options, options[1:]) if name == "--listen"]
endpoint = at[-1] if at else "127.0.0.1:" + str(20000 + sum(map(ord, party)))
def ready():
    print(json.dumps({"ready": True, "endpoint": endpoint, "party": party}), flush=True)
act = folder / "act"
if act.exists():
    exec(act.read_text())
ready()
while True:
    time.sleep(60)
"""


def _stand_in(party: str, folder: Path, options: Sequence[str]) -> list[str]:
    return [sys.executable, "-S", "-c", STAND_IN, party, str(folder), *options]


class Events:
    """What a network tells of itself."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []

    def __call__(self, *event: str) -> None:
        self.told.append((event[0], event[1], event[2]))

    def of(self, kind: str) -> list[tuple[str, str]]:
        return [(party, detail) for name, party, detail in self.told if name == kind]


def _until(holds: Callable[[], object]) -> None:
    """Wait for a condition; fails when it does not hold within ten seconds."""
    give_up = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < give_up, "it never happened"
        threading.Event().wait(0.01)


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network") / "net"
    create_network(path, members=SMALL)
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "net"))


@pytest.fixture
def network(path: Path, events: Events) -> Iterator[Network]:
    with Network(path, on_event=events, command=_stand_in) as running:
        yield running


def _started(path: Path) -> list[tuple[str, list[str]]]:
    return [(party, options) for party, options in map(json.loads, (path / "started").read_text().splitlines())]


@pytest.fixture
def started() -> Callable[[Path], list[tuple[str, list[str]]]]:
    """What the stand-ins of a network were started with."""
    return _started


@pytest.fixture
def stand_in() -> Callable[[str, Path, Sequence[str]], list[str]]:
    """Makes the command line of a stand-in."""
    return _stand_in


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Waits until something holds."""
    return _until
