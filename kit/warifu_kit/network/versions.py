"""Making versions of a network's directory: the first one, and each that follows it.

Decides what every new version says of itself: its number, the digest of the one before, when it was made, and the root's
signature over all of it. None is made while a party of the network goes by a newer version than the hub's, or by another
one: there would be two of one number. What a version says of the parties, the caller decides. Nobody else makes versions:
the hub publishes them, and everybody verifies them. Uses the root's private key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile, DirectoryHeader
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.directory_header import entries_digest, header_digest, sign_header, verify_header
from warifu.party.claim import claim
from warifu.party.directory_file import (
    DIRECTORY_FILE,
    VERSIONS_FOLDER,
    parse_directory,
    read_directory_file,
    write_directory_file,
)
from warifu.party.folder import PartyFolder
from warifu.party.network_file import read_network_file
from warifu.pki import Root, make_private_folder
from warifu.printable import shell_command
from warifu_kit.network.one_party import HUB

__all__ = ["changing", "goes_by", "make_version", "newer_or_other", "newest_version", "write_version"]


def newest_version(network: Path) -> DirectoryFile:
    """The newest version there is, as it was made.

    Raises: DIRECTORY_INVALID, also when a party goes by a newer one, or by another of that number: the hub's folder is
        of an older state, and what followed would fork the chain; KEY_INVALID; CONFIG_INVALID when there is no network.
    """
    held = _held_by_parties(network)  # before the hub's: they have theirs from it, and may take another meanwhile
    newest = read_directory_file(network / HUB / DIRECTORY_FILE)
    found = _newer_or_other(held, newest.header, PartyFolder(network / HUB).root_pem())
    if found is not None:
        remedy = shell_command("warifu", "restore", "BACKUP", network, "--party", HUB, "--replace")
        where = f"{network}: {found}; put back a hub that has it, from a newer backup: {remedy}"
        raise WarifuError(Reason.DIRECTORY_INVALID, where=where)
    return newest


def newer_or_other(network: Path, newest: DirectoryHeader, root_pem: bytes) -> str | None:
    """In words, which party goes by a version after ``newest``, or by another one of its number; None when none does.

    ``newest`` is what the hub has, or is to have; ``root_pem`` the root's certificate. Raises: CONFIG_INVALID when there
    is no network.
    """
    return _newer_or_other(_held_by_parties(network), newest, root_pem)


def goes_by(network: Path, party: str, version: int) -> bool:
    """Whether a party goes by ``version``, or a later one, of the very chain that the hub has."""
    try:
        held = read_directory_file(network / party / DIRECTORY_FILE).header
        if held.version < version:
            return False
        published = read_directory_file(network / HUB / VERSIONS_FOLDER / f"{held.version}.json").header
    except WarifuError:
        return False
    return header_digest(held) == header_digest(published)


def _held_by_parties(network: Path) -> dict[bytes, str]:
    """Every content of the directory files of parties, but the hub's, and one party that has it."""
    described = read_network_file(network)
    held: dict[bytes, str] = {}
    for party in (described.parties | described.former_parties).keys() - {HUB}:
        file = network / party / DIRECTORY_FILE
        try:
            held.setdefault(file.read_bytes(), party)
        except OSError:  # a party on a host of its own; of a spoilt file the party tells
            continue
    return held


def _newer_or_other(held: Mapping[bytes, str], newest: DirectoryHeader, root_pem: bytes) -> str | None:
    for content, party in sorted(held.items(), key=lambda each: each[1]):
        try:
            header = parse_directory(content, DIRECTORY_FILE).header
            verify_header(header, root_pem)
        except WarifuError:  # what the root did not sign is no version
            continue
        if header.version > newest.version:
            return f"{party} goes by version {header.version} of the directory, the hub's is {newest.version}"
        if header.version == newest.version and header_digest(header) != header_digest(newest):
            return f"{party} goes by another version {header.version} of the directory than the hub's"
    return None


def make_version(
    network: Path, change: Callable[[DirectoryFile], None], *, clock: Clock, first: DirectoryFile | None = None
) -> DirectoryFile:
    """The version after the newest one, with what ``change`` made of it; ``first`` for a network that has none.

    It verifies, or nothing is made. :func:`write_version` puts it in force.

    Raises: as :func:`newest_version`; KEY_INVALID, and what ``change`` raises.
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
