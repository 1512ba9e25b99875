"""A member sends what is refused, and takes not even the refusal."""

from __future__ import annotations

from tests.integration.floods.attacks.place import Place
from tests.integration.floods.attacks.unread import unread

CALLER = "insurance"


def flood(place: Place) -> None:
    unread(place, "/warifu.api.hub.v1.HubService/ExchangeStream", b"\x0a\x05\xff", connections=16, calls=250)
