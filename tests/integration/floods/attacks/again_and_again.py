"""Whole small calls, as many as connections will take, and new connections for those that ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from tests.integration.floods.attacks.place import Place, in_full_swing
from tests.integration.floods.attacks.wire import Wire

_LARGE_WINDOW = 2**30
_AT_ONCE = 100


def again_and_again(place: Place, path: str, content: bytes, *, connections: int) -> None:
    on_each(place, connections, lambda wire: _keep_calling(wire, path, content))


def on_each(place: Place, connections: int, attack: Callable[[Wire], None]) -> None:
    """Do an attack on each of so many connections; on a new one when it ended. Runs until killed."""

    def keep() -> None:
        while True:
            with suppress(OSError):
                wire = Wire(place, window=_LARGE_WINDOW)
                attack(wire)
            time.sleep(0.01)

    threads = [threading.Thread(target=keep) for _ in range(connections)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    in_full_swing()
    for thread in threads:
        thread.join()


def _keep_calling(wire: Wire, path: str, content: bytes) -> None:
    begun = 0
    while wire.is_open:
        for _ in range(max(0, _AT_ONCE - (begun - wire.ended))):
            wire.begin(path, content=content)
            begun += 1
        time.sleep(0.002)
