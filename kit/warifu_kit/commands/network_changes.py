"""How a check changes the network that was made for it: as ``warifu keys``, ``certificate`` and ``member`` do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from warifu.identifiers import InstitutionCode
    from warifu_kit.conformance.changes import MovableClock, NetworkChanges

__all__ = ["network_changes"]


def network_changes() -> NetworkChanges:
    """Changes by the network's root, whose key lies in its folder."""
    from warifu_kit.conformance.changes import NetworkChanges
    from warifu_kit.network.custody import take_back
    from warifu_kit.network.rotation import OVERLAP, AgencyKeys, rotate_agency_keys, rotate_signing_key

    def of_agency(which: AgencyKeys, path: Path, party: str, overlap: timedelta | None) -> None:
        rotate_agency_keys(path, party, which, overlap=OVERLAP if overlap is None else overlap)

    def signing_key_of(path: Path, party: str, overlap: timedelta | None) -> None:
        of_agency(AgencyKeys(signing_key=True), path, party, overlap)

    def keys_of(path: Path, party: str, overlap: timedelta | None) -> None:
        of_agency(AgencyKeys(agency_key=True, sealing_key=True, signing_key=True), path, party, overlap)

    def of_hub(path: Path, overlap: timedelta | None) -> None:
        rotate_signing_key(path, "hub", overlap=OVERLAP if overlap is None else overlap)

    return NetworkChanges(
        signing_key_of=signing_key_of,
        hubs_signing_key=of_hub,
        keys_of=keys_of,
        take_back=lambda path, serial: take_back(path, [serial]),
        join=_join,
        clock_at=_clock_at,
    )


def _join(path: Path, party: str, kind: str, institution: InstitutionCode) -> None:
    from warifu.party.network_file import read_network_file
    from warifu.pki import Role
    from warifu_kit.network.joining import add_member
    from warifu_kit.network.one_party import Member

    if party in read_network_file(path).parties:  # the network was checked in before
        return
    name = "Office without an assessment (SIMULATED)"
    add_member(path, Member(party=party, role=Role.AGENCY, kind=kind, name=name, institution=institution))


def _clock_at(path: Path) -> MovableClock:
    from warifu_kit.network.settable_clock import SettableClock, make_clock_file

    if not path.exists():
        make_clock_file(path)
    return SettableClock(path)
