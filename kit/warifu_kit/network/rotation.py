"""Rotating keys and codes of a network, while it runs or not (crypto.md section 8).

Decides what each rotation changes in the directory, and that what it replaces stays good until whatever was begun under it
has ended: the new secret lies in the party's folder before the directory tells of it, and the former key is accepted for
contexts issued before its time is over. Codes change in two versions: the next epoch is announced, the agency's node
makes every code ready, then it is put in force. A secret that was published is never
overwritten.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from warifu.api.directory.v1.directory_service_pb2 import DatedEntry, DatedKey, DirectoryEntry, DirectoryFile
from warifu.api.party.v1.party_service_pb2 import GetStatusResponse
from warifu.client import NetworkDescription, PartyClient
from warifu.clock import Clock, SystemClock
from warifu.curve.group import Group
from warifu.curve.suites import group_of
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import LONGEST_SKEW, LONGEST_VALIDITY
from warifu.exchange.directory_entry import countersign_entry
from warifu.exchange.seal import SealingKey
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode
from warifu.party.folder import PartyFolder
from warifu.party.network_file import changing_network_file, read_network_file
from warifu.pki import Role, write_public_file
from warifu.printable import shell_command
from warifu.tlog.checkpoint import log_origin
from warifu.tlog.note import Verifier
from warifu_kit.network.hub_secrets import AgencyPublics, HubSecrets
from warifu_kit.network.one_party import HUB
from warifu_kit.network.versions import changing, make_version, newest_version, write_version

__all__ = [
    "OVERLAP",
    "AgencyKeys",
    "announce_codes",
    "put_codes_in_force",
    "rotate_agency_keys",
    "rotate_log_key",
    "rotate_opening_key",
    "rotate_signing_key",
    "wait_codes_ready",
]

_LOOK_S: Final = 0.2

OVERLAP: Final = LONGEST_VALIDITY + 2 * LONGEST_SKEW
"""How long former keys stay good by default: nothing made just before lives longer, whatever the clocks say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyKeys:
    """Which of an agency's keys to rotate: its encryption key y, its HPKE key, its signing key."""

    agency_key: bool = False
    sealing_key: bool = False
    signing_key: bool = False


def rotate_agency_keys(
    path: Path, party: str, which: AgencyKeys, *, overlap: timedelta = OVERLAP, clock: Clock | None = None
) -> int:
    """Give an agency new keys; the directory's version that has them. Its codes stay what they are.

    Raises: CONFIG_INVALID when no agency is called so, or its codes are being rotated; KEY_INVALID; PATH_UNUSABLE.
    """
    clock = clock or SystemClock()
    with changing(path):
        rotation = _Rotation(path, clock, overlap)
        institution, folder = rotation.agency(party)
        current = rotation.entry(institution)
        rotation.refuse_announced(institution)
        rotation.new_secrets(folder, current.epoch + 1, which)
        following = rotation.following(current, folder)
        return rotation.publish(lambda file: rotation.replace(file, [(current, following)]))


def announce_codes(path: Path, party: str, *, clock: Clock | None = None) -> int:
    """Announce the next code epoch of an agency, whose node then makes its codes ready; the directory's version.

    Does nothing where one is announced already. Raises: as :func:`rotate_agency_keys`.
    """
    clock = clock or SystemClock()
    with changing(path):
        rotation = _Rotation(path, clock, OVERLAP)
        institution, folder = rotation.agency(party)
        current = rotation.entry(institution)
        if rotation.announced(institution) is not None:
            return newest_version(path).header.version
        rotation.new_secrets(folder, current.epoch + 1, AgencyKeys())
        following = rotation.following(current, folder, code_epoch=current.code_epoch + 1)
        return rotation.publish(lambda file: file.dated_entries.append(DatedEntry(entry=following)))


