"""A network, down, and a backup of it."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from warifu_hub.store_database import DatabaseHubStore
from warifu_kit.backup.backup import back_up
from warifu_kit.network.creation import create_network
from warifu_services.node.store_database import DatabaseNodeStore


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with databases, and what does not belong into a backup."""
    path = tmp_path_factory.mktemp("made") / "net"
    create_network(path)
    with closing(DatabaseHubStore(path / "hub" / "hub.sqlite3")) as store:
        store.database.write_now(lambda connection: connection.execute("INSERT INTO leaf VALUES (0, x'01')").rowcount)
    for agency in ("tax", "childcare"):
        DatabaseNodeStore(path / agency / "node.sqlite3").close()
    (path / "hub" / "party.log").write_text("a line\n")
    (path / "network.lock").touch()
    (path / "changes.lock").touch()
    return path


@pytest.fixture
def network(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "net"))


@pytest.fixture(scope="module")
def kept(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup that no test changes."""
    out = tmp_path_factory.mktemp("kept") / "backup"
    back_up(made, out)
    return out


@pytest.fixture
def backup(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "backup"))
