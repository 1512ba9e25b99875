"""What is known of a network's run by whoever started it alone: which parties ended meanwhile, and how it was told to run them.

Decides what of that is kept, in ``.run.json`` beside ``network.json``, for ``warifu status`` to read: a party that was started again
does not know that it ended. It is of one run, so a backup leaves it out, and it goes with the run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from warifu.pki import write_private_file

__all__ = ["Ends", "Run", "RunFile", "read_run"]

_FILE: Final = ".run.json"


@dataclass(frozen=True, slots=True)
class Ends:
    """How often a party ended by itself since the network was started, and how the last time."""

    times: int
    last: str


@dataclass(frozen=True, slots=True)
class Run:
    """``spread_s``: over how many seconds agencies were told to spread inquiries; None: as their folders say."""

    spread_s: float | None = None
    ends: Mapping[str, Ends] = field(default_factory=dict)


class RunFile:
    """The file of a run that goes on. To be used by one thread at a time; a disk that takes no more changes nothing."""

    def __init__(self, network: Path, spread_s: float | None) -> None:
        """Begins anew."""
        self._path = network / _FILE
        self._run = Run(spread_s)
        self._write()

    def ended(self, party: str, how: str) -> None:
        """A party ended by itself."""
        before = self._run.ends.get(party)
        ends = Ends(1 if before is None else before.times + 1, how)
        self._run = Run(self._run.spread_s, {**self._run.ends, party: ends})
        self._write()

    def close(self) -> None:
        """The run is over."""
        with suppress(OSError):
            self._path.unlink()

    def _write(self) -> None:
        ends = {party: {"times": each.times, "last": each.last} for party, each in self._run.ends.items()}
        with suppress(OSError):  # the disk is full: the parties say so
            write_private_file(self._path, json.dumps({"spread_s": self._run.spread_s, "ends": ends}).encode())


def read_run(network: Path) -> Run:
    """The run that goes on in ``network``; one of which nothing is known where there is no such file, or no good one."""
    try:
        told: dict[str, Any] = json.loads((network / _FILE).read_text("utf-8"))
        ends = {str(party): Ends(int(each["times"]), str(each["last"])) for party, each in told["ends"].items()}
        return Run(None if told["spread_s"] is None else float(told["spread_s"]), ends)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Run()
