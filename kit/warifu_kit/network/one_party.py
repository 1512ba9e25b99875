"""Making one party: its folder, certificates and keys, and, for an agency, its entry in the directory.

Decides what each party's folder holds at the start. It is the same for the parties of a new network and for one that
joins later: the network's folder has the root and, but for the hub itself, the hub; from these every other party is made.
Which parties there are, and what all of them are told (directory, ``network.json``), it does not decide.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry
from warifu.clock import Clock
from warifu.curve.group import Group, Point, RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.exchange.seal import SealingKey
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode
from warifu.jpki.profile import CertificateUse
from warifu.party.folder import PartyFolder, PartySettings
from warifu.party.network_file import PartyEntry
from warifu.party.witness_file import WITNESS_KEY
from warifu.pki import Identity, Role, Root, make_private_folder, write_public_file
from warifu_hub.translate import HubKeys
from warifu_kit.network.endpoints import any_loopback_port
from warifu_kit.network.hub_secrets import AgencyPublics, HubSecrets
from warifu_kit.network.seeded import Draws, drawn_by_the_system
from warifu_services.jpki.card_root import CARD_ROOT, make_card_root
from warifu_services.jpki.roots import make_roots, root_file
from warifu_services.verifier.trust_files import JPKI_FILE
from warifu_services.witness.seen_file import SEEN_FILE

__all__ = ["FIRST_EPOCH", "HUB", "JPKI", "UNFINISHED", "Member", "describe_party", "make_party", "unfinished_folder"]

FIRST_EPOCH = 1
"""The epoch of the keys with which an agency starts."""

HUB = "hub"
"""The folder of the hub in a network's folder."""

JPKI = "jpki"
"""The folder of the certificate authority in a network's folder."""

UNFINISHED = ".making-"
"""How the names begin of folders in which something is being made."""

