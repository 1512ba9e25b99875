"""A member sends inquiries with nothing in them, one to a call."""

from __future__ import annotations

from tests.integration.floods.attacks.again_and_again import again_and_again
from tests.integration.floods.attacks.place import Place

CALLER = "insurance"


def flood(place: Place) -> None:
    again_and_again(place, "/warifu.api.hub.v1.HubService/Exchange", b"", connections=8)
