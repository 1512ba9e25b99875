"""Who says that a chip's records are genuine: the office's key, and the maker that it certifies, in the authority's folder.

Decides which file holds what. A maker signs what is put into chips (``warifu.card.applications.records``); a terminal goes by the office's
public key alone. Raises OSError where the disk refuses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from warifu.card.applications.records import cv_certificate, public_key
from warifu.card.personalisation import RecordSigner
from warifu.card.secrets import PrivateKey
from warifu.errors import Reason, WarifuError
from warifu.pki import make_private_folder, write_private_file, write_public_file

__all__ = ["CARD_ROOT", "make_card_root", "read_maker"]

CARD_ROOT: Final = "card-root.bin"
"""The office's public key, as chips write one."""

_KEY, _MAKER, _CERTIFICATE = "card-root.key", "maker.key", "maker.cv"
_FOLDER: Final = "maker"
_OPEN_TO_OTHERS: Final = 0o077


def make_card_root(folder: Path) -> None:
    """Make the office's key, and a maker's with a certificate, in a folder of the maker's own."""
    office, maker = PrivateKey.generate(), PrivateKey.generate()
    write_private_file(folder / _KEY, office.pkcs8)
    write_public_file(folder / CARD_ROOT, public_key(office))
    make_private_folder(folder / _FOLDER)
    write_private_file(folder / _FOLDER / _MAKER, maker.pkcs8)
    write_public_file(folder / _FOLDER / _CERTIFICATE, cv_certificate(office, maker))


def read_maker(folder: Path) -> RecordSigner:
    """The maker in the authority's ``folder``. Raises: KEY_INVALID, naming the file, also when it is open to others."""
    path = folder / _FOLDER / _MAKER
    try:
        is_open = path.stat().st_mode & _OPEN_TO_OTHERS
        signer = RecordSigner(PrivateKey(path.read_bytes()), (folder / _FOLDER / _CERTIFICATE).read_bytes())
        signer.key.loaded()
    except (OSError, ValueError, TypeError):
        raise WarifuError(Reason.KEY_INVALID, where=f"{_FOLDER}/{_MAKER}") from None
    if is_open:
        raise WarifuError(Reason.KEY_INVALID, where=f"{_FOLDER}/{_MAKER}: readable by others; run chmod 600 on it")
    return signer
