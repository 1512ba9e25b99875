"""What a party is told of recording: a file in its own folder, which says into what file, and since when.

Decides as rules of faults do: whoever may change a party's files may have it recorded, and nobody over the network. A party
looks for every call, so the next one goes by what was just said. A file that is full, or a disk that takes no more, ends the recording, never a call.
"""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from warifu.pki import write_private_file
from warifu.rpc.logging import get_logger
from warifu_kit.recording.recorded import Direction, RecordedCall
from warifu_kit.recording.recording_file import add_line

__all__ = ["Order", "Recorder", "end_orders", "order_in", "take_back", "write_order"]

_ORDER_FILE = "recording.json"


@dataclass(frozen=True, slots=True)
class Order:
    """Into what file, by its absolute path; ``began`` is in seconds since 1970."""

    file: Path
    began: float


def order_in(folder: Path) -> Order | None:
    """What stands in a party's folder; None where nothing is to be recorded, or what stands there says nothing."""
    try:
        told = json.loads((folder / _ORDER_FILE).read_text("utf-8"))
        return Order(Path(told["file"]), float(told["began"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_order(folder: Path, order: Order) -> None:
    """Have the party in ``folder`` recorded from its next call on. Raises: OSError."""
    told = {"file": str(order.file), "began": order.began}
    write_private_file(folder / _ORDER_FILE, json.dumps(told).encode())


def take_back(folder: Path) -> None:
    """Have it recorded no more. Raises: OSError."""
    (folder / _ORDER_FILE).unlink(missing_ok=True)


def end_orders(network: Path, parties: Iterable[str]) -> None:
    """A network begins: nobody of it is recorded. Raises: OSError."""
    for party in parties:
        take_back(network / party)


class Recorder:
    """What a party's calls are told to. ``role`` is the party's own."""

    def __init__(self, party: str, role: str, folder: Path) -> None:
        self.role = role
        self._log = get_logger(party)
        self._folder = folder
        self._seen: tuple[int, int] | None = None
        self._order: Order | None = None

    def began_ms(self) -> int | None:
        """Now, in milliseconds since the recording began; None while there is none."""
        seen = self._fingerprint()
        if seen != self._seen:
            self._order = None if seen is None else order_in(self._folder)
            self._seen = seen
        return None if self._order is None else max(0, int((time.time() - self._order.began) * 1000))

    def note(
        self,
        direction: Direction,
        rpc: str,
        at_ms: int,
        *,
        status: str,
        caller: str = "",
        reason: str = "",
        request: bytes = b"",
        reply: bytes = b"",
        messages: tuple[int, int] | None = None,
    ) -> None:
        """Add a call that has ended; see :class:`RecordedCall`."""
        if self._order is None:
            return
        call = RecordedCall(
            at_ms=at_ms,
            direction=direction,
            rpc=rpc,
            caller=caller,
            status=status,
            reason=reason,
            request=request,
            reply=reply,
            is_stream=messages is not None,
            messages=messages or (0, 0),
        )
        try:
            add_line(self._order.file, call.to_json())
        except OSError as error:
            self._order = None
            with suppress(OSError):
                take_back(self._folder)
            why = "its file is full" if error.errno == errno.EFBIG else "its file cannot be written"
            self._log.error("recording_ended", why=why)

    def _fingerprint(self) -> tuple[int, int] | None:
        try:
            found = (self._folder / _ORDER_FILE).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns
