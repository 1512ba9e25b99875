"""Making a new network: root, certificates, keys, directory, one folder for each party.

Decides who is in a network and what each party's folder holds at the start. Every key is new for every network, so that
no network can be mistaken for another, or for a real one. After creation no process sees all of this again.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry, DirectoryFile
from warifu.clock import Clock, SystemClock
from warifu.curve.group import Group
from warifu.curve.suites import group_of
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import countersign_entry, sign_entry, write_directory_file
from warifu.exchange.seal import SealingKey
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode, MunicipalityCode
from warifu.party.folder import PartyFolder, PartySettings
from warifu.party.network_file import NETWORK_FILE
from warifu.pki import Identity, Role, Root, write_public_file
from warifu.tlog.checkpoint import log_origin
from warifu.tlog.note import Verifier
from warifu_hub.permissions import DEFAULT_TABLE
from warifu_hub.translate import HubKeys, Translator

__all__ = ["DEFAULT_MEMBERS", "Member", "create_network", "holds_network"]

_EPOCH = 1
_MUNICIPALITY = MunicipalityCode("011002")
_LISTEN = "127.0.0.1:0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One party to be made. ``kind`` is an institution kind of the permission table for agencies, the role otherwise."""

    party: str
    role: Role
    kind: str
    name: str
    institution: InstitutionCode


def _municipal(kind: str, number: int, name: str) -> Member:
    code = InstitutionCode.build(number, _MUNICIPALITY, 1)
    return Member(party=kind, role=Role.AGENCY, kind=kind, name=f"{name} (SIMULATED)", institution=code)


def _central(party: str, role: Role, number: int, name: str) -> Member:
    code = InstitutionCode.build(number, None, 1)
    return Member(party=party, role=role, kind=party, name=f"{name} (SIMULATED)", institution=code)


DEFAULT_MEMBERS: tuple[Member, ...] = (
    _central("hub", Role.HUB, 90, "Information sharing hub"),
    _central("authority", Role.AUTHORITY, 91, "Numbering authority"),
    _central("supervisor", Role.SUPERVISOR, 92, "Supervisor"),
    _municipal("residence", 1, "Resident registry"),
    _municipal("tax", 2, "Local tax office"),
    _municipal("childcare", 3, "Child allowance office"),
    _central("insurance", Role.AGENCY, 4, "Health insurer"),
)
"""The network of the demonstration: hub, authority, supervisor and four agencies."""


def create_network(
    path: Path,
    *,
    members: tuple[Member, ...] = DEFAULT_MEMBERS,
    clock: Clock | None = None,
    permissions: Path = DEFAULT_TABLE,
    suite: int = 2,
) -> None:
    """Make a network in ``path``, which must not exist or be empty. Appears whole or not at all.

    A folder made here is open to its owner only (0700); one that was there keeps its mode. ``suite`` is for good: every
    machine that runs a party of the network must have it.

    Raises:
        WarifuError: PATH_UNUSABLE when the folder is in use, no folder, or cannot be written; CONFIG_INVALID when this
            machine lacks the suite's library; SUITE_UNKNOWN.
    """
    group = group_of(suite)
    try:
        target = Path(os.path.realpath(path))  # "." has no name to rename to, and a link is not what is replaced
        there = _exists_empty(target, path)
        with _unfinished(target if there else target.parent) as unfinished:
            _Maker(unfinished, members, clock or SystemClock(), permissions, group).make()
            if there:
                _move_into(target, unfinished)
            else:
                unfinished.rename(target)
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: {error.strerror}") from error


def holds_network(path: Path) -> bool:
    """Whether a network was made in ``path``. Raises: PATH_UNUSABLE when ``path`` cannot be looked at."""
    try:
        return (path / NETWORK_FILE).exists()
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: {error.strerror}") from error


def _exists_empty(target: Path, path: Path) -> bool:
    """True for an empty folder, False for none. Raises: PATH_UNUSABLE, OSError."""
    if not target.exists():
        return False
    if any(target.iterdir()):
        holds = "holds a network already" if holds_network(target) else "not empty, and no network either"
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: {holds}")
    return True


@contextmanager
def _unfinished(beside: Path) -> Iterator[Path]:
    """A folder nobody else uses, for the network while it is made; whatever is left of it goes at the end."""
    beside.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".making-", dir=beside))
    try:
        yield unfinished
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # keys of a network that never was


def _move_into(target: Path, unfinished: Path) -> None:
    """Move a network into a folder that stays the one it is: somebody may stand in it.

    Folders go first: of two who do this at once, one meets the other's first folder and moves nothing. The file that
    says that a network is there goes last.
    """
    order = sorted(unfinished.iterdir(), key=lambda entry: (not entry.is_dir(), entry.name == NETWORK_FILE, entry.name))
    try:
        for entry in order:
            entry.rename(target / entry.name)
    except OSError:
        for entry in order:
            if not entry.exists():  # it was moved
                (target / entry.name).rename(entry)
        raise


