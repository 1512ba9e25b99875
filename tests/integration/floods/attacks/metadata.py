"""A member begins calls with fifteen kibibytes of metadata, on one connection, and finishes none."""

from __future__ import annotations

import time
from contextlib import suppress

from tests.integration.floods.attacks.place import Place, in_full_swing
from tests.integration.floods.attacks.wire import Wire

CALLER = "insurance"
_VALUE = "x" * 15_000
_CALLS = 100_000


def flood(place: Place) -> None:
    in_full_swing()
    while True:
        wire = Wire(place)
        with suppress(OSError):
            for _ in range(_CALLS):
                wire.begin("/warifu.api.hub.v1.HubService/Exchange", [("a", _VALUE)])
        time.sleep(0.1)
