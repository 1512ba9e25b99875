"""What is amiss at one party right now.

Decides what can be amiss (a small closed set, the same as the contract's), that each alarm is in the party's log once
when it begins, when it changes and when it ends, and who else hears of it: whoever asks :meth:`Alarms.standing`. Whether
something is amiss, it does not decide: those who look do (``warifu.party.lookout``), and those who meet a fault on their
way.

An alarm says where and why in names of files and endpoints. It must never hold a number, a code, a name or a payload.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from warifu.clock import Clock
from warifu.errors import WarifuError
from warifu.rpc.logging import get_logger

__all__ = ["ALARMS_SERVICE", "Alarm", "AlarmKind", "Alarms", "fault_text"]

ALARMS_SERVICE = "warifu.party.alarms"
"""The name under which the health service says whether an alarm stands: SERVING while none does."""

_LONGEST_WHERE = 400


class AlarmKind(enum.Enum):
    """What can be amiss. The contract's ``AlarmKind`` has the same names and says what each means."""

    CREDENTIAL_REFUSED = "CREDENTIAL_REFUSED"
    REVOCATION_LIST_REFUSED = "REVOCATION_LIST_REFUSED"
    DIRECTORY_REFUSED = "DIRECTORY_REFUSED"
    LISTENER_MOVED = "LISTENER_MOVED"
    STARTED_EMPTY = "STARTED_EMPTY"
    CERTIFICATE_ENDS_SOON = "CERTIFICATE_ENDS_SOON"
    REVOCATION_LIST_ENDS_SOON = "REVOCATION_LIST_ENDS_SOON"
    DISK_LOW = "DISK_LOW"
    HUB_NOT_IN_CONTACT = "HUB_NOT_IN_CONTACT"
    CHECKPOINT_NOT_PUBLISHED = "CHECKPOINT_NOT_PUBLISHED"
    DATABASE_REPLACED = "DATABASE_REPLACED"
    LOG_BEHIND = "LOG_BEHIND"
    RECORDS_BEHIND = "RECORDS_BEHIND"
    ROOT_ENDS_SOON = "ROOT_ENDS_SOON"
    DIRECTORY_VERSION_REFUSED = "DIRECTORY_VERSION_REFUSED"
    CONVERSION_NOT_PROVEN = "CONVERSION_NOT_PROVEN"
    CHORE_FELL_OVER = "CHORE_FELL_OVER"
    PERMISSION_TABLE_REFUSED = "PERMISSION_TABLE_REFUSED"
    PERMIT_FORBIDDEN = "PERMIT_FORBIDDEN"
    EXCHANGE_NOT_IN_LOG = "EXCHANGE_NOT_IN_LOG"
    PERMIT_HELD_BACK = "PERMIT_HELD_BACK"
    CHECKPOINT_STANDS_STILL = "CHECKPOINT_STANDS_STILL"
    LOG_VIEWS_DIFFER = "LOG_VIEWS_DIFFER"
    DIRECTORY_VIEWS_DIFFER = "DIRECTORY_VIEWS_DIFFER"
    CODES_ACQUIRED_FAST = "CODES_ACQUIRED_FAST"
    NUMBERS_MISSED = "NUMBERS_MISSED"
    ADAPTER_NOT_IN_CONTACT = "ADAPTER_NOT_IN_CONTACT"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is amiss, since when it is known, and where it lies: at most 400 characters."""

    kind: AlarmKind
    since: datetime
    where: str


class Alarms:
    """The alarms of one party. Safe to use from several threads: gRPC asks for certificates on one of its own."""

    __slots__ = ("_clock", "_lock", "_party", "_standing", "folder")

    def __init__(self, party: str, folder: Path, clock: Clock) -> None:
        """No alarm stands. ``party`` names it in the log; paths below ``folder`` are told without it."""
        self.folder = folder
        self._party = party
        self._clock = clock
        self._lock = threading.Lock()
        self._standing: dict[AlarmKind, Alarm] = {}

    def begin(self, kind: AlarmKind, where: str) -> None:
        """``kind`` is amiss. One that stands already goes on, with its time; where it lies now is what counts."""
        where = where[:_LONGEST_WHERE]
        with self._lock:
            known = self._standing.get(kind)
            self._standing[kind] = replace(known, where=where) if known else Alarm(kind, self._clock.now(), where)
        if known is None or known.where != where:
            event = "alarm_begun" if known is None else "alarm_changed"
            get_logger(self._party).warning(event, alarm=kind.value, where=where)

    def end(self, kind: AlarmKind) -> None:
        """``kind`` is well, again or still."""
        with self._lock:
            known = self._standing.pop(kind, None)
        if known is not None:
            get_logger(self._party).warning("alarm_ended", alarm=kind.value)

    def settle(self, kind: AlarmKind, where: str | None) -> None:
        """Begin or go on with ``kind`` when there is a ``where``, end it when there is none."""
        if where is None:
            self.end(kind)
        else:
            self.begin(kind, where)

    def refused(self, kind: AlarmKind) -> Callable[[WarifuError], None]:
        """What to call when a replacement of a watched file was refused."""
        return lambda error: self.begin(kind, fault_text(error, self.folder))

    def taken(self, kind: AlarmKind) -> Callable[[], None]:
        """What to call when the watched file is good again."""
        return lambda: self.end(kind)

    def standing(self) -> tuple[Alarm, ...]:
        """What is amiss right now, oldest first."""
        with self._lock:
            return tuple(sorted(self._standing.values(), key=lambda alarm: alarm.since))


def fault_text(error: WarifuError, folder: Path) -> str:
    """Where a fault lies and why, in words: paths below ``folder`` without it, the note for the log where there is one."""
    where = error.where.removeprefix(f"{folder}/")
    return f"{where}: {error.debug or error.entry.public_text}" if where else str(error.debug or error)
