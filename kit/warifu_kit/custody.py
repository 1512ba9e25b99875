"""Looking after a network's certificates: renewing, replacing, taking back.

Decides which certificates a network on disk has and how each is replaced, while its party runs: parties follow their
files. Only this module uses the root's private key after creation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.pki import Credential, Root, read_revocation_list, write_public_file
from warifu_kit.creation import NETWORK_FILE

__all__ = ["keep_fresh", "renew", "revoke"]

_RENEW_BEFORE = timedelta(days=30)


def _pairs(path: Path, party: str) -> list[tuple[Path, Path]]:
    """The certificate and key files of one party: its own, and its business system's if it has one."""
    folder = path / party
    found = [(place / "tls.pem", place / "tls.key") for place in (folder, folder / "business")]
    held = [pair for pair in found if pair[0].exists()]
    if not held:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: no party is called {party}")
    return held


def _parties(path: Path) -> list[str]:
    try:
        return list(json.loads((path / NETWORK_FILE).read_text("utf-8"))["parties"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WarifuError(Reason.CONFIG_INVALID, where=str(path / NETWORK_FILE), debug=type(error).__name__) from error


def _held(pair: tuple[Path, Path]) -> Credential:
    return Credential.from_pem(pair[0].read_bytes(), pair[1].read_bytes(), str(pair[0]))


def renew(path: Path, party: str, *, clock: Clock | None = None) -> list[int]:
    """Give a party new certificates and keys in place of the old ones, which stay good until they end or are revoked.

    Its process takes them up by itself, without a restart. Returns the serial numbers replaced.
    """
    root = Root.load(path / "root", clock or SystemClock())
    replaced = []
    for pair in _pairs(path, party):
        old = _held(pair)
        root.issue(old.identity).save(*pair)
        replaced.append(old.serial)
    return replaced


def revoke(path: Path, party: str, *, clock: Clock | None = None) -> list[int]:
    """Take back the certificates a party holds now; every party refuses them within a second or two.

    Returns the serial numbers. To let the party go on, :func:`renew` afterwards.
    """
    serials = [_held(pair).serial for pair in _pairs(path, party)]
    _sign_list(path, serials, clock or SystemClock())
    return serials


def keep_fresh(path: Path, *, clock: Clock | None = None) -> None:
    """Sign the revocation list anew, and renew every certificate that would end within 30 days."""
    clock = clock or SystemClock()
    _sign_list(path, (), clock)
    for party in _parties(path):
        ends = min(
            x509.load_pem_x509_certificate(pair[0].read_bytes()).not_valid_after_utc for pair in _pairs(path, party)
        )
        if ends - clock.now() < _RENEW_BEFORE:
            renew(path, party, clock=clock)


def _sign_list(path: Path, more: Iterable[int], clock: Clock) -> None:
    root = Root.load(path / "root", clock)
    # A list past its date is still the record of what was taken back: only its signature counts here.
    long_ago = datetime.fromtimestamp(0, UTC)
    known = read_revocation_list((path / "hub" / "revoked.pem").read_bytes(), root.cert_pem, long_ago)
    signed = root.revocation_list({*known.serials, *more}, clock)
    for party in _parties(path):
        write_public_file(path / party / "revoked.pem", signed)
