"""A node that has seen 12 leaves of the true log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.warifu_services.node.views.played import (
    KEY,
    ORIGIN,
    TRUE,
    Node,
    note,
)

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.tlog.note import Verifier
from warifu_services.node.store_database import DatabaseNodeStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DatabaseNodeStore]:
    opened = DatabaseNodeStore(tmp_path / "node.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
async def node(store: DatabaseNodeStore, two: Any) -> Node:
    """A node that has seen 12 leaves of the true log."""
    header = DirectoryHeader()
    header.CopyFrom(two.pair.directory.header)
    header.version, header.previous_digest = 5, b"d" * 32
    directory = replace(
        two.pair.directory,
        log_verifier_key=Verifier(ORIGIN, KEY.verify_key).vkey,
        former_log_verifier_keys=(),
        version=5,
        header=header,
    )
    made = Node(store, directory, two.clock)
    await made.sees(note(TRUE, 12))
    return made
