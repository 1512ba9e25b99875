"""Whether a party's key files belong to its database.

A key that is published is held against the directory. One that only finds or seals a party's own rows is not: with
another key every row would still be there and none would be found. So a database keeps a check value of each such key,
from which the key cannot be told, and a party does not start with others. Decides nothing about what the keys are for.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping

from warifu.canonical import length_prefixed
from warifu.errors import Reason, WarifuError
from warifu.party.storage import PartyDatabase

__all__ = ["KEY_CHECK_TABLE", "check_keys"]

KEY_CHECK_TABLE = "CREATE TABLE key_check (check_value BLOB PRIMARY KEY) WITHOUT ROWID;"
"""The migration that makes room for check values. No file names: they would be the same in two parties' databases."""

_LABEL = b"warifu-v1/key-check"
_SIZE = 32


def check_keys(database: PartyDatabase, keys: Mapping[str, bytes]) -> None:
    """See that ``keys``, by file name, are those the database was begun with; a new database remembers them.

    A check value is keyed BLAKE2b (RFC 7693) of a fixed label and the file's name. To be called before the party
    serves.

    Raises:
        WarifuError: KEY_INVALID, naming the first file that holds another key; the database's own reason.
    """
    values = {name: _check_value(name, key) for name, key in keys.items()}
    known = {value for (value,) in database.reader.execute("SELECT check_value FROM key_check")}
    if not known:
        database.write_now(lambda connection: _remember(connection, list(values.values())))
        return
    for name, value in values.items():
        if value not in known:
            raise WarifuError(Reason.KEY_INVALID, where=f"{name}: not the key this party's database was begun with")


def _check_value(name: str, key: bytes) -> bytes:
    return hashlib.blake2b(length_prefixed(_LABEL, name.encode()), key=key, digest_size=_SIZE).digest()


def _remember(connection: sqlite3.Connection, values: list[bytes]) -> None:
    connection.executemany("INSERT INTO key_check VALUES (?)", [(value,) for value in values])