def put_codes_in_force(path: Path, party: str, *, overlap: timedelta = OVERLAP, clock: Clock | None = None) -> int:
    """Put the announced code epoch of an agency in force, once its codes are ready; the directory's version.

    Raises: CONFIG_INVALID when none is announced; as :func:`rotate_agency_keys`.
    """
    clock = clock or SystemClock()
    with changing(path):
        rotation = _Rotation(path, clock, overlap)
        institution, _ = rotation.agency(party)
        following = rotation.announced(institution)
        if following is None:
            raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: no code epoch of {party} is announced")
        return rotation.publish(lambda file: rotation.replace(file, [(rotation.entry(institution), following)]))


def wait_codes_ready(
    path: Path, party: str, seconds: float, progress: Callable[[int, int], None] = lambda done, total: None
) -> bool:
    """Wait until an agency's node, which is up, has a code of the announced epoch for everybody; False if not in time.

    ``progress`` is called with how many are done, of how many. Raises: CONFIG_INVALID; NODE_UNREACHABLE when nobody
    answers for the node in all that time.
    """
    import asyncio  # only a command that waits needs an event loop

    version = newest_version(path).header.version
    network, give_up = NetworkDescription.load(path), time.monotonic() + seconds

    async def asked() -> GetStatusResponse:
        async with PartyClient(network.to_party(party)) as client:
            return await client.status()

    while True:
        try:
            reply = asyncio.run(asked())
        except WarifuError:
            if time.monotonic() > give_up:
                raise
        else:
            total, behind = reply.counts.person_count, reply.counts.code_behind_count
            progress(total - behind, total)
            if reply.directory_version >= version and reply.counts.HasField("code_behind_count") and not behind:
                return True
        if time.monotonic() > give_up:
            return False
        time.sleep(_LOOK_S)


def rotate_opening_key(path: Path, *, overlap: timedelta = OVERLAP, clock: Clock | None = None) -> int:
    """Give the hub a new opening key, and with it every agency a new joint key; the directory's version.

    Raises: as :func:`rotate_agency_keys`; CONFIG_INVALID too while codes of any agency are being rotated.
    """
    clock = clock or SystemClock()
    with changing(path):
        rotation = _Rotation(path, clock, overlap)
        rotation.refuse_announced()
        current = rotation.entries_with_folders()
        if not current:
            raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: no agency is in the network to have a joint key")
        epoch = 1 + max(entry.opening_epoch for entry, _ in current)
        _write_new(rotation.hub, f"opening.{epoch}.key", secrets.token_bytes(32))
        for entry, folder in current:
            rotation.new_secrets(folder, entry.epoch + 1, AgencyKeys())
        pairs = [(entry, rotation.following(entry, folder, opening_epoch=epoch)) for entry, folder in current]
        return rotation.publish(lambda file: rotation.replace(file, pairs))


def rotate_signing_key(path: Path, party: str, *, overlap: timedelta = OVERLAP, clock: Clock | None = None) -> int:
    """Give hub or authority (``party``) a new signing key; the directory's version.

    Raises: CONFIG_INVALID for any other party, for which there is :func:`rotate_agency_keys`; KEY_INVALID; PATH_UNUSABLE.
    """
    clock = clock or SystemClock()
    if party not in (HUB, Role.AUTHORITY.value):
        where = f"{path}: {party} is neither hub nor authority; an agency's signing key is one of its agency keys"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    with changing(path):
        rotation = _Rotation(path, clock, overlap)
        generation = rotation.newest.header.version + 1
        key = SigningKey.generate()
        _write_new(PartyFolder(path / party), f"signing.{generation}.key", key.to_bytes())
        return rotation.publish(lambda file: rotation.sign_with(file, party, key))


