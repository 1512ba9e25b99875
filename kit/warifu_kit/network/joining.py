"""Joining and leaving: one more party in a network that is there, or one fewer, while it runs or not.

Decides in which order a network learns of it: a party's folder is made before anybody hears of it, the directory has it
before it starts, and one that leaves is taken out of the directory and its certificates are taken back together. What
was begun and interrupted is completed by the same command again. Folder and records of a party that left stay.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry, DirectoryFile
from warifu.clock import Clock, SystemClock
from warifu.curve.suites import group_of
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.party.claim import is_claimed
from warifu.party.config import read_raw
from warifu.party.directory_file import DIRECTORY_FILE, write_directory_file
from warifu.party.network_file import NetworkFile, changing_network_file, read_network_file
from warifu.permissions.decision import check_table
from warifu.permissions.table import TABLE_FILE, table_digest
from warifu.pki import Role, write_public_file
from warifu_kit.network.custody import revoke
from warifu_kit.network.for_tests import ForTests
from warifu_kit.network.one_party import HUB, UNFINISHED, Member, describe_party, make_party
from warifu_kit.network.versions import changing, goes_by, make_version, newest_version, write_version

__all__ = ["add_member", "is_up", "remove_member", "wait_taken", "wait_up"]

_LOOK_S = 0.05


def add_member(path: Path, member: Member, *, clock: Clock | None = None) -> int:
    """Let ``member``, an agency, join the network in ``path``; the directory's version that has it.

    A network that is up takes it in at once (:func:`wait_up`); one that is down when it starts.

    Raises: CONFIG_INVALID when there is no network, a party or an institution like it is in it, or it is no agency;
        PATH_UNUSABLE.
    """
    clock = clock or SystemClock()
    if member.role is not Role.AGENCY:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{member.party}: only agencies join a network")
    with changing(path):
        described = read_network_file(path)
        _check_described(path, described, member)
        known = _check_new(path, described, member)
        if not known:
            table = _table(path)
            _clear_leftovers(path, member)
            entry = _made(path, described, member, clock)
            version = make_version(path, lambda file: file.entries.extend([entry] if entry else []), clock=clock)
            write_public_file(path / member.party / TABLE_FILE, table)
            write_directory_file(path / member.party / DIRECTORY_FILE, version)
            write_version(path, version)
        with changing_network_file(path) as write:
            described = read_network_file(path)
            parties = described.parties | {member.party: describe_party(member)}
            write(described.model_copy(update={"parties": parties}))
        return newest_version(path).header.version


def remove_member(path: Path, party: str, *, clock: Clock | None = None) -> int:
    """Let an agency leave the network in ``path``; the directory's version that lacks it.

    Its certificates are taken back, so that every party refuses it within a second or two, and a network that is up
    stops it. Its folder stays. Of one that has left already nothing changes. Raises: CONFIG_INVALID when no agency is called so; PATH_UNUSABLE; as ``revoke``.
    """
    clock = clock or SystemClock()
    with changing(path):
        described = read_network_file(path)
        leaving = described.parties.get(party)
        if leaving is None and party in described.former_parties:  # the command was completed before
            return newest_version(path).header.version
        if leaving is None or leaving.role != Role.AGENCY.value:
            agencies = ", ".join(name for name, about in described.parties.items() if about.role == Role.AGENCY.value)
            raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: no agency is called {party}; there are {agencies}")
        if leaving.institution_code in _institutions(newest_version(path).entries):
            version = make_version(path, lambda file: _take_out(file, leaving.institution_code), clock=clock)
            write_version(path, version)
        revoke(path, party, clock=clock)
        with changing_network_file(path) as write:
            described = read_network_file(path)
            parties = {name: about for name, about in described.parties.items() if name != party}
            former = described.former_parties | {party: leaving.model_copy(update={"endpoint": None})}
            write(described.model_copy(update={"parties": parties, "former_parties": former}))
        return newest_version(path).header.version


def is_up(path: Path) -> bool:
    """Whether some process keeps the network in ``path`` up, on this machine."""
    return is_claimed(path / "network.lock")


def wait_taken(path: Path, version: int, parties: Iterable[str], seconds: float) -> list[str]:
    """Wait until each of ``parties``, running in this folder, goes by ``version``; those that do not in time.

    One that goes by another version of that number than the hub's does not.
    """
    waiting, give_up = list(parties), time.monotonic() + seconds
    while waiting and time.monotonic() < give_up:
        waiting = [party for party in waiting if not goes_by(path, party, version)]
        if waiting:
            time.sleep(_LOOK_S)
    return waiting


def wait_up(path: Path, party: str, seconds: float) -> str | None:
    """Wait until a party that joined a network that is up says where it listens; None when it does not in time."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        about = read_network_file(path).parties.get(party)
        if about is not None and about.endpoint is not None:
            return about.endpoint
        time.sleep(_LOOK_S)
    return None


