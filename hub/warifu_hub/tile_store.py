"""The tiles of the log's tree, as the hub keeps them: one row of its file for a tile of up to 256 hashes.

Decides these tables. Everything in them follows from the leaves: without them the tree is made from those again. A tile at
the right edge is written again as it grows, a whole one never changes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from warifu.party.storage import RowReader
from warifu.tlog.merkle import HASH_LENGTH
from warifu.tlog.tiled_tree import TILE_WIDTH, HashTile

__all__ = ["TILE_TABLES", "put_tiles", "read_suspected", "read_tile", "read_tiled_size", "suspect"]

TILE_TABLES: Final = """
    CREATE TABLE tile (level INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, number));
    CREATE TABLE suspected_tile (only INTEGER PRIMARY KEY CHECK (only = 1), number INTEGER NOT NULL);
"""
"""The migration that makes room for them. With its rowid the index of ``tile`` stays small beside the 8 KiB of a row."""

_PUT = "INSERT INTO tile VALUES (?, ?, ?) ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes"
_SUSPECT = "INSERT INTO suspected_tile VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET number = excluded.number"
_LAST = "SELECT number, length(CAST(hashes AS BLOB)) FROM tile WHERE level = 0 ORDER BY number DESC LIMIT 1"


def put_tiles(connection: sqlite3.Connection, tiles: Sequence[HashTile]) -> None:
    """Write tiles, each in place of the one of its level and number."""
    rows = [(tile.level, tile.number, tile.hashes) for tile in tiles]
    connection.executemany(_PUT, rows)


def read_tile(reader: RowReader, level: int, number: int) -> bytes | None:
    """The hashes of one tile."""
    found = reader.execute(
        "SELECT CAST(hashes AS BLOB) FROM tile WHERE level = ? AND number = ?", (level, number)
    ).fetchone()
    return found[0] if found else None


def read_tiled_size(reader: RowReader) -> int:
    """How many leaves have their hashes in tiles."""
    last = reader.execute(_LAST).fetchone()
    return last[0] * TILE_WIDTH + last[1] // HASH_LENGTH if last else 0


def suspect(connection: sqlite3.Connection, number: int) -> None:
    """Write which tile does not fit the log."""
    connection.execute(_SUSPECT, (number,))


def read_suspected(reader: RowReader) -> int | None:
    """Which tile did not fit the log."""
    found = reader.execute("SELECT number FROM suspected_tile").fetchone()
    return found[0] if found else None
