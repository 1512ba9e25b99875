"""What a node keeps of what the hub did against the rules.

Decides one table of the node's file. A row is a permit as the hub signed it, so that anybody with the directory can see
whose word it is; it says whom it is about only to whoever could open it before. No kind of evidence grows without end: the
first rows of it are kept, and later ones are not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from warifu.party.storage import PartyDatabase

__all__ = ["EVIDENCE_TABLES", "MOST_OF_A_KIND", "EvidenceStore", "KeptEvidence"]

EVIDENCE_TABLES = """
    CREATE TABLE evidence (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        processing_number TEXT NOT NULL,
        kept_ms INTEGER NOT NULL,
        inquiry_digest BLOB NOT NULL,
        permit BLOB NOT NULL,
        UNIQUE (kind, processing_number)
    );
"""
"""The migration that makes room for it."""

MOST_OF_A_KIND = 100
"""How many permits of a kind are kept: enough to convict, and a hub that makes more fills no disk."""

_INSERT = """
    INSERT INTO evidence (kind, processing_number, kept_ms, inquiry_digest, permit) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING
"""
_COUNT = "SELECT count(*) FROM evidence WHERE kind = ?"
_SELECT = "SELECT kind, processing_number, kept_ms, inquiry_digest, permit FROM evidence ORDER BY number"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEvidence:
    """One permit of the hub, serialized, and what it shows: the name of an alarm kind.

    ``inquiry_digest`` is what the hub's signature is over, among others; the inquiry itself may be left out of the permit. Of an
    exchange that this node asked there is no permit here, and ``permit`` is empty. Kept at ``kept_ms`` (Unix
    milliseconds).
    """

    kind: str
    processing_number: str
    kept_ms: int
    inquiry_digest: bytes
    permit: bytes


class EvidenceStore:
    """Reads and writes that table. A write is durable when it returns, or STORE_UNAVAILABLE."""

    def __init__(self, database: PartyDatabase) -> None:
        self._database = database

    async def keep(self, found: KeptEvidence) -> None:
        """Keep it, unless there is enough of its kind."""
        values = (found.kind, found.processing_number, found.kept_ms, found.inquiry_digest, found.permit)

        def mutation(connection: sqlite3.Connection) -> None:
            ((count,),) = connection.execute(_COUNT, (found.kind,)).fetchall()
            if count < MOST_OF_A_KIND:
                connection.execute(_INSERT, values)

        await self._database.write(mutation)

    def kept(self) -> Iterator[KeptEvidence]:
        """Everything that is kept, oldest first."""
        for kind, number, kept_ms, asked, permit in self._database.reader.execute(_SELECT):
            yield KeptEvidence(
                kind=kind, processing_number=number, kept_ms=kept_ms, inquiry_digest=asked, permit=permit
            )
