"""Looking after one party while it serves, whether or not anybody calls it.

Decides how often a party looks (each second) and what it looks at: its watched files, what ends soon, the disk, its
database's file, and whatever else the party itself can tell. What it finds becomes an alarm (``warifu.party.alarms``), and
health follows: overall a party with an alarm still serves; under ``warifu.party.alarms`` it does not, while one stands.
What a party decides is not known here.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from grpc_health.v1 import health, health_pb2  # type: ignore[import-untyped]  # publishes no types

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_header import entries_digest, verify_header
from warifu.party.alarms import ALARMS_SERVICE, AlarmKind, Alarms, fault_text
from warifu.party.directory_file import DIRECTORY_FILE, read_directory_file
from warifu.party.memory import Memory
from warifu.party.served import note_serving
from warifu.party.storage import PartyDatabase
from warifu.pki import CredentialSource, RevocationFile
from warifu.pki.files import FileWatch
from warifu.pki.revocation import RevocationList
from warifu.pki.validity import CERTIFICATE_WARNING, LIST_WARNING, ROOT_WARNING, Validity, validity_of
from warifu.rpc.logging import get_logger, raised_at

__all__ = ["LEAST_FREE_BYTES", "Lookout", "certificate_ending", "list_ending"]

LEAST_FREE_BYTES = 512 * 1024 * 1024
"""With less than this free where its folder is, a party says that the disk is low."""

_LOOK_S = 1.0
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def certificate_ending(name: str, validity: Validity, warning: timedelta, now: datetime) -> str | None:
    """When the certificate in the file ``name`` ends, if that is within ``warning`` or past; else None."""
    if now < validity.not_after - warning:
        return None
    word = "ended" if now >= validity.not_after else "ends"
    return f"{name}: {word} {validity.not_after:%Y-%m-%d %H:%M} UTC"


def list_ending(held: RevocationList | None, now: datetime) -> str | None:
    """When the revocation list in force should have been replaced, if that is soon or past; else None."""
    if held is None or now < held.good_until - LIST_WARNING:
        return None
    return f"revoked.pem: good until {held.good_until:%Y-%m-%d %H:%M} UTC"


class Lookout:
    """Everything a party looks at. ``health`` is what its server serves as health."""

    def __init__(
        self,
        *,
        alarms: Alarms,
        credential: CredentialSource,
        root_pem: bytes,
        revocations: RevocationFile,
        database: PartyDatabase,
        clock: Clock,
    ) -> None:
        """Look at nothing yet."""
        self.alarms = alarms
        self.credential = credential
        self.revocations = revocations
        self.root = validity_of(root_pem, "root.pem")
        self.clock = clock
        self.health = health.aio.HealthServicer()
        self._more: dict[AlarmKind, Callable[[], str | None]] = {}
        self._database = database
        self._database_file = database.path and _file_number(database.path)
        self._directory: _DirectoryFile | None = None
        self._root_pem = root_pem

    def serving_at(self, endpoint: str) -> None:
        """The party serves now, at ``endpoint`` (host:port): say so if it did elsewhere, or lost what it had written."""
        note_serving(self.alarms, endpoint, began_empty=self._database.began_empty)

    def look_at(self, kind: AlarmKind, amiss: Callable[[], str | None]) -> None:
        """Look at something of this party as well: ``amiss`` says where it is amiss, None while it is well."""
        self._more[kind] = amiss

    def watch_directory(self, network: str) -> None:
        """Look at the directory file as well, for a party that reads it when it starts only. ``network`` is its name."""
        self._directory = _DirectoryFile(self.alarms, network, self._root_pem)

    def own_validity(self) -> Validity:
        """Until when the certificate in use now is good."""
        return validity_of(self.credential.current().cert_pem, "tls.pem")

    def free_bytes(self) -> int | None:
        """Free bytes where the party's folder is; None where the system does not say."""
        try:
            return shutil.disk_usage(self.alarms.folder).free
        except OSError:
            return None

    def look(self) -> None:
        """Look at everything once. Files are looked at no more often than each second."""
        now, free = self.clock.now(), self.free_bytes()
        low = free is not None and free < LEAST_FREE_BYTES
        self.revocations.revoked()
        settled = {
            AlarmKind.CERTIFICATE_ENDS_SOON: certificate_ending(
                "tls.pem", self.own_validity(), CERTIFICATE_WARNING, now
            ),
            AlarmKind.ROOT_ENDS_SOON: certificate_ending("root.pem", self.root, ROOT_WARNING, now),
            AlarmKind.REVOCATION_LIST_ENDS_SOON: list_ending(self.revocations.held, now),
            AlarmKind.DISK_LOW: f"less than {LEAST_FREE_BYTES // 2**20} MiB are free" if low else None,
            AlarmKind.DATABASE_REPLACED: self._database_fault(),
            **{kind: amiss() for kind, amiss in self._more.items()},
        }
        for kind, where in settled.items():
            self.alarms.settle(kind, where)

    async def keep(self) -> None:
        """Look each second, and let health follow. Runs until cancelled."""
        memory = Memory()
        while True:
            try:
                self.look()
                await self._end_when_lost()
                await asyncio.to_thread(memory.look)
                if self._directory is not None:
                    await asyncio.to_thread(self._directory.look)
                status = _NOT_SERVING if self.alarms.standing() else _SERVING
                await self.health.set(ALARMS_SERVICE, status)
            except Exception as error:  # noqa: BLE001  # whatever it is, the next second looks again
                get_logger("lookout").error("not_looked", error=type(error).__name__, at=raised_at(error))
            await asyncio.sleep(_LOOK_S)

    async def _end_when_lost(self) -> None:
        """Ask this process to end, as its operator would, when another owned its rows: what it holds is out of date."""
        if not await self._database.is_owned():
            get_logger("lookout").error("rows_lost", where=self.alarms.folder.name)
            signal.raise_signal(signal.SIGTERM)

    def _database_fault(self) -> str | None:
        path = self._database.path
        if path is None or _file_number(path) == self._database_file:
            return None
        return f"{path.name}: removed or replaced while the party runs; stop it and put the file back, or it is lost"


class _DirectoryFile:
    """Says when a party's directory file was replaced by one that it could not start from.

    What the root signed covers every entry, so that the entries are not verified one by one again.
    """

    def __init__(self, alarms: Alarms, network: str, root_pem: bytes) -> None:
        self._alarms = alarms
        self._network = network
        self._root_pem = root_pem
        self._path = alarms.folder / DIRECTORY_FILE
        self._watch = FileWatch((self._path,), _LOOK_S)

    def look(self) -> None:
        """Read the file if it was replaced, which may take a while: for a thread."""
        if not self._watch.changed():
            return
        try:
            self._check(read_directory_file(self._path))
        except WarifuError as error:
            self._alarms.begin(AlarmKind.DIRECTORY_REFUSED, fault_text(error, self._alarms.folder))
        else:
            self._alarms.end(AlarmKind.DIRECTORY_REFUSED)

    def _check(self, found: DirectoryFile) -> None:
        verify_header(found.header, self._root_pem, where=self._path.name)
        if entries_digest(found.entries, found.dated_entries) != found.header.entries_digest:
            raise WarifuError(Reason.DIRECTORY_INVALID, where=self._path.name, debug="not the entries that were signed")
        if found.header.network != self._network:
            raise WarifuError(Reason.DIRECTORY_INVALID, where=self._path.name, debug="of another network")


def _file_number(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