def _check_described(path: Path, described: NetworkFile, member: Member) -> None:
    """See that ``network.json`` could tell of the member, before anything is made. Raises: CONFIG_INVALID."""
    parties = {name: about.model_dump() for name, about in described.parties.items()}
    try:
        parties[member.party] = describe_party(member).model_dump()
        NetworkFile.model_validate({**described.model_dump(), "parties": parties})
    except ValidationError as error:
        where = f"{path}: {member.party!r} cannot be a party's name: it takes a-z, 0-9, _ and -, 64 at most"
        raise WarifuError(Reason.CONFIG_INVALID, where=where) from error


def _check_new(path: Path, described: NetworkFile, member: Member) -> bool:
    """Whether the directory has the very member already, from a command that was interrupted. Raises: CONFIG_INVALID."""
    if member.party in described.parties or member.party in described.former_parties:
        where = f"{path}: a party called {member.party} is or was in the network; take another name"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    for name, about in (described.parties | described.former_parties).items():
        if about.institution_code == member.institution:
            raise WarifuError(
                Reason.CONFIG_INVALID, where=f"{path}: {name} has the institution code {member.institution}"
            )
    entry = next((each for each in newest_version(path).entries if each.institution_code == member.institution), None)
    if entry is None:
        return False
    made = (path / member.party / DIRECTORY_FILE).exists()
    if not made or (entry.institution_kind, entry.institution_name) != (member.kind, member.name):
        where = f"{path}: {member.institution} is joining already; complete that first, with the command it began with"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    return True


def _made(path: Path, described: NetworkFile, member: Member, clock: Clock) -> DirectoryEntry | None:
    """The member's folder, made as the network's other parties were; its entry."""
    terms = ForTests.of(described)
    return make_party(
        path,
        member,
        group=group_of(described.suite),
        clock=terms.issuing_clock(clock),
        draws=terms.draws,
        valid_days=terms.certificate_days,
    )


def _table(path: Path) -> bytes:
    """The permission table of the network, as the hub has it: every agency gets a copy. Raises: CONFIG_INVALID."""
    file = path / HUB / TABLE_FILE
    table = read_raw(file)
    check_table(table_digest(table), newest_version(path).header.permission_table_digest, where=str(file))
    return table


def _clear_leftovers(path: Path, member: Member) -> None:
    """Drop the folder of a party that was made and never published: nobody knows its keys. Raises: PATH_UNUSABLE."""
    for unfinished in path.glob(f"{UNFINISHED}*"):  # of a command that was killed; only one makes parties at a time
        shutil.rmtree(unfinished)
    folder = path / member.party
    if not folder.exists():
        return
    if any(folder.glob("*.sqlite3")) or not (folder / "party.json").exists():
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{folder}: is there already, and holds something else")
    dropped = folder.rename(path / f"{UNFINISHED}{member.party}")  # in one step, so that no half of it is ever met
    shutil.rmtree(dropped)


def _take_out(file: DirectoryFile, institution: InstitutionCode) -> None:
    entries = [entry for entry in file.entries if entry.institution_code != institution]
    dated = [each for each in file.dated_entries if each.entry.institution_code != institution]
    del file.entries[:], file.dated_entries[:]
    file.entries.extend(entries)
    file.dated_entries.extend(dated)


def _institutions(entries: Iterable[DirectoryEntry]) -> set[str]:
    return {entry.institution_code for entry in entries}
