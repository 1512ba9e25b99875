"""Looking after a network's certificates: renewing, replacing, taking back.

Decides which certificates a network on disk has and how each is replaced, while its party runs: parties follow their
files. Only this module uses the root's private key after creation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.party.network_file import party_called, read_network_file
from warifu.pki import Credential, Root, read_revocation_list, write_public_file

__all__ = ["keep_fresh", "renew", "revoke"]

_RENEW_BEFORE = timedelta(days=30)


def _pairs(path: Path, party: str) -> list[tuple[Path, Path]]:
    """The certificate and key files of one party: its own, and its business system's if it has one."""
    kinds = {each: about.institution_kind for each, about in read_network_file(path).parties.items()}
    folder = path / party_called(party, kinds, path)
    business = folder / "business"
    places = [folder, business] if business.is_dir() else [folder]
    return [(place / "tls.pem", place / "tls.key") for place in places]


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

    Its process takes them up by itself, without a restart. Returns the serial numbers replaced.

    Raises: CONFIG_INVALID when there is no such network or party; KEY_INVALID, naming the file; PATH_UNUSABLE.
    """
    pairs = _pairs(path, party)
    root = Root.load(path / "root", clock or SystemClock())
    held = [Credential.read(*pair) for pair in pairs]
    for pair, old in zip(pairs, held, strict=True):
        with _writing(path):
            root.issue(old.identity).save(*pair)
    return [old.serial for old in held]


def revoke(path: Path, party: str, *, clock: Clock | None = None) -> list[int]:
    """Take back the certificates a party holds now; every party refuses a caller with them within a second or two.

    Returns the serial numbers. To let the party go on, :func:`renew` afterwards.

    Raises: as :func:`renew`; FILE_INVALID or SIGNATURE_INVALID when the list there is cannot be believed.
    """
    serials = [Credential.read(*pair).serial for pair in _pairs(path, party)]
    _sign_list(path, serials, clock or SystemClock())
    return serials


def keep_fresh(path: Path, *, clock: Clock | None = None) -> None:
    """Sign the revocation list anew, and renew every certificate that would end within 30 days.

    Raises: as :func:`revoke`.
    """
    clock = clock or SystemClock()
    _sign_list(path, (), clock)
    for party in _parties(path):
        ends = min(_end_of(certificate) for certificate, _ in _pairs(path, party))
        if ends - clock.now() < _RENEW_BEFORE:
            renew(path, party, clock=clock)


def _end_of(certificate: Path) -> datetime:
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        raise WarifuError(Reason.KEY_INVALID, where=str(certificate)) from None


def _sign_list(path: Path, more: Iterable[int], clock: Clock) -> None:
    root = Root.load(path / "root", clock)
    # A list past its date is still the record of what was taken back: only its signature counts here.
    long_ago = datetime.fromtimestamp(0, UTC)
    newest = path / "hub" / "revoked.pem"
    try:
        known = read_revocation_list(newest.read_bytes(), root.cert_pem, long_ago, str(newest))
    except OSError as error:
        raise WarifuError(Reason.FILE_INVALID, where=f"{newest}: {error.strerror}") from error
    signed = root.revocation_list({*known.serials, *more}, clock)
    for party in _parties(path):
        with _writing(path):
            write_public_file(path / party / "revoked.pem", signed)
