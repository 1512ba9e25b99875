"""A member asks what it may ask, as often as it can, on many connections."""

from __future__ import annotations

from tests.integration.floods.attacks.again_and_again import again_and_again
from tests.integration.floods.attacks.place import Place

CALLER = "insurance"


def flood(place: Place) -> None:
    again_and_again(place, "/warifu.api.log.v1.LogService/GetCheckpoint", b"", connections=16)
