"""Faults that one test asks of parties, and what came of them.

Decides that a fault asked for and never met counts as an expectation that did not happen, and that nothing of it outlasts the
test. What a fault does, ``warifu_kit.faults`` decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from warifu_kit.faults.asking import ask_for, every_folder
from warifu_kit.faults.ledger import ledger_size, read_ledger, uses_of_rules
from warifu_kit.faults.ledger_line import LedgerLine
from warifu_kit.faults.rules import clear_rules

if TYPE_CHECKING:
    from warifu_kit.testing.attached import AttachedAgency

__all__ = ["Faults"]


@dataclass(frozen=True, slots=True)
class _Asked:
    party: str
    rpc: str
    faults: str
    times: int
    number: int


class Faults:
    """Asks the parties of the network in ``folder``, which take faults. Called with a party, an RPC and what is done to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._asked: list[_Asked] = []
        self._before = {party: ledger_size(path) for party, path in every_folder(folder).items()}

    def __call__(
        self, party: str | AttachedAgency, rpc: str, faults: str, *, times: int = 1, exchange: str = ""
    ) -> None:
        """Do ``faults``, such as ``refuse:OVERLOADED``, to the next ``times`` calls of ``rpc`` at ``party``; 0: to all.

        The test fails unless so many came by its end. Raises: CONFIG_INVALID, saying what of it cannot be.
        """
        rule = ask_for(self._folder, str(party), rpc=rpc, faults=faults, times=times, exchange=exchange)
        self._asked.append(_Asked(str(party), rpc, faults, times, rule.number))

    def done(self) -> list[LedgerLine]:
        """What was done to calls in this test, party by party, also what nobody asked for where the network is awkward."""
        return [
            line
            for party, path in every_folder(self._folder).items()
            for line in read_ledger(path, self._before.get(party, 0))
        ]

    def unmet(self) -> list[str]:
        """What was asked for and no call met, a sentence each."""
        folders = every_folder(self._folder)
        used = {each.party: uses_of_rules(folders[each.party]) for each in self._asked}
        return [
            f"{each.party} was to do {each.faults} to {each.times} calls of {each.rpc}; it did to {met}"
            for each in self._asked
            if (met := used[each.party][each.number]) < each.times
        ]

    def clear(self) -> None:
        """Take back whatever was asked for."""
        for folder in every_folder(self._folder).values():
            clear_rules(folder)
