"""A member calls what there is not."""

from __future__ import annotations

from tests.integration.floods.attacks.again_and_again import again_and_again
from tests.integration.floods.attacks.place import Place

CALLER = "insurance"


def flood(place: Place) -> None:
    again_and_again(place, "/nothing.Of/TheKind", b"", connections=8)
