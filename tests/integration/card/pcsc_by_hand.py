"""A PC/SC client in a few lines, from pcsc-lite's description of its messages and nothing of ours: what the reader's socket is asked with."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import Self

READER = b"warifu SIMULATED card reader 00 00"
SUCCESS = 0
RESET_CARD, REMOVED_CARD = 0x80100068, 0x80100069
NO_SMARTCARD, SHARING_VIOLATION = 0x8010000C, 0x8010000B
SHARED, EXCLUSIVE, DIRECT = 2, 1, 3
LEAVE, RESET = 0, 1


class Client:
    """One connection to a reader's socket."""

    def __init__(self, path: Path, *, minor: int = 4) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(path))
        self.minor = minor
        self.context = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, command: int, body: bytes = b"", more: bytes = b"") -> None:
        self.socket.sendall(struct.pack("<II", len(body), command) + body + more)

    def take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size:
            part = self.socket.recv(size - len(taken))
            if not part:
                raise ConnectionError("the reader let go")
            taken += part
        return taken

    def asked(self, command: int, layout: str, *fields: object) -> tuple[int, ...]:
        self.send(command, struct.pack(layout, *fields))
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def begin_session(self) -> Self:
        assert self.asked(0x11, "<iiI", 4, self.minor, 0) == (4, self.minor, SUCCESS)
        *_, self.context, rv = self.asked(0x01, "<III", 2, 0, 0)
        assert rv == SUCCESS
        return self

    def connect(self, share: int = SHARED) -> tuple[int, int]:
        fields = self.asked(0x04, "<I128sIIiII", self.context, READER, share, 3, 0, 0, 0)
        return fields[-1], fields[4]

    def connected(self) -> int:
        rv, card = self.connect()
        assert rv == SUCCESS
        return card

    def begin(self, card: int) -> int:
        return self.asked(0x07, "<iI", card, 0)[-1]

    def end(self, card: int, disposition: int = LEAVE) -> int:
        return self.asked(0x08, "<iII", card, disposition, 0)[-1]

    def disconnect(self, card: int, disposition: int = LEAVE) -> int:
        return self.asked(0x06, "<iII", card, disposition, 0)[-1]

    def reconnect(self, card: int) -> int:
        return self.asked(0x05, "<iIIIII", card, SHARED, 3, LEAVE, 0, 0)[-1]

    def status(self, card: int) -> int:
        return self.asked(0x0B, "<iI", card, 0)[-1]

    def ask(self, card: int, apdu: bytes) -> None:
        self.send(0x09, struct.pack("<iIIIIIII", card, 2, 16, len(apdu), 2, 16, 65_548, 0), apdu)

    def answered(self) -> tuple[int, bytes]:
        fields = struct.unpack("<iIIIIIII", self.take(32))
        return fields[-1], self.take(fields[6]) if fields[-1] == SUCCESS else b""

    def transmit(self, card: int, apdu: bytes) -> tuple[int, bytes]:
        self.ask(card, apdu)
        return self.answered()

    def state(self) -> tuple[bytes, int, int, int, bytes]:
        """Name, events, state, sharing, answer to reset."""
        if self.minor >= 6:
            self.send(0x16)
            (room,) = struct.unpack("<i", self.take(4))
            self.send(0x17)
        else:
            room = 16
            self.send(0x12)
        return self.taken_state(room)

    def taken_state(self, room: int = 16) -> tuple[bytes, int, int, int, bytes]:
        taken = self.take(184 * room)
        assert taken[184:] == bytes(184 * (room - 1))
        name, events, state, sharing, atr, size, _ = struct.unpack("<128sIIi33s3xII", taken[:184])
        return name.rstrip(b"\0"), events, state, sharing, atr[:size]

    def wait_for_change(self) -> None:
        self.send(0x13)
        if self.minor < 6:
            self.taken_state()

    def told_of_change(self) -> int:
        return int(struct.unpack("<II", self.take(8))[1])
