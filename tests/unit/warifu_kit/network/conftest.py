"""A network of stand-ins: parties that only listen, note what they were told and die on command."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.exchange.directory import Directory
from warifu.exchange.directory_header import check_follows
from warifu.party.directory_file import VERSIONS_FOLDER, read_directory_file
from warifu.party.folder import PartyFolder
from warifu.party.network_file import read_network_file
from warifu.pki import Role
from warifu_hub.own_keys import OwnKeys
from warifu_kit.network.creation import DEFAULT_MEMBERS, create_network
from warifu_kit.network.network import Network
from warifu_services.authority.app import _signing_key
from warifu_services.node.keys import NodeKeys

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


class Killed(BaseException):
    """What a process that is killed would be heard to say."""


class Crash:
    """Kills whatever runs within it at the n-th time that it changes a file below a folder; counts when not told n."""

    def __init__(self, patch: pytest.MonkeyPatch, below: Path) -> None:
        self.count, self._at, self._below = 0, 0, str(below)
        for name in ("rename", "replace", "mkdir", "unlink"):
            patch.setattr(os, name, self._watched(getattr(os, name), lambda *_: True))
        patch.setattr(os, "open", self._watched(os.open, lambda _, flags, *__: bool(flags & os.O_CREAT)))
        patch.setattr(io, "open", self._watched(io.open, lambda _, mode="r", *__: set(mode) & set("wxa")))

    def _watched(self, real: Callable[..., Any], writes: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            if isinstance(args[0], str | Path) and str(args[0]).startswith(self._below) and writes(*args):
                self.count += 1
                if self.count == self._at:
                    raise Killed
            return real(*args, **named)

        return call

    def times(self, work: Callable[[], object]) -> int:
        """How often ``work`` changes a file."""
        self.count, self._at = 0, 0
        work()
        return self.count

    def at(self, place: int, work: Callable[[], object]) -> None:
        """``work``, killed right before it changes a file for the ``place``-th time."""
        self.count, self._at = 0, place
        with pytest.raises(Killed):
            work()
        self._at = 0


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


@pytest.fixture
def crash(tmp_path: Path) -> Iterator[Crash]:
    """Kills work on files below the test's folder."""
    with pytest.MonkeyPatch.context() as patch:
        yield Crash(patch, tmp_path)


def _load_all(path: Path) -> Directory:
    newest = PartyFolder(path / "hub").directory()
    OwnKeys.load(PartyFolder(path / "hub"), newest)
    _signing_key(PartyFolder(path / "authority"), newest)
    parties = read_network_file(path).parties
    agencies = {about.institution_code: name for name, about in parties.items() if about.role == Role.AGENCY.value}
    assert set(newest.entries) == set(agencies)
    for name in agencies.values():
        NodeKeys.load(PartyFolder(path / name), newest)
    before: DirectoryHeader | None = None
    for version in range(1, newest.version + 1):
        file = read_directory_file(path / "hub" / VERSIONS_FOLDER / f"{version}.json")
        assert file.header.version == version
        if before is not None:
            check_follows(before, file.header)
        before = file.header
    assert before == newest.header
    assert read_network_file(path).log_verifier_key == newest.log_verifier_key
    assert (path / "log.vkey").read_text("ascii") == newest.log_verifier_key + "\n"
    return newest


@pytest.fixture
def load_all() -> Callable[[Path], Directory]:
    """See that a network holds together: the chain, every party's keys, and what is told outside; the newest version."""
    return _load_all
