"""A copy of a hub's file tells how far its log had come, and forgets where processes listened."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from warifu.identifiers import InstitutionCode
from warifu_hub.store_copy import checkpoint_in, forget_endpoints_in
from warifu_hub.store_database import DatabaseHubStore

TAX = InstitutionCode("9020110020000001")


async def test_the_checkpoint_in_a_copy_is_read_without_changing_it(tmp_path: Path) -> None:
    file = tmp_path / "hub.sqlite3"
    with closing(DatabaseHubStore(file)) as store:
        await store.publish_checkpoint(b"note")
    before = file.read_bytes()
    assert checkpoint_in(file) == b"note"
    assert file.read_bytes() == before


async def test_a_copy_forgets_where_nodes_listened_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "hub.sqlite3"
    with closing(DatabaseHubStore(file)) as store:
        await store.put_endpoint(TAX, "127.0.0.1:7402")
        await store.append_leaf(b"leaf")
    forget_endpoints_in(file)
    with closing(DatabaseHubStore(file)) as store:
        assert store.endpoint(TAX) is None
        assert store.leaves(0, 10) == [b"leaf"]
