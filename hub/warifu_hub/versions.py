"""The versions of the directory at the hub: taken from its folder, put into the log, given to everybody.

Decides when a version is in force at the hub: once it follows the one before, verifies, the hub has its secrets, and the
log has its leaf, durably. So there is one chain, and a hub that shows two directories has two logs. Whoever operates the
network puts versions into the folder (``versions/2.json`` and so on, ``directory.json`` last); the hub makes none. Must
never hold an agency's secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile, DirectoryHeader
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.directory_header import check_follows, verify_header
from warifu.party.directory_file import DIRECTORY_FILE, VERSIONS_FOLDER, read_directory_file
from warifu.party.folder import PartyFolder
from warifu_hub.leaves import directory_leaf
from warifu_hub.own_keys import OwnKeys
from warifu_hub.store import HubStore
from warifu_hub.version_in_force import VersionInForce

__all__ = ["DirectoryVersions"]


class DirectoryVersions(VersionInForce):
    """The chain of versions of one hub. Its directory and keys change together, when a new one is in force."""

    def __init__(
        self,
        folder: PartyFolder,
        root_pem: bytes,
        store: HubStore,
        clock: Clock,
    ) -> None:
        """Read the newest version. :meth:`take` puts it into the log.

        Raises: DIRECTORY_INVALID, KEY_INVALID, CONFIG_INVALID: the hub does not start on a version it cannot use.
        """
        super().__init__(folder, root_pem, read_directory_file(folder.path / DIRECTORY_FILE))
        self._store = store
        self._clock = clock

    async def take(self, check_log: Callable[[], None] = lambda: None) -> bool:
        """Put every version of the folder that the log lacks into it, in order, and the newest in force.

        True if there were any. A version that does not verify, or does not follow, changes nothing. ``check_log`` raises
        LOG_BEHIND while nothing may be logged.

        Raises: DIRECTORY_INVALID, KEY_INVALID, LOG_UNAVAILABLE, LOG_BEHIND.
        """
        file = read_directory_file(self._folder.path / DIRECTORY_FILE)
        logged = self._newest_logged()
        if logged is not None and file.header == logged and file == self.file:
            return False
        directory = Directory.from_message(file, self._root_pem)
        keys = OwnKeys.load(self._folder, directory)
        coming = list(self._after(logged, file))
        for header in coming:
            check_log()
            leaf = directory_leaf(directory.hub, header, self._clock.now())
            await self._store.put_directory_header(header.version, header.SerializeToString(), leaf)
        self.hold(file, directory, keys)
        return bool(coming)

    def hold_logged(self) -> None:
        """Go by the newest version that the log has, whatever came into the folder after it.

        Raises: DIRECTORY_INVALID, KEY_INVALID, CONFIG_INVALID.
        """
        logged = self._newest_logged()
        if logged is not None:
            self.hold_header(logged)

    def _newest_logged(self) -> DirectoryHeader | None:
        newest = self._store.newest_directory_header()
        return DirectoryHeader.FromString(newest) if newest is not None else None

    def _after(self, logged: DirectoryHeader | None, newest: DirectoryFile) -> Iterator[DirectoryHeader]:
        """The headers after the one that is logged, up to the newest; each verified, each following the one before."""
        first = logged.version + 1 if logged is not None else 1
        if logged is not None and newest.header.version == logged.version and newest.header != logged:
            raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{DIRECTORY_FILE}: another version {logged.version}")
        if newest.header.version < first - 1:
            raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{DIRECTORY_FILE}: older than what the log has")
        before = logged
        for version in range(first, newest.header.version + 1):
            header = newest.header if version == newest.header.version else self._version(version).header
            verify_header(header, self._root_pem)
            if before is not None:
                check_follows(before, header)
            elif header.version != 1:
                raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{VERSIONS_FOLDER}/1.json: not version 1")
            before = header
            yield header

    def _version(self, version: int) -> DirectoryFile:
        path: Path = self._folder.path / VERSIONS_FOLDER / f"{version}.json"
        return read_directory_file(path)
