"""A member asks for the directory thousands of times, one call at a time, and takes no reply."""

from __future__ import annotations

from tests.integration.floods.attacks.place import Place
from tests.integration.floods.attacks.unread import unread

CALLER = "insurance"


def flood(place: Place) -> None:
    unread(place, "/warifu.api.directory.v1.DirectoryService/ListEntries", b"", connections=16, calls=250)
