"""What lies in a verifier's folder of those it trusts: both roots, in files of their own, and which institution issues.

Decides that the two stores are never one, from the files on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from warifu.card.tlv import found
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.jpki.profile import CertificateUse
from warifu.jpki.trust import TrustStore

__all__ = ["CARD_ROOT_FILE", "JPKI_FILE", "read_card_root", "read_issuer", "read_stores"]

JPKI_FILE: Final = "jpki.txt"
"""Has the institution code of the certificate authority."""

CARD_ROOT_FILE: Final = "card-root.bin"
"""Has the public key, as chips write one, of the office that certifies makers of cards."""


def read_stores(folder: Path) -> Mapping[CertificateUse, TrustStore]:
    """A store for each use. Raises: KEY_INVALID, naming the file."""
    return {use: TrustStore.of(use, _read(folder / f"{use.value}-root.pem")) for use in CertificateUse}


def read_issuer(folder: Path) -> InstitutionCode:
    """Which institution issues. Raises: CONFIG_INVALID."""
    try:
        return InstitutionCode.parse((folder / JPKI_FILE).read_text("ascii").strip(), JPKI_FILE)
    except (OSError, UnicodeDecodeError, WarifuError):
        raise WarifuError(Reason.CONFIG_INVALID, where=JPKI_FILE) from None


def read_card_root(folder: Path) -> bytes:
    """The public key of the office that certifies makers of cards. Raises: KEY_INVALID."""
    try:
        content = (folder / CARD_ROOT_FILE).read_bytes()
        found(content, 0x90), found(content, 0x91)
    except (OSError, ValueError):
        raise WarifuError(Reason.KEY_INVALID, where=CARD_ROOT_FILE) from None
    return content


def _read(path: Path) -> list[bytes]:
    try:
        return [root.public_bytes(Encoding.DER) for root in x509.load_pem_x509_certificates(path.read_bytes())]
    except (OSError, ValueError):
        raise WarifuError(Reason.KEY_INVALID, where=path.name) from None
