"""Looking after a party's copy of the permission table while it runs.

Decides when the file in the party's folder is another than the table it decides by: that table goes on, for it was
verified when the party started, but the party would not start from such a file again. Knows no row of it.
"""

from __future__ import annotations

from pathlib import Path

from warifu.errors import WarifuError
from warifu.party.config import read_raw
from warifu.permissions.table import table_digest
from warifu.pki import FileWatch

__all__ = ["WatchedTable"]

_LOOK_S = 1.0


class WatchedTable:
    """The file at ``path``, which was read as the table with the 32-byte ``digest``."""

    def __init__(self, path: Path, digest: bytes) -> None:
        """Look at nothing yet."""
        self._path = path
        self._digest = digest
        self._watch = FileWatch((path,), _LOOK_S)
        self._fault: str | None = None

    def amiss(self) -> str | None:
        """What is wrong with the file; None while it is the one that was read. Reads it only when it was replaced."""
        if self._watch.changed():
            self._fault = self._look()
        return self._fault

    def _look(self) -> str | None:
        try:
            found = table_digest(read_raw(self._path))
        except WarifuError:
            return f"{self._path.name}: cannot be read"
        return (
            None if found == self._digest else f"{self._path.name}: not the permission table that the directory names"
        )
