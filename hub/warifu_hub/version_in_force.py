"""The version of the directory that a hub's process goes by, with the keys of it, until the next.

Decides nothing about which that is: whoever puts one in force has seen that it may be. It reads a version from the hub's
folder, where all of them lie, and verifies it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile, DirectoryHeader
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.party.directory_file import DIRECTORY_FILE, VERSIONS_FOLDER, read_directory_file
from warifu.party.folder import PartyFolder
from warifu.party.held import Held
from warifu_hub.own_keys import OwnKeys

__all__ = ["VersionInForce"]


class VersionInForce:
    """One version of the directory, its file and the hub's keys; all are replaced together."""

    def __init__(self, folder: PartyFolder, root_pem: bytes, file: DirectoryFile) -> None:
        """``file`` is the version to begin with. Raises: DIRECTORY_INVALID, KEY_INVALID, CONFIG_INVALID."""
        self._folder = folder
        self._root_pem = root_pem
        self.file = file
        self._directory = Directory.from_message(file, root_pem)
        self.keys = Held(OwnKeys.load(folder, self._directory))
        self._newer = asyncio.Event()
        self.on_held: Callable[[], None] = lambda: None
        """Called at once when another version is in force."""

    @classmethod
    def logged(cls, folder: PartyFolder, root_pem: bytes, header: bytes) -> VersionInForce:
        """The version whose ``header`` the log has, for a process that does not write the log itself."""
        return cls(folder, root_pem, _file_of(folder, DirectoryHeader.FromString(header)))

    def current(self) -> Directory:
        """The version in force."""
        return self._directory

    def hold_header(self, header: DirectoryHeader) -> None:
        """Go by the version of this header, which the log has. Raises: DIRECTORY_INVALID, KEY_INVALID, CONFIG_INVALID."""
        if header == self.file.header:
            return
        file = _file_of(self._folder, header)
        directory = Directory.from_message(file, self._root_pem)
        self.hold(file, directory, OwnKeys.load(self._folder, directory))

    def hold(self, file: DirectoryFile, directory: Directory, keys: OwnKeys) -> None:
        """Put another version in force, and wake whoever waits for one."""
        self.file, self._directory = file, directory
        self.keys.hold(keys)
        newer, self._newer = self._newer, asyncio.Event()
        newer.set()
        self.on_held()

    async def wait_newer(self, than: int, seconds: float) -> None:
        """Return when a version above ``than`` is in force, or after ``seconds``."""
        if self._directory.version > than:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._newer.wait()
        except TimeoutError:
            return


def _file_of(folder: PartyFolder, header: DirectoryHeader) -> DirectoryFile:
    """The file of the version with this header: one of those before, or, while it is the newest that came, this."""
    path: Path = folder.path / VERSIONS_FOLDER / f"{header.version}.json"
    for each in (path, folder.path / DIRECTORY_FILE):
        try:
            file = read_directory_file(each)
        except WarifuError:
            if each == path and not path.exists():
                continue
            raise
        if file.header == header:
            return file
    where = f"{VERSIONS_FOLDER}/{header.version}.json: another version than the log has"
    raise WarifuError(Reason.DIRECTORY_INVALID, where=where)
