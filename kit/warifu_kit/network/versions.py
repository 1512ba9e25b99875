"""Making versions of a network's directory: the first one, and each that follows it.

Decides what every new version says of itself: its number, the digest of the one before, when it was made, and the root's
signature over all of it. What it says of the parties, the caller decides. Nobody else makes versions: the hub publishes
them, and everybody verifies them. Uses the root's private key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.directory_header import entries_digest, header_digest, sign_header
from warifu.party.claim import claim
from warifu.party.directory_file import DIRECTORY_FILE, VERSIONS_FOLDER, read_directory_file, write_directory_file
from warifu.pki import Root, make_private_folder
from warifu_kit.network.one_party import HUB

__all__ = ["changing", "make_version", "newest_version", "write_version"]


def newest_version(network: Path) -> DirectoryFile:
    """The newest version there is, as it was made. Raises: DIRECTORY_INVALID."""
    return read_directory_file(network / HUB / DIRECTORY_FILE)


def make_version(
    network: Path, change: Callable[[DirectoryFile], None], *, clock: Clock, first: DirectoryFile | None = None
) -> DirectoryFile:
    """The version after the newest one, with what ``change`` made of it; ``first`` for a network that has none.

    It verifies, or nothing is made. :func:`write_version` puts it in force.

    Raises: DIRECTORY_INVALID, KEY_INVALID, and what ``change`` raises.
    """
    root = Root.load(network / "root", clock)
    version = DirectoryFile()
    version.CopyFrom(first or newest_version(network))
    header = version.header
    if first is None:
        header.previous_digest = header_digest(header)
    header.version += 1
    header.made_ms = max(clock.unix_ms(), header.made_ms)
    change(version)
    header.entries_digest = entries_digest(version.entries, version.dated_entries)
    sign_header(root, header)
    Directory.from_message(version, root.cert_pem)
    return version


def write_version(network: Path, version: DirectoryFile) -> None:
    """Give a version to the hub, which publishes it: at once where it is up, else when it starts. Raises: OSError."""
    versions = network / HUB / VERSIONS_FOLDER
    if not versions.exists():
        make_private_folder(versions)
    write_directory_file(versions / f"{version.header.version}.json", version)
    write_directory_file(network / HUB / DIRECTORY_FILE, version)


@contextmanager
def changing(network: Path) -> Iterator[None]:
    """One change of a network's parties or keys at a time.

    Raises: PATH_UNUSABLE while another is under way, and where the system does not let a file be written.
    """
    try:
        with _claimed(network):
            yield
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename or network}: {error.strerror}") from error


def _claimed(network: Path) -> IO[str]:
    try:
        return claim(network / "changes.lock")
    except BlockingIOError as error:
        where = f"{network}: another change is under way; wait for its end"
        raise WarifuError(Reason.PATH_UNUSABLE, where=where) from error
