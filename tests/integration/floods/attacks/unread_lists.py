"""A supervisor asks for the whole log a thousand times and reads none of it."""

from __future__ import annotations

from tests.integration.floods.attacks.place import Place
from tests.integration.floods.attacks.unread import unread

CALLER = "supervisor"


def flood(place: Place) -> None:
    unread(place, "/warifu.api.log.v1.LogService/ListLeaves", b"", connections=5, calls=200)
