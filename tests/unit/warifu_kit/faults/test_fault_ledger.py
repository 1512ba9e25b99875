"""A party's fault ledger, read while it is being written."""

from __future__ import annotations

from pathlib import Path

from warifu_kit.faults.ledger import LEDGER_FILE, FaultLedger, read_ledger
from warifu_kit.faults.ledger_line import LedgerLine

LINE = LedgerLine(
    seed=7, party="tax", rpc="Provide", exchange="", attempt=1, by="seed", faults="delay:5ms", done="waited"
)


def test_a_line_that_is_not_whole_is_not_there_yet(tmp_path: Path) -> None:
    FaultLedger(tmp_path).write(LINE)
    with (tmp_path / LEDGER_FILE).open("ab") as file:
        file.write(b'{"seed": 7, "par')
    assert list(read_ledger(tmp_path)) == [LINE]
