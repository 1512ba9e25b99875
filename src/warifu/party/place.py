"""Where a party's rows are to lie: a file in its folder, or a schema on a PostgreSQL server. Opens neither."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from warifu.party.postgres.address import PostgresAddress

__all__ = ["Place", "place_of"]

Place: TypeAlias = Path | PostgresAddress
"""A file, or a schema on a server."""


def place_of(file: Path, store: str | None, *, schema: str) -> Place:
    """``file``, unless ``store`` says an address. ``schema``: what the party's own is called where the address does not say.

    Raises: CONFIG_INVALID, as :meth:`PostgresAddress.parse`.
    """
    return file if store is None else PostgresAddress.parse(store, schema=schema)
