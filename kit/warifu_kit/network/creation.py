"""Making a new network: root, certificates, keys, directory, one folder for each party.

Decides who is in a network, and what all of them are told. Every key is new for every network that nobody gave a seed, so that
no network can be mistaken for another, or for a real one. After creation no process sees all of this again. What one
party's folder holds is in ``one_party``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry, DirectoryFile, DirectoryHeader
from warifu.clock import Clock, SystemClock
from warifu.curve.group import Group
from warifu.curve.suites import group_of
from warifu.errors import Reason, WarifuError
from warifu.exchange.proof_policy import ALWAYS_PROVEN, ProofPolicy
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode, MunicipalityCode
from warifu.party.directory_file import DIRECTORY_FILE, write_directory_file
from warifu.party.folder import PartyFolder
from warifu.party.network_file import NETWORK_FILE, NetworkFile, write_network_file
from warifu.party.witness_file import WITNESS_KEY, witness_name, write_witnesses
from warifu.permissions.table import DEFAULT_TABLE, TABLE_FILE, table_digest
from warifu.pki import Role, Root, make_private_folder, write_public_file
from warifu.tlog.checkpoint import log_origin
from warifu.tlog.cosignature import Witness
from warifu.tlog.note import Verifier
from warifu_kit.network.for_tests import LIKE_OTHERS, ForTests
from warifu_kit.network.one_party import HUB, Member, describe_party, make_party, unfinished_folder
from warifu_kit.network.settable_clock import CLOCK_FILE, make_clock_file
from warifu_kit.network.versions import make_version, write_version

__all__ = ["DEFAULT_MEMBERS", "JPKI_MEMBERS", "Member", "create_network", "holds_network"]

_MUNICIPALITY = MunicipalityCode("011002")


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

JPKI_MEMBERS: tuple[Member, ...] = (
    _central("jpki", Role.JPKI, 93, "Certificate authority of JPKI"),
    _central("verifier", Role.VERIFIER, 94, "Platform operator"),
)
"""Those who issue certificates to people and rely on them. They may be left out: nobody of the exchange asks them."""


def create_network(
    path: Path,
    *,
    members: tuple[Member, ...] = DEFAULT_MEMBERS,
    clock: Clock | None = None,
    permissions: Path = DEFAULT_TABLE,
    suite: int = 2,
    proofs: ProofPolicy = ALWAYS_PROVEN,
    for_tests: ForTests = LIKE_OTHERS,
) -> None:
    """Make a network in ``path``, which must not exist or be empty. Appears whole or not at all.

    A folder made here is open to its owner only (0700); one that was there keeps its mode. ``suite`` is for good: every
    machine that runs a party of the network must have it. ``proofs`` and ``for_tests`` are for good too.

    Raises:
        WarifuError: PATH_UNUSABLE when the folder is in use, no folder, or cannot be written; CONFIG_INVALID when this
            machine lacks the suite's library; SUITE_UNKNOWN.
    """
    group = group_of(suite)
    try:
        target = Path(os.path.realpath(path))  # "." has no name to rename to, and a link is not what is replaced
        there = _exists_empty(target, path)
        with unfinished_folder(target if there else target.parent) as unfinished:
            _Making(unfinished, members, clock or SystemClock(), group, for_tests).make(permissions, proofs)
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


@dataclass(frozen=True, slots=True)
class _Making:
    """Makes a whole network in ``path``, an empty folder."""

    path: Path
    members: tuple[Member, ...]
    clock: Clock
    group: Group
    for_tests: ForTests

    def make(self, permissions: Path, proofs: ProofPolicy) -> None:
        path, members = self.path, self.members
        make_private_folder(path / "root")
        issuing = self.for_tests.issuing_clock(self.clock)
        draws = self.for_tests.draws
        Root.create(self.for_tests.network_name, issuing, draws("root")).save(path / "root")
        entries = self._parties(issuing)
        table = permissions.read_bytes()
        first = _first(path, members, entries, self.group)
        first.header.permission_table_digest = table_digest(table)
        first.header.proof_policy.CopyFrom(proofs.to_message())
        version = make_version(path, lambda _: None, clock=self.clock, first=first)
        for member in members:
            if member.role not in (Role.JPKI, Role.VERIFIER):  # they never ask the hub, and would not hear of the next
                write_directory_file(path / member.party / DIRECTORY_FILE, version)
            if member.role in (Role.HUB, Role.AGENCY):
                write_public_file(path / member.party / TABLE_FILE, table)
        write_version(path, version)
        write_public_file(path / "log.vkey", f"{version.header.log_verifier_key}\n".encode("ascii"))
        witnesses = [_witness(path, member) for member in members if member.role is Role.SUPERVISOR]
        for folder in (path, path / HUB):
            write_witnesses(folder, witnesses)
        if self.for_tests.settable_clock:
            make_clock_file(path / CLOCK_FILE)
        write_network_file(path, _network_file(members, version.header, self.for_tests))

    def _parties(self, issuing: Clock) -> list[DirectoryEntry]:
        """Every party's folder; the entries of the agencies."""
        hub_first = sorted(self.members, key=lambda member: member.role is not Role.HUB)
        days, draws = self.for_tests.certificate_days, self.for_tests.draws
        made = {
            each.party: make_party(self.path, each, group=self.group, clock=issuing, draws=draws, valid_days=days)
            for each in hub_first
        }
        return [entry for member in self.members if (entry := made[member.party]) is not None]


def _first(path: Path, members: tuple[Member, ...], entries: list[DirectoryEntry], group: Group) -> DirectoryFile:
    """What version 1 says of the parties, before it is numbered and signed."""
    hub, authority = _only(members, Role.HUB), _only(members, Role.AUTHORITY)
    network = PartyFolder(path / HUB).settings().network
    log_key = SigningKey(PartyFolder(path / HUB).secret("log.key"))
    header = DirectoryHeader(
        network=network,
        suite=group.suite,
        hub_institution_code=hub.institution,
        hub_signing_key=_verify_key(path / hub.party),
        authority_institution_code=authority.institution,
        authority_signing_key=_verify_key(path / authority.party),
        log_verifier_key=Verifier(log_origin(network), log_key.verify_key).vkey,
    )
    return DirectoryFile(header=header, entries=entries)


def _witness(path: Path, member: Member) -> Witness:
    """The public half of a supervisor's key as a witness."""
    folder = PartyFolder(path / member.party)
    name = witness_name(folder.settings().network, member.institution)
    return Witness(name, SigningKey(folder.secret(WITNESS_KEY)).verify_key)


def _only(members: tuple[Member, ...], role: Role) -> Member:
    (found,) = (member for member in members if member.role is role)
    return found


def _verify_key(party: Path) -> bytes:
    return SigningKey(PartyFolder(party).secret("signing.key")).verify_key


def _network_file(members: tuple[Member, ...], directory: DirectoryHeader, for_tests: ForTests) -> NetworkFile:
    told = {
        **for_tests.described(),
        "network": directory.network,
        "suite": directory.suite,
        "proofs": str(ProofPolicy.from_message(directory.proof_policy)),
        "root_certificate": "root/root.pem",
        "log_verifier_key": directory.log_verifier_key,
        "parties": {member.party: describe_party(member) for member in members},
    }
    return NetworkFile.model_validate(told)
