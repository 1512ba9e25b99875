"""A member begins two hundred thousand calls and sends no message on any."""

from __future__ import annotations

import time

from tests.integration.floods.attacks.again_and_again import on_each
from tests.integration.floods.attacks.place import Place
from tests.integration.floods.attacks.wire import Wire

CALLER = "insurance"
_EACH = 10_000


def flood(place: Place) -> None:
    on_each(place, 20, _begin_only)


def _begin_only(wire: Wire) -> None:
    for _ in range(_EACH):
        wire.begin("/warifu.api.hub.v1.HubService/Exchange")
    while wire.is_open:
        time.sleep(0.1)
