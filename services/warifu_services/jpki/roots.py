"""The authority's two roots in its folder: one key and one certificate for each use, in files of their own.

Decides which file holds what, and that a key is its owner's alone. The two are never in one file, for nothing that reads one should
find the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.jpki.profile import KEY_BITS, CertificateUse, root_name
from warifu.pki import write_private_file, write_public_file
from warifu_services.jpki.certifying import RootKey, new_root

__all__ = ["make_roots", "read_root_key", "read_roots", "root_file"]

_VALID: Final = timedelta(days=3652)
_SKEW: Final = timedelta(minutes=5)
_OPEN_TO_OTHERS: Final = 0o077


def root_file(use: CertificateUse) -> str:
    """The name of the file with the certificate of a use's root."""
    return f"{use.value}-root.pem"


def make_roots(folder: Path, clock: Clock) -> None:
    """Make both roots, with new keys that the system drew. Raises: OSError."""
    now = clock.now()
    for use in CertificateUse:
        key = rsa.generate_private_key(65_537, KEY_BITS)
        root = new_root(use, key, now - _SKEW, now + _VALID)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private_file(folder / _key_file(use), pem)
        write_public_file(folder / root_file(use), root.certificate.public_bytes(Encoding.PEM))


def read_roots(folder: Path) -> Mapping[CertificateUse, x509.Certificate]:
    """The certificates of both roots. Raises: KEY_INVALID, naming the file."""
    return {use: _certificate(folder / root_file(use), use) for use in CertificateUse}


def read_root_key(folder: Path, use: CertificateUse) -> RootKey:
    """The root of one use with its key. Raises: KEY_INVALID, naming the file, also when it is open to others."""
    certificate, path = _certificate(folder / root_file(use), use), folder / _key_file(use)
    try:
        is_open = path.stat().st_mode & _OPEN_TO_OTHERS
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise WarifuError(Reason.KEY_INVALID, where=path.name) from None
    if is_open or not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
        raise WarifuError(Reason.KEY_INVALID, where=path.name)
    return RootKey(use, certificate, key)


def _certificate(path: Path, use: CertificateUse) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        raise WarifuError(Reason.KEY_INVALID, where=path.name) from None
    if certificate.subject != root_name(use):
        raise WarifuError(Reason.KEY_INVALID, where=path.name)
    return certificate


def _key_file(use: CertificateUse) -> str:
    return f"{use.value}-root.key"
