"""The fault ledger of a party: one line of JSON for every call that something was done to.

Decides that a line is there before anything is done, that only the party's owner reads it, and how large it becomes: where there is
no room for a line, nothing is done.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from warifu.pki import keep_private
from warifu_kit.faults.ledger_line import LedgerLine

__all__ = ["LEDGER_FILE", "MOST_BYTES", "FaultLedger", "ledger_size", "lines_about", "read_ledger", "uses_of_rules"]

LEDGER_FILE = "faults.jsonl"
"""In the folder of a party that takes faults."""

MOST_BYTES = 64 * 2**20
"""After that it is full; some 250,000 lines. It begins anew when the network is started."""


class FaultLedger:
    """The file being written. Each line reaches the system whole and at once, so a killed party loses none."""

    def __init__(self, folder: Path) -> None:
        """Raises: OSError when it cannot be written."""
        self._path = folder / LEDGER_FILE
        keep_private(self._path)
        self._size = ledger_size(folder)

    @property
    def is_full(self) -> bool:
        """Whether nothing more is written."""
        return self._size >= MOST_BYTES

    def write(self, line: LedgerLine) -> None:
        """Append one line. Raises: OSError."""
        written = json.dumps(asdict(line)).encode() + b"\n"
        with self._path.open("ab", buffering=0) as file:
            file.write(written)
        self._size += len(written)


def ledger_size(folder: Path) -> int:
    """How many bytes a party's ledger has; 0 where there is none."""
    path = folder / LEDGER_FILE
    return path.stat().st_size if path.exists() else 0


def read_ledger(folder: Path, start: int = 0) -> Iterator[LedgerLine]:
    """Every line of a party's ledger, in order, from the byte ``start`` on; none where there is no ledger."""
    path = folder / LEDGER_FILE
    if path.exists():
        with path.open("rb") as file:
            file.seek(start)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # it is being written, or whoever wrote it was killed: what it says was not done yet
                yield LedgerLine(**json.loads(line))


def lines_about(folder: Path, exchange: str) -> list[LedgerLine]:
    """What a party did to calls about one exchange, by its request_id in hexadecimal."""
    return [line for line in read_ledger(folder) if line.exchange == exchange]


def uses_of_rules(folder: Path) -> Counter[int]:
    """How often each rule was used, by its number."""
    words = (line.by.split() for line in read_ledger(folder))
    return Counter(int(each[1]) for each in words if each[0] == "rule")
