"""Renewing a network's certificates and revocation list while it is up.

Decides when it is looked for what ends: each hour by the clock, so that a machine that slept looks when it wakes. What
ends soon enough to be renewed, and how, is ``warifu_kit.network.custody``'s.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu_kit.network.custody import Renewed, renew_what_ends

__all__ = ["RENEWALS_EVERY", "Renewals"]

RENEWALS_EVERY = timedelta(hours=1)
"""How often a network that is up looks for what ends."""


class Renewals:
    """Looks, when it is time, for what ends in the network in ``path``, and tells what came of it.

    ``tell`` hears ("renewed", what, until when) and ("not renewed", what, why); *what* is a party, "revocation list", or
    "network" when nothing could be looked at. The first look is an hour after this was made: a network that starts has
    just been kept fresh.
    """

    def __init__(self, path: Path, clock: Clock, tell: Callable[[str, str, str], None]) -> None:
        self._path = path
        self._clock = clock
        self._tell = tell
        self._next = clock.now() + RENEWALS_EVERY

    def look(self) -> None:
        """Renew what ends, if an hour has passed. Raises nothing: what cannot be renewed is told."""
        now = self._clock.now()
        if now < self._next <= now + RENEWALS_EVERY:  # a clock that was set back does not put it off
            return
        self._next = now + RENEWALS_EVERY
        try:
            told = renew_what_ends(self._path, clock=self._clock)
        except WarifuError as error:
            told = [Renewed(what="network", fault=error)]
        except Exception as error:  # noqa: BLE001  # whatever it is, the parties still need their watcher
            fault = WarifuError(Reason.INTERNAL, where=type(error).__name__)
            told = [Renewed(what="network", fault=fault)]
        for each in told:
            self._tell(*_event(each))


def _event(renewed: Renewed) -> tuple[str, str, str]:
    if renewed.until is None:
        return "not renewed", renewed.what, str(renewed.fault)
    return "renewed", renewed.what, f"good until {renewed.until:%Y-%m-%d %H:%M} UTC"
