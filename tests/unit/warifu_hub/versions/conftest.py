"""The versions of one hub, over a store of each kind that outlives it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.clock import ManualClock
from warifu.exchange.directory_header import says_published
from warifu.party.directory_file import VERSIONS_FOLDER
from warifu.party.folder import PartyFolder
from warifu_hub.store import HubStore
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.store_memory import MemoryHubStore
from warifu_hub.versions import DirectoryVersions
from warifu_kit.network.creation import create_network
from warifu_kit.network.rotation import (
    AgencyKeys,
    rotate_agency_keys,
)

START = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)


class Place:
    """A network's folder, and its hub's versions over a store that outlives it."""

    def __init__(self, path: Path, store: HubStore) -> None:
        self.path, self.store, self.clock = path, store, ManualClock(START)
        self.folder = PartyFolder(path / "hub")

    def started(self) -> DirectoryVersions:
        """The hub's versions, as they are after it was started."""
        return DirectoryVersions(self.folder, self.folder.root_pem(), self.store, self.clock)

    def change(self) -> None:
        """One more version: tax signs with a new key."""
        rotate_agency_keys(self.path, "tax", AgencyKeys(signing_key=True), clock=self.clock)

    def version(self, number: int) -> Path:
        return self.path / "hub" / VERSIONS_FOLDER / f"{number}.json"

    @property
    def newest(self) -> Path:
        return self.path / "hub" / "directory.json"

    def logged(self) -> list[int]:
        """The versions in the log, each seen to have the leaf that says so."""
        headers = [(DirectoryHeader.FromString(raw), place) for raw, place in self.store.directory_headers(0, 100)]
        for header, place in headers:
            (leaf,) = self.store.leaves(place, 1)
            assert says_published(leaf, header)
        assert self.store.leaf_count() == len(headers)
        return [header.version for header, _ in headers]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "net"
    create_network(path, clock=ManualClock(START))
    return path


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HubStore]:
    """An empty store of each kind."""
    kept: HubStore = MemoryHubStore() if request.param == "memory" else DatabaseHubStore(tmp_path / "hub.sqlite3")
    yield kept
    kept.close()


@pytest.fixture
def place(made: Path, tmp_path: Path, store: HubStore) -> Place:
    return Place(Path(shutil.copytree(made, tmp_path / "net")), store)
