"""The hub's secrets as whoever makes directory entries needs them: at creation, for a new member, for a rotation.

Decides which of them are in force: those that the newest version of the directory publishes, or, in a network that is
being made and has none, the first. Read from the hub's folder, held for one command. Shows no secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry, DirectoryFile
from warifu.curve.group import Group, Point
from warifu.exchange.directory_entry import countersign_entry, sign_entry
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode
from warifu.party.directory_file import DIRECTORY_FILE, read_directory_file
from warifu.party.folder import PartyFolder
from warifu_hub.translate import HubKeys, Party, Translator

__all__ = ["AgencyPublics", "HubSecrets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyPublics:
    """What an agency brings to an entry: who it is, and its public keys. ``signing_key`` signs the entry for it."""

    institution: InstitutionCode
    kind: str
    name: str
    agency_key: Point
    sealing_key: bytes
    signing_key: SigningKey


class HubSecrets:
    """What the hub adds to an entry. Masked when printed."""

    def __init__(self, hub: Path, group: Group) -> None:
        """Raises: KEY_INVALID, naming the file; DIRECTORY_INVALID."""
        self._folder = PartyFolder(hub)
        self._group = group
        there = (hub / DIRECTORY_FILE).exists()
        self._newest = read_directory_file(hub / DIRECTORY_FILE) if there else DirectoryFile()

    def __repr__(self) -> str:
        return "HubSecrets(…)"

    @property
    def opening_epoch(self) -> int:
        """The epoch of the opening key with which entries are made now."""
        return max((entry.opening_epoch for entry in self._newest.entries), default=1)

    def entry(self, agency: AgencyPublics, *, epoch: int, code_epoch: int, opening_epoch: int) -> DirectoryEntry:
        """The agency's entry of ``epoch``, with the hub's part, signed by both. Raises: KEY_INVALID."""
        party = Party(agency.institution, code_epoch, opening_epoch)
        points = self._translator(opening_epoch).directory_points(party, epoch, agency.agency_key)
        entry = DirectoryEntry(
            institution_code=agency.institution,
            institution_kind=agency.kind,
            institution_name=agency.name,
            suite=self._group.suite,
            epoch=epoch,
            code_epoch=code_epoch,
            opening_epoch=opening_epoch,
            agency_key=agency.agency_key,
            opening_key=points.opening_key,
            joint_key=points.joint_key,
            factor_commitment=points.commitment,
            sealing_key=agency.sealing_key,
            signing_key=agency.signing_key.verify_key,
            joint_key_proof=points.proof,
        )
        sign_entry(agency.signing_key, entry)
        countersign_entry(self._signing_key(), entry)
        return entry

    def _signing_key(self) -> SigningKey:
        published = self._newest.header.hub_signing_key
        if not published:
            return SigningKey(self._folder.secret("signing.key"))
        return SigningKey(
            self._folder.published_secret("signing.key", lambda seed: SigningKey(seed).verify_key == published)
        )

    def _translator(self, opening_epoch: int) -> Translator:
        later = {} if opening_epoch == 1 else {opening_epoch: self._folder.secret(f"opening.{opening_epoch}.key")}
        keys = HubKeys(
            factor_key=self._folder.secret("factor.key"),
            opening_key=self._folder.secret("opening.key"),
            rerandomise_key=self._folder.secret("rerandomise.key"),
            later_opening_keys=later,
        )
        return Translator(self._group, keys)