def rotate_log_key(path: Path, *, clock: Clock | None = None) -> int:
    """Give the hub's log a new key; the directory's version. ``network.json`` and ``log.vkey`` tell of it.

    Where one was interrupted before they did, it is completed and no other key is made. Raises: KEY_INVALID, PATH_UNUSABLE.
    """
    clock = clock or SystemClock()
    with changing(path):
        rotation = _Rotation(path, clock, OVERLAP)
        header = rotation.newest.header
        if read_network_file(path).log_verifier_key != header.log_verifier_key:
            _tell_log_key(path, header.log_verifier_key)
            return header.version
        key = SigningKey.generate()
        _write_new(rotation.hub, f"log.{header.version + 1}.key", key.to_bytes())
        vkey = Verifier(log_origin(header.network), key.verify_key).vkey

        def change(file: DirectoryFile) -> None:
            former = [file.header.log_verifier_key, *file.header.former_log_verifier_keys]
            del file.header.former_log_verifier_keys[:]
            file.header.former_log_verifier_keys.extend(former)
            file.header.log_verifier_key = vkey

        version = rotation.publish(change)
        _tell_log_key(path, vkey)
        return version


def _tell_log_key(path: Path, vkey: str) -> None:
    """Whoever is not in the network reads the key here. ``network.json`` is last: it says that this was completed."""
    write_public_file(path / "log.vkey", f"{vkey}\n".encode("ascii"))
    with changing_network_file(path) as write:
        write(read_network_file(path).model_copy(update={"log_verifier_key": vkey}))


