"""A member sends all but the last byte of large messages, on as many calls as it can."""

from __future__ import annotations

import time

from tests.integration.floods.attacks.again_and_again import on_each
from tests.integration.floods.attacks.place import Place
from tests.integration.floods.attacks.wire import Wire, message

CALLER = "insurance"
_SIZE = 8 * 1024 * 1024 - 1024
_CALLS = 200
_PIECE = 16_000


def flood(place: Place) -> None:
    on_each(place, 4, _all_but_one_byte)


def _all_but_one_byte(wire: Wire) -> None:
    left = {wire.begin("/warifu.api.hub.v1.HubService/Exchange"): _SIZE - 1 for _ in range(_CALLS)}
    for stream in left:
        wire.data(stream, message(b"", _SIZE))
    while wire.is_open:
        for stream, rest in left.items():
            size = min(wire.room(stream), rest, _PIECE)
            wire.data(stream, bytes(size))
            left[stream] = rest - size
        time.sleep(0.001)
