"""The chain of directory versions, when the hub's folder is put back: it never gets shorter by it.

Decides whether the restored hub can go on with the chain of the folder that it replaces: the root signed every version
since, each follows the one before, and that folder has the keys that the newest publishes. Versions and generations of
keys are only ever added, so the restored hub gets those that it lacks and loses none. Where that cannot be done, and where
another party goes by a newer version all the same, the restore is refused: the next version made would have the number of
one that there is. The log and the databases it does not know.
"""

from __future__ import annotations

from pathlib import Path

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile, DirectoryHeader
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.directory_header import check_follows, verify_header
from warifu.party.directory_file import DIRECTORY_FILE, VERSIONS_FOLDER, read_directory_file, write_directory_file
from warifu.party.folder import PartyFolder
from warifu_hub.own_keys import OwnKeys
from warifu_kit.backup.backup import write_synced
from warifu_kit.network.versions import newer_or_other

__all__ = ["keep_chain"]


def keep_chain(network: Path, replaced: Path, restored: Path) -> None:
    """Give the hub in ``restored``, not in its place yet, what was published since and lies in the folder ``replaced``.

    Raises: CONFIG_INVALID, naming the remedy, when it would be behind all the same; DIRECTORY_INVALID or KEY_INVALID when
        what was restored is no hub's folder; OSError.
    """
    root_pem = PartyFolder(restored).root_pem()
    newest = _newest_of(replaced, root_pem)
    held = read_directory_file(restored / DIRECTORY_FILE).header
    if newest is not None and newest.header.version > held.version:
        try:
            _carry_over(replaced, restored, newest, root_pem)
        except WarifuError as error:
            why = (
                f"{replaced}: has version {newest.header.version} of the directory, the backup's hub {held.version}, "
                f"and the versions or keys since cannot be taken over ({error.where}); move it away to go on without it"
            )
            raise _behind(why) from error
        held = newest.header
    found = newer_or_other(network, held, root_pem)
    if found is not None:
        raise _behind(f"{network}: {found} in the backup")


def _newest_of(folder: Path, root_pem: bytes) -> DirectoryFile | None:
    """The newest version a hub's folder has; None when it has none that the root signed: then it is lost."""
    try:
        file = read_directory_file(folder / DIRECTORY_FILE)
        verify_header(file.header, root_pem)
    except WarifuError:
        return None
    return file


def _carry_over(replaced: Path, restored: Path, newest: DirectoryFile, root_pem: bytes) -> None:
    directory = Directory.from_message(newest, root_pem)
    before: DirectoryHeader = read_directory_file(restored / DIRECTORY_FILE).header
    for version in range(before.version + 1, newest.header.version + 1):
        name = f"{VERSIONS_FOLDER}/{version}.json"
        file = read_directory_file(replaced / name)
        verify_header(file.header, root_pem)
        check_follows(before, file.header)
        write_directory_file(restored / name, file)
        before = file.header
    if before != newest.header:
        raise WarifuError(Reason.DIRECTORY_INVALID, where=f"{DIRECTORY_FILE}: not the last of {VERSIONS_FOLDER}")
    for key in replaced.glob("*.*.key"):  # the generations after the first
        if not (restored / key.name).exists():
            write_synced(restored / key.name, key.read_bytes(), 0o600)
    write_directory_file(restored / DIRECTORY_FILE, newest)
    OwnKeys.load(PartyFolder(restored), directory)


def _behind(why: str) -> WarifuError:
    remedy = "or restore a newer backup, or the whole network into a new folder"
    return WarifuError(Reason.CONFIG_INVALID, where=f"{why}; {remedy}")
