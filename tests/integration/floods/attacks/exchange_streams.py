"""A member opens thousands of streams of exchanges and sends nothing on them."""

from __future__ import annotations

import time

from tests.integration.floods.attacks.again_and_again import on_each
from tests.integration.floods.attacks.place import Place
from tests.integration.floods.attacks.wire import Wire

CALLER = "insurance"


def flood(place: Place) -> None:
    on_each(place, 16, _streams)


def _streams(wire: Wire) -> None:
    for _ in range(250):
        wire.begin("/warifu.api.hub.v1.HubService/ExchangeStream")
    while wire.is_open:
        time.sleep(0.05)
