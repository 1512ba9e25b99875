"""Who owns a party's schema on a PostgreSQL server: one process at a time, and no other writes.

Decides how that is had. The owner's writing session holds an advisory lock of the server, which the server lets go of when
that session ends, however it ends. A session that was broken takes the lock again when it comes back; but somebody
else may have owned the schema meanwhile, and what this process holds in memory is then out of date. So each owner leaves
a token of its own in the schema, and one that finds another's does not go on.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import TYPE_CHECKING, Any, Final

from warifu.canonical import length_prefixed
from warifu.errors import Reason, WarifuError

if TYPE_CHECKING:
    import asyncpg

__all__ = ["OWNER_TABLE", "OwnedElsewhereError", "Owner", "lock_number"]

OWNER_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS store_owner (only_row BIGINT PRIMARY KEY CHECK (only_row = 1), token BYTEA NOT NULL)"
)
_LABEL: Final = b"owner of a store"
_TRIES: Final = 10
_PAUSE_S: Final = 0.05
_NOTE: Final = """INSERT INTO store_owner VALUES (1, $1) ON CONFLICT (only_row) DO UPDATE SET token = excluded.token"""


def lock_number(schema: str) -> int:
    """The advisory lock of a schema: 64 bits, signed, of BLAKE2b over its name."""
    return int.from_bytes(
        hashlib.blake2b(length_prefixed(_LABEL, schema.encode()), digest_size=8).digest(), "big", signed=True
    )


class OwnedElsewhereError(WarifuError):
    """Another process owns the schema now. Whoever stands by waits until it does not."""


class Owner:
    """One process's claim on a schema. ``lost`` when another owned it since: this one must end and start anew."""

    def __init__(self, schema: str, unavailable: Reason) -> None:
        self._schema = schema
        self._unavailable = unavailable
        self._token = secrets.token_bytes(16)
        self._noted = False
        self.lost = False

    async def take(self, connection: asyncpg.Connection[Any]) -> None:
        """Own the schema with this new session.

        Raises:
            OwnedElsewhereError: another process owns it.
            WarifuError: the store's reason, when another did since this one first did.
        """
        if not await self._locked(connection):
            raise OwnedElsewhereError(self._unavailable, where=f"{self._schema}: in use by another process")
        if not self._noted:
            await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"')  # letters, digits, _ only
            await connection.execute(OWNER_TABLE)
            await connection.execute(_NOTE, self._token)
            self._noted = True
        elif await connection.fetchval("SELECT token FROM store_owner") != self._token:
            self.lost = True
            raise WarifuError(
                self._unavailable, where=f"{self._schema}: another process took over; start this one again"
            )

    async def _locked(self, connection: asyncpg.Connection[Any]) -> bool:
        """Whether the lock was had. A session that has ended lets go of it a moment later, so a moment is waited."""
        for _ in range(_TRIES):
            if await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock_number(self._schema)):
                return True
            await asyncio.sleep(_PAUSE_S)
        return False
