"""A member opens connections and says nothing on them."""

from __future__ import annotations

import time
from contextlib import suppress

from tests.integration.floods.attacks.place import Place, in_full_swing
from tests.integration.floods.attacks.wire import Wire

CALLER = "insurance"
_CONNECTIONS = 1_000


def flood(place: Place) -> None:
    kept: list[Wire] = []
    for number in range(_CONNECTIONS):
        with suppress(OSError):
            kept.append(Wire(place, reads=False))
        if number == 50:
            in_full_swing()
    while kept:
        time.sleep(1)
