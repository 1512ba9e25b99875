"""A member sends pings and settings, each of which the server must answer, and reads no answer."""

from __future__ import annotations

import threading
from contextlib import suppress

from tests.integration.floods.attacks.place import Place, in_full_swing
from tests.integration.floods.attacks.wire import PING, SETTINGS, Wire, frame

CALLER = "insurance"


def flood(place: Place) -> None:
    threads = [threading.Thread(target=_keep, args=(place,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    in_full_swing()
    for thread in threads:
        thread.join()


def _keep(place: Place) -> None:
    many = (frame(PING, 0, 0, bytes(8)) + frame(SETTINGS, 0, 0)) * 200
    while True:
        with suppress(OSError):
            wire = Wire(place, reads=False)
            while True:
                wire.send(many)
