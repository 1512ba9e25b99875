"""The witness beside a network's parties: started last, started again when it ends, stopped first.

Decides that nobody waits for it: a network is up without it, and whoever demands a cosignature is told when there is none. So
it is begun some seconds after the parties, when they have the processors no longer. That it ended is told like the end of a
party, of the supervisor whose witness it is. What it does is decided in its own
process.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, Self

from warifu.errors import WarifuError
from warifu.party.network_file import NetworkFile
from warifu.party.witness_file import WITNESS_KEY
from warifu_kit.network.nursery import Nursery
from warifu_kit.network.party_process import STOP_SECONDS, PartyProcess, party_command

__all__ = ["BEGINS_AFTER_S", "WitnessKeeper", "Witnesses"]

BEGINS_AFTER_S: Final = 3.0
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0


class WitnessKeeper:
    """The witness in one supervisor's folder; none where the folder has no key for it. To be used on one thread.

    ``tell`` hears ("died", supervisor, how) and ("restarted", supervisor, what).
    """

    def __init__(
        self,
        folder: Path,
        *,
        go_on: bool = False,
        nursery: Nursery | None = None,
        tell: Callable[[str, str, str], None] = lambda *_: None,
    ) -> None:
        self._tell, self._has_died = tell, False
        self._nursery = nursery
        self._folder = folder
        self._go_on = go_on
        self._process: PartyProcess | None = None
        self._hub = ""
        self._due = time.monotonic() + BEGINS_AFTER_S
        self._pause = _FIRST_PAUSE_S

    def look(self, hub: str) -> None:
        """Start it when it is time, again when it ended, and anew when the hub (host:port) has moved."""
        if self._process is not None and self._hub != hub:
            self.stop()
        if self._process is not None and (status := self._process.exit_status()) is not None:
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            self._has_died = True
            self._tell("died", self._folder.name, f"its witness, by {how}")
            self._process.wait_stopped(STOP_SECONDS)
            self._process, self._due = None, time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE_S)
        if self._process is None and time.monotonic() >= self._due and (self._folder / WITNESS_KEY).exists():
            self._begin(hub)

    def stop(self) -> None:
        """Stop it, if it runs. It asks the hub, so it goes first."""
        if self._process is not None:
            self._process.send(signal.SIGTERM)
            self._process.wait_stopped(STOP_SECONDS)
            self._process = None

    def _begin(self, hub: str) -> None:
        options, self._hub = ["--hub", hub, *(["--go-on"] if self._go_on else [])], hub
        command = party_command("witness", self._folder, options)
        process = PartyProcess("witness", self._folder, command, self._nursery)
        try:
            process.start()
        except WarifuError:  # the disk is full, or there are no processes: the parties say so themselves
            self._due = time.monotonic() + _LONGEST_PAUSE_S
        else:
            self._process, self._go_on = process, False
            if self._has_died:
                self._has_died = False
                self._tell("restarted", self._folder.name, "its witness")


class Witnesses:
    """The witnesses of one network's supervisors; none unless :meth:`of` a network."""

    def __init__(self, *keepers: WitnessKeeper) -> None:
        self._keepers = keepers

    @classmethod
    def of(
        cls,
        path: Path,
        described: NetworkFile,
        go_on: Collection[str],
        nursery: Nursery | None,
        tell: Callable[[str, str, str], None],
    ) -> Self:
        """Those of the network in ``path``; a supervisor in ``go_on`` is told to go on, once."""
        supervisors = {party: each for party, each in described.parties.items() if each.role == "supervisor"}
        told = {path / each.folder: party in go_on for party, each in supervisors.items()}
        keepers = (WitnessKeeper(folder, go_on=is_told, nursery=nursery, tell=tell) for folder, is_told in told.items())
        return cls(*keepers)

    def look(self, hub: str) -> None:
        """See that each runs that should."""
        for keeper in self._keepers:
            keeper.look(hub)

    def stop(self) -> None:
        """Stop each."""
        for keeper in self._keepers:
            keeper.stop()
