"""Messages of pcsc-lite's client protocol: their numbers, their fields, their sizes.

Decides how bytes on the socket are a message and back; a header of two little-endian words (size, command) comes before each that a
client sends, and before none that it is sent. Knows no reader and no card.

Source: pcsc-lite, ``winscard_msg.h`` and ``winscard_svc.c``, versions 1.8.24 to 2.5: 4.4, 4.5 and 4.6 of the protocol.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from typing import Final

__all__ = [
    "HEADER",
    "LONGEST_APDU",
    "MINORS",
    "MOST_READERS",
    "RETURNED_AT",
    "SIZES",
    "Command",
    "Disposition",
    "ReaderState",
    "Rv",
    "Share",
    "State",
    "fields",
    "packed",
    "states",
]

HEADER: Final = struct.Struct("<II")
MAJOR: Final = 4
MINORS: Final = range(4, 7)
MOST_READERS: Final = 16
LONGEST_APDU: Final = 65_548
"""MAX_BUFFER_SIZE_EXTENDED: what pcsc-lite takes in one command."""


class Command(enum.IntEnum):
    """What a client asks."""

    ESTABLISH = 0x01
    RELEASE = 0x02
    CONNECT = 0x04
    RECONNECT = 0x05
    DISCONNECT = 0x06
    BEGIN = 0x07
    END = 0x08
    TRANSMIT = 0x09
    CONTROL = 0x0A
    STATUS = 0x0B
    CANCEL = 0x0D
    GET_ATTRIBUTE = 0x0F
    SET_ATTRIBUTE = 0x10
    VERSION = 0x11
    STATES = 0x12
    WAIT = 0x13
    STOP_WAITING = 0x14
    READER_EVENTS = 0x15
    STATES_SIZE = 0x16
    STATES_ARRAY = 0x17


_LAYOUTS: Final = {
    Command.ESTABLISH: struct.Struct("<III"),  # scope, context, rv
    Command.RELEASE: struct.Struct("<II"),  # context, rv
    Command.CONNECT: struct.Struct("<I128sIIiII"),  # context, reader, share, protocols, card, active, rv
    Command.RECONNECT: struct.Struct("<iIIIII"),  # card, share, protocols, initialisation, active, rv
    Command.DISCONNECT: struct.Struct("<iII"),  # card, disposition, rv
    Command.BEGIN: struct.Struct("<iI"),  # card, rv
    Command.END: struct.Struct("<iII"),  # card, disposition, rv
    Command.TRANSMIT: struct.Struct("<iIIIIIII"),  # card, send (protocol, size, length), receive (the same), rv
    Command.CONTROL: struct.Struct("<iIIIII"),  # card, what, length, room, returned, rv
    Command.STATUS: struct.Struct("<iI"),  # card, rv
    Command.CANCEL: struct.Struct("<II"),  # context, rv
    Command.GET_ATTRIBUTE: struct.Struct("<iI264sII"),  # card, attribute, value, length, rv
    Command.SET_ATTRIBUTE: struct.Struct("<iI264sII"),
    Command.VERSION: struct.Struct("<iiI"),  # major, minor, rv
}
SIZES: Final = {command: _LAYOUTS[command].size if command in _LAYOUTS else 0 for command in Command}
"""Bytes behind the header of each command; TRANSMIT and CONTROL are followed by as many as their length says."""

RETURNED_AT: Final = -1
"""Where in the fields the return value stands: it is always the last."""

_STATE: Final = struct.Struct("<128sIIi33s3xII")
EVENT: Final = struct.Struct("<II")  # timeout, rv; or count of reader events, rv
COUNT: Final = struct.Struct("<i")


class Rv(enum.IntEnum):
    """Return values, as in ``pcsclite.h``."""

    SUCCESS = 0x00000000
    CANCELLED = 0x80100002
    INVALID_HANDLE = 0x80100003
    INVALID_PARAMETER = 0x80100004
    INSUFFICIENT_BUFFER = 0x80100008
    UNKNOWN_READER = 0x80100009
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    PROTO_MISMATCH = 0x8010000F
    INVALID_VALUE = 0x80100011
    NOT_TRANSACTED = 0x80100016
    UNSUPPORTED_FEATURE = 0x8010001F
    SERVICE_STOPPED = 0x8010001E
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069


class Share(enum.IntEnum):
    """How a client wants the reader."""

    EXCLUSIVE = 1
    SHARED = 2
    DIRECT = 3


class Disposition(enum.IntEnum):
    """What becomes of the card when a client lets go."""

    LEAVE = 0
    RESET = 1
    UNPOWER = 2
    EJECT = 3


class State(enum.IntFlag):
    """Of a reader."""

    ABSENT = 0x02
    PRESENT = 0x04
    POWERED = 0x10
    NEGOTIABLE = 0x20


@dataclass(frozen=True, slots=True)
class ReaderState:
    """What everybody may know of the reader. ``sharing`` is -1 for exclusive, else how many use it."""

    name: str
    events: int
    state: State
    sharing: int
    atr: bytes
    protocol: int

    def packed(self) -> bytes:
        """184 bytes."""
        name, atr = self.name.encode("ascii"), self.atr
        return _STATE.pack(name, self.events, self.state, self.sharing, atr, len(atr), self.protocol)


def states(readers: tuple[ReaderState, ...], room: int) -> bytes:
    """The states of ``readers`` and as many empty places as fill ``room``."""
    return b"".join(each.packed() for each in readers) + bytes(_STATE.size * (room - len(readers)))


def fields(command: Command, body: bytes) -> list[int | bytes]:
    """The fields of a message. ``body`` has the command's size."""
    return list(_LAYOUTS[command].unpack(body))


def packed(command: Command, told: list[int | bytes]) -> bytes:
    """A message of these fields."""
    return _LAYOUTS[command].pack(*told)
