"""A member watches the health of the hub, and follows its directory, some thousand times."""

from __future__ import annotations

import time

from tests.integration.floods.attacks.again_and_again import on_each
from tests.integration.floods.attacks.place import Place
from tests.integration.floods.attacks.wire import Wire

CALLER = "insurance"


def flood(place: Place) -> None:
    on_each(place, 16, _watch)


def _watch(wire: Wire) -> None:
    for _ in range(120):
        wire.begin("/grpc.health.v1.Health/Watch", content=b"")
        wire.begin("/warifu.api.directory.v1.DirectoryService/FollowVersions", content=b"")
    while wire.is_open:
        time.sleep(0.05)
