"""The newest checkpoint that a witness cosigned, as the hub keeps it: one row of its file."""

from __future__ import annotations

from typing import Final

from warifu.party.storage import PartyDatabase

__all__ = ["COSIGNED_TABLES", "CosignedStore"]

COSIGNED_TABLES: Final = (
    "CREATE TABLE cosigned_checkpoint (only INTEGER PRIMARY KEY CHECK (only = 1), signed_note BLOB NOT NULL)"
)
"""The migration that makes room for it."""

_PUT: Final = """
    INSERT INTO cosigned_checkpoint VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET signed_note = excluded.signed_note
"""


class CosignedStore:
    """Reads and writes that row. A write is durable when it returns, or LOG_UNAVAILABLE."""

    def __init__(self, database: PartyDatabase) -> None:
        self._database = database

    def newest(self) -> bytes | None:
        """The signed note with its cosignatures; None while there is none."""
        found = self._database.reader.execute("SELECT signed_note FROM cosigned_checkpoint").fetchone()
        return found[0] if found else None

    async def put(self, signed_note: bytes) -> None:
        """Keep it in place of the one before."""
        await self._database.write(lambda connection: connection.execute(_PUT, (signed_note,)).rowcount)
