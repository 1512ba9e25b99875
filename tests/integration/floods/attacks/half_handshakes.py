"""Somebody without any certificate connects and never finishes the handshake."""

from __future__ import annotations

import socket
import time

from tests.integration.floods.attacks.place import Place, in_full_swing

CALLER = "insurance"
_CONNECTIONS = 2_000


def flood(place: Place) -> None:
    host, _, port = place.endpoint.rpartition(":")
    kept = []
    for number in range(_CONNECTIONS):
        kept.append(socket.create_connection((host, int(port))))
        kept[-1].sendall(b"\x16\x03\x01\x02\x00\x01")  # the beginning of a greeting
        if number == 50:
            in_full_swing()
    while kept:
        time.sleep(1)
