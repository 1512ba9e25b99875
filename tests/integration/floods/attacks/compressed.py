"""A member sends a few kibibytes that are mebibytes once they are unpacked."""

from __future__ import annotations

import gzip
import struct
import time

from tests.integration.floods.attacks.again_and_again import on_each
from tests.integration.floods.attacks.place import Place
from tests.integration.floods.attacks.wire import Wire

CALLER = "insurance"


def flood(place: Place) -> None:
    on_each(place, 4, _small_and_large)


def _small_and_large(wire: Wire) -> None:
    packed = gzip.compress(bytes(4 * 1024 * 1024 - 1024))
    sent = struct.pack(">BI", 1, len(packed)) + packed
    while wire.is_open:
        stream = wire.begin("/warifu.api.hub.v1.HubService/ExchangeStream", [("grpc-encoding", "gzip")])
        wire.data(stream, sent)
        time.sleep(0.001)
