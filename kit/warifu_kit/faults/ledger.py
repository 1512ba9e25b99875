"""The fault ledger of a party: one line of JSON for every call that something was done to.

Decides what may stand there: seed, party, RPC, exchange, attempt, who asked for it, and the faults. Nothing personal, and no time,
so that two networks with one seed write the same lines, in whatever order. It is written before anything is done.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from warifu.pki import keep_private

__all__ = ["LEDGER_FILE", "FaultLedger", "LedgerLine", "read_ledger", "uses_of_rules"]

LEDGER_FILE = "faults.jsonl"
"""In the folder of a party that takes faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """What was done to one call.

    ``exchange`` is the request_id in hexadecimal, empty where a call belongs to no exchange. ``by`` is ``seed``, ``rule N`` or
    ``call``, for what the call asked for itself. ``faults`` are written as they are asked for; ``done`` says it in words.
    """

    seed: int
    party: str
    rpc: str
    exchange: str
    attempt: int
    by: str
    faults: str
    done: str


class FaultLedger:
    """The file being written. Each line reaches the system whole and at once, so a killed party loses none."""

    def __init__(self, folder: Path) -> None:
        """Raises: OSError when it cannot be written."""
        self._path = folder / LEDGER_FILE
        keep_private(self._path)

    def write(self, line: LedgerLine) -> None:
        """Append one line. Raises: OSError."""
        with self._path.open("ab", buffering=0) as file:
            file.write(json.dumps(asdict(line)).encode() + b"\n")


def read_ledger(folder: Path) -> Iterator[LedgerLine]:
    """Every line of a party's ledger, in order; none where there is no ledger."""
    path = folder / LEDGER_FILE
    if path.exists():
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield LedgerLine(**json.loads(line))


def uses_of_rules(folder: Path) -> Counter[int]:
    """How often each rule was used, by its number."""
    words = (line.by.split() for line in read_ledger(folder))
    return Counter(int(each[1]) for each in words if each[0] == "rule")
