"""What a witness must not forget: the newest checkpoint that it was about to cosign.

Decides that a witness without this file does not start: whoever forgot what it cosigned could be shown another log. It is
made, empty, together with the witness's key, and replaced as a whole.
"""

from __future__ import annotations

from pathlib import Path

from warifu.errors import Reason, WarifuError
from warifu.pki import write_public_file

__all__ = ["SEEN_FILE", "SeenFile"]

SEEN_FILE = "witness.seen"
_LARGEST = 1 << 16


class SeenFile:
    """That file in one folder."""

    def __init__(self, folder: Path) -> None:
        """Read it. Raises: CONFIG_INVALID when it is missing or cannot be read."""
        self._path = folder / SEEN_FILE
        try:
            self._note = self._path.read_bytes()[:_LARGEST]
        except OSError as error:
            why = "without it a witness does not know what it cosigned"
            where = f"{SEEN_FILE}: cannot be read ({error.strerror}); {why}"
            raise WarifuError(Reason.CONFIG_INVALID, where=where) from error

    def newest(self) -> bytes | None:
        """The newest checkpoint, as a signed note; None for a witness that never cosigned any."""
        return self._note or None

    def put(self, note: bytes) -> None:
        """Keep a newer one: it is on the disk, whatever happens next, when this returns. Raises: STORE_UNAVAILABLE."""
        try:
            write_public_file(self._path, note)
        except OSError as error:
            raise WarifuError(Reason.STORE_UNAVAILABLE, where=SEEN_FILE, debug=type(error).__name__) from error
        self._note = note
