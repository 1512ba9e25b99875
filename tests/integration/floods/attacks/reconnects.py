"""A member connects, calls once and goes, again and again."""

from __future__ import annotations

from tests.integration.floods.attacks.again_and_again import on_each
from tests.integration.floods.attacks.place import Place
from tests.integration.floods.attacks.wire import Wire

CALLER = "insurance"


def flood(place: Place) -> None:
    on_each(place, 4, _once)


def _once(wire: Wire) -> None:
    wire.begin("/warifu.api.log.v1.LogService/GetCheckpoint", content=b"")
    wire.close()
