"""A copy of a hub's file that no hub has opened: what it says of the log, and what it must not say.

Decides that a copy does not remember where nodes listened. That is about processes, not about the network: they tell a hub
that starts where they are, and until then a restored hub would ask the nodes of the network it was copied from, which hold
the same keys.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["checkpoint_in", "forget_endpoints_in"]


def checkpoint_in(path: Path) -> bytes | None:
    """The newest published checkpoint, as a signed note. The file is not changed. Raises: sqlite3.Error."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        found = connection.execute("SELECT signed_note FROM checkpoint").fetchone()
    return found[0] if found else None


def forget_endpoints_in(path: Path) -> None:
    """Forget where nodes listened. Raises: sqlite3.Error."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM endpoint")