_HUB_SECRETS = ("factor.key", "opening.key", "rerandomise.key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One party to be made. ``kind`` is an institution kind of the permission table for agencies, the role otherwise.

    ``listen`` is the host:port it takes until it is told otherwise; port 0 takes a free one, and keeps it. Left out, it
    is loopback. The numbers, and ``adapter``, are those of :class:`PartySettings`.
    """

    party: str
    role: Role
    kind: str
    name: str
    institution: InstitutionCode
    listen: str | None = None
    spread_s: float | None = None
    beat_s: float | None = None
    workers: int | None = None
    codes_a_day: int | None = None
    misses_a_day: int | None = None
    adapter: str | None = None


def make_party(
    network: Path,
    member: Member,
    *,
    group: Group,
    clock: Clock,
    draws: Draws = drawn_by_the_system,
    valid_days: float = 90,
) -> DirectoryEntry | None:
    """Make one party in the network's folder; appears whole or not at all. An agency's entry, signed by agency and hub.

    Its keys are drawn from ``draws``; its certificates are good from ``clock`` for ``valid_days``.
    ``network`` holds ``root`` and, unless ``member`` is the hub, the hub's folder. Not written here: ``directory.json``
    and ``permissions.yaml``, which are the same for all, and ``network.json`` (:func:`describe_party`). No other party's folder changes.

    Raises: PATH_UNUSABLE when there is such a folder already; KEY_INVALID when the root or the hub's keys cannot be
        read; OSError.
    """
    if (network / member.party).exists():
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{network / member.party}: is there already")
    with unfinished_folder(network) as folder:
        entry = _Making(network, PartyFolder(folder), member, group, clock, draws(member.party), valid_days).make()
        folder.rename(network / member.party)
    return entry


def describe_party(member: Member, endpoint: str | None = None) -> PartyEntry:
    """What ``network.json`` says of a party made by :func:`make_party`; no ``endpoint`` before it was up."""
    told: dict[str, object] = {
        "role": member.role.value,
        "institution_code": member.institution,
        "institution_kind": member.kind,
        "institution_name": member.name,
        "endpoint": endpoint,
        "folder": member.party,
        "certificate": f"{member.party}/tls.pem",
        "private_key": f"{member.party}/tls.key",
    }
    if member.role in (Role.AGENCY, Role.VERIFIER):
        told["business_certificate"] = f"{member.party}/business/tls.pem"
        told["business_private_key"] = f"{member.party}/business/tls.key"
    return PartyEntry.model_validate(told)


@contextmanager
def unfinished_folder(beside: Path) -> Iterator[Path]:
    """A folder nobody else uses, for what is being made; whatever is left of it at the end goes.

    It lies in ``beside``, which is made if need be, so that it can be renamed to its place in one step.
    """
    beside.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=beside))
    unfinished.chmod(0o700)  # a umask may have taken from the owner too
    try:
        yield unfinished
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # keys of a party that never was


class _Making:
    """Makes one party; lives for the length of :func:`make_party`."""

    def __init__(
        self,
        network: Path,
        folder: PartyFolder,
        member: Member,
        group: Group,
        clock: Clock,
        draw: RandomBytes,
        valid_days: float,
    ) -> None:
        self._network = network
        self._folder = folder
        self._member = member
        self._group = group
        self._clock = clock
        self._root = Root.load(network / "root", clock)
        self._draw = draw
        self._valid_days = valid_days
        self._signing = SigningKey(draw(32))

    def make(self) -> DirectoryEntry | None:
        self._make_common()
        if self._member.role is Role.HUB:
            self._make_hub()
        elif self._member.role is Role.AUTHORITY:
            self._folder.write_secret("point.key", self._draw(32))
        elif self._member.role is Role.SUPERVISOR:
            self._folder.write_secret(WITNESS_KEY, self._draw(32))
            write_public_file(self._folder.path / SEEN_FILE, b"")
        elif self._member.role is Role.JPKI:
            make_roots(self._folder.path, self._clock)
            make_card_root(self._folder.path)
        elif self._member.role is Role.VERIFIER:
            self._make_verifier()
        elif self._member.role is Role.AGENCY:
            return self._make_agency()
        return None

    def _make_common(self) -> None:
        folder, member = self._folder, self._member
        self._issue(folder.path, member.role)
        folder.write_secret("signing.key", self._signing.to_bytes())
        write_public_file(folder.path / "root.pem", self._root.cert_pem)
        write_public_file(folder.path / "revoked.pem", self._revocations())
        folder.write_settings(
            PartySettings(
                network=self._root.network,
                role=member.role.value,
                institution_code=member.institution,
                institution_kind=member.kind,
                institution_name=member.name,
                listen=member.listen or any_loopback_port(),
                spread_s=member.spread_s,
                beat_s=member.beat_s,
                workers=member.workers,
                codes_a_day=member.codes_a_day,
                misses_a_day=member.misses_a_day,
                adapter=member.adapter,
            )
        )

    def _revocations(self) -> bytes:
        """The network's list as it is; an empty one in a network that is being made."""
        newest = self._network / HUB / "revoked.pem"
        return newest.read_bytes() if newest.exists() else self._root.revocation_list((), self._clock)

    def _issue(self, path: Path, role: Role) -> None:
        identity = Identity(network=self._root.network, role=role, institution=self._member.institution)
        self._root.issue(identity, self._valid_days, self._draw).save(path / "tls.pem", path / "tls.key")

    def _make_hub(self) -> None:
        keys = HubKeys.generate(self._draw)
        secret_bytes = (keys.factor_key, keys.opening_key, keys.rerandomise_key)
        for name, secret in zip(_HUB_SECRETS, secret_bytes, strict=True):
            self._folder.write_secret(name, secret)
        self._folder.write_secret("log.key", self._draw(32))

    def _make_verifier(self) -> None:
        """It trusts the roots that lie in the authority's folder, which is made before it, and has a business system."""
        for name in (*map(root_file, CertificateUse), CARD_ROOT):
            write_public_file(self._folder.path / name, (self._network / JPKI / name).read_bytes())
        write_public_file(
            self._folder.path / JPKI_FILE,
            PartyFolder(self._network / JPKI).settings().institution_code.encode() + b"\n",
        )
        self._make_business()

    def _make_business(self) -> None:
        business = self._folder.path / "business"
        make_private_folder(business)
        self._issue(business, Role.BUSINESS)

    def _make_agency(self) -> DirectoryEntry:
        folder, sealing_key = self._folder, SealingKey.from_bytes(self._draw(32))
        agency_secret = self._group.random_scalar(self._draw)
        folder.write_secret("agency.key", agency_secret.value)
        folder.write_secret("sealing.key", sealing_key.to_bytes())
        folder.write_secret("row.key", self._draw(32))
        folder.write_secret("storage.key", self._draw(32))
        self._make_business()
        return self._entry(self._group.base_multiply(agency_secret), sealing_key.public)

    def _entry(self, agency_key: Point, sealing_key: bytes) -> DirectoryEntry:
        """The agency's directory entry, which agency and hub both sign."""
        hub = HubSecrets(self._network / HUB, self._group)
        agency = AgencyPublics(
            institution=self._member.institution,
            kind=self._member.kind,
            name=self._member.name,
            agency_key=agency_key,
            sealing_key=sealing_key,
            signing_key=self._signing,
        )
        return hub.entry(agency, epoch=FIRST_EPOCH, code_epoch=FIRST_EPOCH, opening_epoch=hub.opening_epoch)
