"""Looking after a network's certificates: renewing, replacing, taking back.

Decides which certificates a network on disk has, how each is replaced while its party runs (parties follow their files),
and how long before its end. Only this module uses the root's private key after creation. Whoever changes the revocation
list holds a lock meanwhile, so that of two who take back at once neither loses what the other did.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.party.claim import claim
from warifu.party.network_file import party_called, read_network_file
from warifu.pki import Credential, Identity, Role, Root, read_revocation_list, write_public_file
from warifu.pki.revocation import RevocationList
from warifu.pki.validity import validity_of
from warifu_kit.network.for_tests import ForTests
from warifu_kit.network.one_party import HUB

__all__ = [
    "REVOCATION_LIST",
    "Renewed",
    "issue_further",
    "keep_fresh",
    "renew",
    "renew_what_ends",
    "revoke",
    "take_back",
]

REVOCATION_LIST = "revocation list"
"""What the revocation list is called among the parties, when it is told what was renewed."""

_REPLACED = "root/replaced-certificates.txt"
_RENEW_BEFORE = timedelta(days=30)
_SIGN_BEFORE = timedelta(days=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """What came of renewing one party's certificates, or the list: until when it is good now, or why it was not done."""

    what: str
    until: datetime | None = None
    fault: WarifuError | None = None


def _pairs(path: Path, party: str) -> list[tuple[Path, Path]]:
    """The certificate and key files of one party: its own, and its business system's if it has one."""
    folder = path / _named(path, party)
    business = folder / "business"
    places = [folder, business] if business.is_dir() else [folder]
    return [(place / "tls.pem", place / "tls.key") for place in places]


def _named(path: Path, party: str) -> str:
    """The name of the party that ``party`` means. Raises: CONFIG_INVALID."""
    kinds = {each: about.institution_kind for each, about in read_network_file(path).parties.items()}
    return party_called(party, kinds, path)


def _parties(path: Path) -> list[str]:
    return list(read_network_file(path).parties)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Raises: PATH_UNUSABLE, naming the file, where the system does not let one be written."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename or path}: {error.strerror}"
        raise WarifuError(Reason.PATH_UNUSABLE, where=where) from error


def renew(path: Path, party: str, *, clock: Clock | None = None) -> list[int]:
    """Give a party new certificates and keys in place of the old ones, which stay good until they end or are revoked.

    Its process takes them up by itself, without a restart. Whose they are, ``network.json`` says: files that are missing
    or spoilt are replaced too. Returns the serial numbers replaced, as far as they can be read.

    Raises: CONFIG_INVALID when there is no such network or party; KEY_INVALID, naming the root's file; PATH_UNUSABLE.
    """
    pairs = _pairs(path, party)
    described = read_network_file(path)
    about, terms = described.parties[_named(path, party)], ForTests.of(described)
    root = Root.load(path / "root", terms.issuing_clock(clock or SystemClock()))
    roles = (Role(about.role), Role.BUSINESS)[: len(pairs)]
    replaced = [serial for certificate, _ in pairs if (serial := _serial_of(certificate)) is not None]
    _note_replaced(path, party, replaced)  # before anything is replaced: it could not be taken back afterwards
    for pair, role in zip(pairs, roles, strict=True):
        identity = Identity(network=root.network, role=role, institution=about.institution_code)
        with _writing(path):
            root.issue(identity, terms.certificate_days).save(*pair)
    return replaced


def issue_further(path: Path, party: str, identity: Identity, clock: Clock) -> Credential:
    """One more certificate of a party, beside those in its folder; it is taken back with them, and nobody renews it.

    Raises: KEY_INVALID, naming the root's file; PATH_UNUSABLE.
    """
    credential = Root.load(path / "root", clock).issue(identity)
    _note_replaced(path, party, [credential.serial])  # before anybody has it: it could not be taken back afterwards
    return credential


def _note_replaced(path: Path, party: str, serials: Iterable[int]) -> None:
    with _writing(path), (path / _REPLACED).open("a", encoding="ascii") as file:
        file.writelines(f"{_named(path, party)} {serial:x}\n" for serial in serials)
        file.flush()
        os.fsync(file.fileno())


def _replaced(path: Path, party: str) -> list[int]:
    """The serial numbers of every certificate of a party that was replaced. Raises: FILE_INVALID; PATH_UNUSABLE."""
    noted, name = path / _REPLACED, _named(path, party)
    with _writing(path):
        lines = noted.read_text("ascii", "replace").splitlines() if noted.exists() else []
    try:
        return [int(serial, 16) for owner, serial in map(str.split, lines) if owner == name]
    except ValueError:
        raise WarifuError(Reason.FILE_INVALID, where=f"{noted}: not a party and a serial number on each line") from None


