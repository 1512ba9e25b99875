"""How a check changes keys of the network that was made for it: as ``warifu keys`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from warifu_kit.conformance.rotating import KeyChanges

__all__ = ["key_changes"]


def key_changes() -> KeyChanges:
    """Changes by the network's root, whose key lies in its folder."""
    from warifu_kit.conformance.rotating import KeyChanges
    from warifu_kit.network.rotation import OVERLAP, AgencyKeys, rotate_agency_keys, rotate_signing_key

    def of_agency(path: Path, party: str, overlap: timedelta | None) -> None:
        rotate_agency_keys(path, party, AgencyKeys(signing_key=True), overlap=OVERLAP if overlap is None else overlap)

    def of_hub(path: Path, overlap: timedelta | None) -> None:
        rotate_signing_key(path, "hub", overlap=OVERLAP if overlap is None else overlap)

    return KeyChanges(of_agency, of_hub)
