"""What a check changes of the network that was made for it: keys, certificates taken back, members, what time it is.

Decides nothing: who holds the network's root does each of them, and is handed in. Each is given the network's folder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from warifu.clock import Clock
from warifu.identifiers import InstitutionCode

__all__ = ["MovableClock", "NetworkChanges"]


class MovableClock(Clock, Protocol):
    """The kit's time, which a node can take from a file: eight bytes, how many milliseconds it is ahead of the machine's."""

    def set(self, now: datetime) -> None:
        """Have it say ``now``, an aware time, and run on from there."""

    def reset(self) -> None:
        """Have it go by the machine's clock again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkChanges:
    """How a network is changed.

    ``signing_key_of`` gives an agency, by its name, another signing key, ``hubs_signing_key`` the hub, ``keys_of`` an agency all
    that it has; each is told how long the replaced key stays good, None for as long as usual. ``take_back`` has the hub's
    revocation list name one more serial number. ``join`` lets an agency in: its name, kind and code. ``clock_at`` makes the
    clock in a file, if it is not there.
    """

    signing_key_of: Callable[[Path, str, timedelta | None], object]
    hubs_signing_key: Callable[[Path, timedelta | None], object]
    keys_of: Callable[[Path, str, timedelta | None], object]
    take_back: Callable[[Path, int], object]
    join: Callable[[Path, str, str, InstitutionCode], object]
    clock_at: Callable[[Path], MovableClock]
