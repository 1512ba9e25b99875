"""Members of the network whom a node lets in to its NodeService never: everybody but its institution's own business system.

Decides who of a network's folder is tried. What is forged besides, ``certificates`` decides.
"""

from __future__ import annotations

from pathlib import Path

from warifu.errors import WarifuError
from warifu.party.network_file import NetworkFile
from warifu.pki import Credential
from warifu_kit.conformance.wire.calls import Pair

__all__ = ["pair_of", "strangers"]

_OF_THE_NETWORK = ("hub", "authority", "supervisor")


def strangers(path: Path, described: NetworkFile, party: str, other: str) -> dict[str, Pair]:
    """Their certificates by who they are; ``other`` is another agency than ``party``. Whoever has none is left out."""
    folders = {name: path / name for name in _OF_THE_NETWORK if name in described.parties}
    folders |= {"the-node": path / party, "another-agency": path / other, "another-business": path / other / "business"}
    return {name: pair for name, folder in folders.items() if (pair := _pair_if_any(folder)) is not None}


def pair_of(folder: Path) -> Pair:
    """The certificate and key of a party's folder. Raises: KEY_INVALID."""
    found = Credential.read(folder / "tls.pem", folder / "tls.key")
    return Pair(found.cert_pem, found.key_pem)


def _pair_if_any(folder: Path) -> Pair | None:
    try:
        return pair_of(folder)
    except WarifuError:
        return None
