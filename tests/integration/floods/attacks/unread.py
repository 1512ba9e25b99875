"""Calls whose replies nobody takes: windows of no byte, on connections that go on otherwise."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from tests.integration.floods.attacks.place import Place, in_full_swing
from tests.integration.floods.attacks.wire import Wire


def unread(place: Place, path: str, content: bytes, *, connections: int, calls: int) -> None:
    """Begin so many calls on each of so many connections, and on new ones when those ended. Runs until killed."""

    def keep() -> None:
        while True:
            with suppress(OSError):
                wire = Wire(place, window=0)
                for _ in range(calls):
                    wire.begin(path, content=content)
                while wire.is_open:
                    time.sleep(0.05)
            time.sleep(0.01)

    threads = [threading.Thread(target=keep) for _ in range(connections)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    in_full_swing()
    for thread in threads:
        thread.join()
