"""A member begins the headers of a call and never ends them: continuation after continuation."""

from __future__ import annotations

import time
from contextlib import suppress

from tests.integration.floods.attacks.place import Place, in_full_swing
from tests.integration.floods.attacks.wire import CONTINUATION, HEADERS, Wire, field, frame

CALLER = "insurance"


def flood(place: Place) -> None:
    in_full_swing()
    more = field("a", "x" * 16_000)
    while True:
        wire = Wire(place)
        with suppress(OSError):
            wire.send(frame(HEADERS, 0, 1, wire.headers("/warifu.api.hub.v1.HubService/Exchange")))
            while True:
                wire.send(frame(CONTINUATION, 0, 1, more))
        time.sleep(0.1)