class _Rotation:
    """One rotation of one network; lives for the length of a function above, under its lock."""

    def __init__(self, path: Path, clock: Clock, overlap: timedelta) -> None:
        self._path = path
        self._clock = clock
        self._overlap = overlap
        self.newest = newest_version(path)
        self.hub = PartyFolder(path / HUB)
        self._group: Group = group_of(self.newest.header.suite)
        self._secrets = HubSecrets(path / HUB, self._group)
        self._parties = read_network_file(path).parties

    def agency(self, party: str) -> tuple[InstitutionCode, PartyFolder]:
        """An agency's institution and folder. Raises: CONFIG_INVALID."""
        about = self._parties.get(party)
        if about is None or about.role != Role.AGENCY.value:
            where = f"{self._path}: no agency is called {party}"
            raise WarifuError(Reason.CONFIG_INVALID, where=where)
        return about.institution_code, PartyFolder(self._path / party)

    def entries_with_folders(self) -> list[tuple[DirectoryEntry, PartyFolder]]:
        """Every entry in force with its agency's folder.

        Raises: CONFIG_INVALID when one is not in ``network.json``, or not any more: joining or leaving was interrupted.
        """
        folders = {str(about.institution_code): name for name, about in self._parties.items()}
        for entry in self.newest.entries:
            if entry.institution_code not in folders:
                where = f"{self._path}: {entry.institution_code} is joining; complete that first, with the same command"
                raise WarifuError(Reason.CONFIG_INVALID, where=where)
        return [(entry, PartyFolder(self._path / folders[entry.institution_code])) for entry in self.newest.entries]

    def entry(self, institution: InstitutionCode) -> DirectoryEntry:
        """An institution's entry in force. Raises: CONFIG_INVALID."""
        for entry in self.newest.entries:
            if entry.institution_code == institution:
                return entry
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{self._path}: the directory lacks {institution}")

    def announced(self, institution: InstitutionCode) -> DirectoryEntry | None:
        """An institution's announced entry."""
        for each in self.newest.dated_entries:
            if each.entry.institution_code == institution and not each.accepted_until_ms:
                return each.entry
        return None

    def refuse_announced(self, institution: InstitutionCode | None = None) -> None:
        """Raises: CONFIG_INVALID while codes of an agency, or of any, are being rotated: its next epoch is taken."""
        for each in self.newest.dated_entries:
            if not each.accepted_until_ms and institution in (None, each.entry.institution_code):
                party = self._party_of(each.entry.institution_code)
                end_it = shell_command("warifu", "keys", "rotate", self._path, party, "--codes")
                where = f"{self._path}: codes of {party} are being rotated; end that first, with: {end_it}"
                raise WarifuError(Reason.CONFIG_INVALID, where=where)

    def _party_of(self, institution: str) -> str:
        parties = read_network_file(self._path).parties
        return next((name for name, about in parties.items() if about.institution_code == institution), institution)

    def new_secrets(self, folder: PartyFolder, epoch: int, which: AgencyKeys) -> None:
        """Write the secrets of the next epoch that are to be new; what an interrupted rotation left of it goes."""
        made = {
            "agency.key": self._group.random_scalar().value if which.agency_key else None,
            "sealing.key": SealingKey.generate().to_bytes() if which.sealing_key else None,
            "signing.key": SigningKey.generate().to_bytes() if which.signing_key else None,
        }
        for name, secret in made.items():
            stem, _, ending = name.rpartition(".")
            _write_new(folder, f"{stem}.{epoch}.{ending}", secret)

    def following(
        self,
        current: DirectoryEntry,
        folder: PartyFolder,
        *,
        code_epoch: int | None = None,
        opening_epoch: int | None = None,
    ) -> DirectoryEntry:
        """The entry of the next epoch, with the secrets that lie in the agency's folder, signed by agency and hub."""
        epoch = current.epoch + 1
        agency_secret = self._group.decode_scalar(folder.secret("agency.key", generation=epoch))
        agency = AgencyPublics(
            institution=InstitutionCode(current.institution_code),
            kind=current.institution_kind,
            name=current.institution_name,
            agency_key=self._group.base_multiply(agency_secret),
            sealing_key=SealingKey.from_bytes(folder.secret("sealing.key", generation=epoch)).public,
            signing_key=SigningKey(folder.secret("signing.key", generation=epoch)),
        )
        return self._secrets.entry(
            agency,
            epoch=epoch,
            code_epoch=code_epoch or current.code_epoch,
            opening_epoch=opening_epoch or current.opening_epoch,
        )

    def replace(self, file: DirectoryFile, pairs: Iterable[tuple[DirectoryEntry, DirectoryEntry]]) -> None:
        """Put each second entry in force in place of the first, which stays good until the overlap is over."""
        until = self._until()
        for current, following in pairs:
            place = next(at for at, entry in enumerate(file.entries) if entry.key_id == current.key_id)
            file.entries[place].CopyFrom(following)
            kept = [each for each in file.dated_entries if each.entry.key_id != following.key_id]
            del file.dated_entries[:]
            file.dated_entries.extend([*kept, DatedEntry(entry=current, accepted_until_ms=until)])

    def sign_with(self, file: DirectoryFile, party: str, key: SigningKey) -> None:
        """Put another signing key of hub or authority in force. What the hub signs in the directory, it signs anew."""
        header, until = file.header, self._until()
        former = header.former_hub_signing_keys if party == HUB else header.former_authority_signing_keys
        replaced = header.hub_signing_key if party == HUB else header.authority_signing_key
        kept = [DatedKey(public_key=replaced, accepted_until_ms=until), *former]
        del former[:]
        former.extend(kept)
        if party == HUB:
            header.hub_signing_key = key.verify_key
            for entry in (*file.entries, *(each.entry for each in file.dated_entries)):
                countersign_entry(key, entry)
        else:
            header.authority_signing_key = key.verify_key

    def publish(self, change: Callable[[DirectoryFile], None]) -> int:
        """Make the next version and give it to the hub; its number."""
        version = make_version(self._path, change, clock=self._clock)
        write_version(self._path, version)
        return version.header.version

    def _until(self) -> int:
        return self._clock.unix_ms() + int(self._overlap.total_seconds() * 1000)


def _write_new(folder: PartyFolder, name: str, secret: bytes | None) -> None:
    """Write a secret, if there is one; what an interrupted rotation left there, and nobody heard of, goes."""
    (folder.path / name).unlink(missing_ok=True)
    if secret is not None:
        folder.write_secret(name, secret)