def _serial_of(certificate: Path) -> int | None:
    try:
        return validity_of(certificate.read_bytes()).serial
    except (OSError, WarifuError):
        return None


def revoke(path: Path, party: str, *, clock: Clock | None = None) -> list[int]:
    """Take back a party's certificates; every party refuses a caller with them within a second or two.

    All that it ever had: those replaced by others would be good until they end. Returns the serial numbers of those it
    holds now, then of the others. To let the party go on, :func:`renew` afterwards.

    Raises: as :func:`renew`; KEY_INVALID, naming the file, when a certificate cannot be read; FILE_INVALID or SIGNATURE_INVALID when the list there is cannot be believed.
    """
    serials = [Credential.read(*pair).serial for pair in _pairs(path, party)] + _replaced(path, party)
    _sign_list(path, serials, clock or SystemClock())
    return serials


def take_back(path: Path, serials: Iterable[int], *, clock: Clock | None = None) -> None:
    """Have the hub's revocation list name these serial numbers as well: whoever follows the hub refuses them in seconds.

    Nothing is written for other parties, which may lie elsewhere. Raises: as :func:`revoke`.
    """
    _sign_list(path, serials, clock or SystemClock(), parties=(HUB,))


def keep_fresh(path: Path, *, clock: Clock | None = None) -> None:
    """Sign the revocation list anew, and renew every certificate that would end within 30 days.

    Raises: as :func:`revoke`.
    """
    clock = clock or SystemClock()
    _sign_list(path, (), clock)
    for party in _parties(path):
        if _end_of(path, party) - clock.now() < _RENEW_BEFORE:
            renew(path, party, clock=clock)


def renew_what_ends(path: Path, *, clock: Clock | None = None) -> list[Renewed]:
    """Renew what ends: certificates within 30 days, the revocation list within 15. For a network that is up.

    What cannot be renewed is told among the rest, and does not keep the rest from it. Empty when nothing ends.

    Raises: CONFIG_INVALID when ``network.json`` cannot be read.
    """
    clock = clock or SystemClock()
    tasks = [_renewal(path, party, clock) for party in _parties(path)]
    return [told for told in (_list_renewal(path, clock), *tasks) if told is not None]


def _renewal(path: Path, party: str, clock: Clock) -> Renewed | None:
    try:
        if _end_of(path, party) - clock.now() >= _RENEW_BEFORE:
            return None
        renew(path, party, clock=clock)
        return Renewed(what=party, until=_end_of(path, party))
    except WarifuError as error:
        return Renewed(what=party, fault=error)


def _list_renewal(path: Path, clock: Clock) -> Renewed | None:
    try:
        root = Root.load(path / "root", clock)
        if _list_held(path, root).good_until - clock.now() >= _SIGN_BEFORE:
            return None
        _sign_list(path, (), clock)
        return Renewed(what=REVOCATION_LIST, until=_list_held(path, root).good_until)
    except WarifuError as error:
        return Renewed(what=REVOCATION_LIST, fault=error)


def _end_of(path: Path, party: str) -> datetime:
    """When the first of a party's certificates ends."""
    return min(_file_end(certificate) for certificate, _ in _pairs(path, party))


def _file_end(certificate: Path) -> datetime:
    try:
        return validity_of(certificate.read_bytes(), str(certificate)).not_after
    except OSError:
        raise WarifuError(Reason.KEY_INVALID, where=str(certificate)) from None


def _list_held(path: Path, root: Root) -> RevocationList:
    # A list past its date is still the record of what was taken back: only its signature counts here.
    long_ago = datetime.fromtimestamp(0, UTC)
    newest = path / HUB / "revoked.pem"
    try:
        return read_revocation_list(newest.read_bytes(), root.cert_pem, long_ago, str(newest))
    except OSError as error:
        raise WarifuError(Reason.FILE_INVALID, where=f"{newest}: {error.strerror}") from error


def _sign_list(path: Path, more: Iterable[int], clock: Clock, parties: Iterable[str] | None = None) -> None:
    """A newer list, for ``parties``; all of them unless given."""
    root = Root.load(path / "root", clock)
    with _list_locked(path):
        valid_for = ForTests.of(read_network_file(path)).list_valid_for
        signed = root.revocation_list({*_list_held(path, root).serials, *more}, clock, valid_for)
        for party in _parties(path) if parties is None else parties:
            with _writing(path):
                write_public_file(path / party / "revoked.pem", signed)


@contextmanager
def _list_locked(path: Path) -> Iterator[None]:
    """Wait until nobody else changes the list. The system lets go when this process ends, however it ends."""
    with _writing(path):
        lock = claim(path / "root" / "revoking.lock", wait=True)
    with lock:
        yield