class _Maker:
    """Makes one network; lives for the length of :func:`create_network`."""

    def __init__(self, path: Path, members: tuple[Member, ...], clock: Clock, permissions: Path, group: Group) -> None:
        self._path = path
        self._members = members
        self._clock = clock
        self._permissions = permissions
        self._network = f"sim-{secrets.token_hex(4)}"
        self._root = Root.create(self._network, clock)
        self._group = group
        self._signing = {member.party: SigningKey.generate() for member in members}

    def make(self) -> None:
        (self._path / "root").mkdir(mode=0o700)
        self._root.save(self._path / "root")
        for member in self._members:
            self._make_folder(member)
        translator = self._make_hub_keys()
        log_verifier_key = self._make_log_key()
        self._folder("authority").write_secret("point.key", secrets.token_bytes(32))
        entries = [self._make_agency(member, translator) for member in self._agencies()]
        self._write_directory(entries, log_verifier_key)
        shutil.copyfile(self._permissions, self._path / "hub" / "permissions.yaml")
        self._write_network_file(log_verifier_key)

    def _agencies(self) -> list[Member]:
        return [member for member in self._members if member.role is Role.AGENCY]

    def _member(self, role: Role) -> Member:
        (found,) = (member for member in self._members if member.role is role)
        return found

    def _folder(self, party: str) -> PartyFolder:
        return PartyFolder(self._path / party)

    def _make_folder(self, member: Member) -> None:
        folder = self._folder(member.party)
        folder.path.mkdir(mode=0o700)
        self._issue(folder.path, member.role, member.institution)
        folder.write_secret("signing.key", self._signing[member.party].to_bytes())
        write_public_file(folder.path / "root.pem", self._root.cert_pem)
        write_public_file(folder.path / "revoked.pem", self._root.revocation_list((), self._clock))
        folder.write_settings(
            PartySettings(
                network=self._network,
                role=member.role.value,
                institution_code=member.institution,
                institution_kind=member.kind,
                institution_name=member.name,
                listen=_LISTEN,
            )
        )

    def _issue(self, path: Path, role: Role, institution: InstitutionCode) -> None:
        identity = Identity(network=self._network, role=role, institution=institution)
        self._root.issue(identity).save(path / "tls.pem", path / "tls.key")

    def _make_hub_keys(self) -> Translator:
        keys, folder = HubKeys.generate(), self._folder("hub")
        folder.write_secret("factor.key", keys.factor_key)
        folder.write_secret("opening.key", keys.opening_key)
        folder.write_secret("rerandomise.key", keys.rerandomise_key)
        return Translator(self._group, keys)

    def _make_log_key(self) -> str:
        key = SigningKey.generate()
        self._folder("hub").write_secret("log.key", key.to_bytes())
        verifier = Verifier(log_origin(self._network), key.verify_key)
        (self._path / "log.vkey").write_text(verifier.vkey + "\n", "ascii")
        return verifier.vkey

    def _make_agency(self, member: Member, translator: Translator) -> DirectoryEntry:
        """Make an agency's keys and its directory entry, which agency and hub both sign."""
        folder, sealing_key = self._folder(member.party), SealingKey.generate()
        agency_secret = self._group.random_scalar()
        folder.write_secret("agency.key", agency_secret.value)
        folder.write_secret("sealing.key", sealing_key.to_bytes())
        folder.write_secret("row.key", secrets.token_bytes(32))
        folder.write_secret("storage.key", secrets.token_bytes(32))
        business = folder.path / "business"
        business.mkdir(mode=0o700)
        self._issue(business, Role.BUSINESS, member.institution)
        agency_key = self._group.base_multiply(agency_secret)
        points = translator.directory_points(member.institution, _EPOCH, agency_key)
        entry = DirectoryEntry(
            institution_code=member.institution,
            institution_kind=member.kind,
            institution_name=member.name,
            suite=self._group.suite,
            epoch=_EPOCH,
            agency_key=agency_key,
            opening_key=points.opening_key,
            joint_key=points.joint_key,
            factor_commitment=points.commitment,
            sealing_key=sealing_key.public,
            signing_key=self._signing[member.party].verify_key,
            joint_key_proof=points.proof,
        )
        sign_entry(self._signing[member.party], entry)
        countersign_entry(self._signing["hub"], entry)
        return entry

    def _write_directory(self, entries: list[DirectoryEntry], log_verifier_key: str) -> None:
        hub, authority = self._member(Role.HUB), self._member(Role.AUTHORITY)
        directory = DirectoryFile(
            network=self._network,
            suite=self._group.suite,
            hub_institution_code=hub.institution,
            hub_signing_key=self._signing[hub.party].verify_key,
            authority_institution_code=authority.institution,
            authority_signing_key=self._signing[authority.party].verify_key,
            log_verifier_key=log_verifier_key,
            entries=entries,
        )
        for member in self._members:
            write_directory_file(self._path / member.party / "directory.json", directory)

    def _write_network_file(self, log_verifier_key: str) -> None:
        description = {
            "notice": "SIMULATED. Not a My Number service; never put real My Numbers in it.",
            "network": self._network,
            "suite": self._group.suite,
            "root_certificate": "root/root.pem",
            "log_verifier_key": log_verifier_key,
            "parties": {member.party: _described(member) for member in self._members},
        }
        text = json.dumps(description, ensure_ascii=False, indent=2)
        (self._path / NETWORK_FILE).write_text(text + "\n", "utf-8")


def _described(member: Member) -> dict[str, object]:
    described: dict[str, object] = {
        "role": member.role.value,
        "institution_code": member.institution,
        "institution_kind": member.kind,
        "institution_name": member.name,
        "endpoint": None,
        "folder": member.party,
        "certificate": f"{member.party}/tls.pem",
        "private_key": f"{member.party}/tls.key",
    }
    if member.role is Role.AGENCY:
        described["business_certificate"] = f"{member.party}/business/tls.pem"
        described["business_private_key"] = f"{member.party}/business/tls.key"
    return described
