"""One more party in a network that is there: the same folder as one of the first, and nobody else's file touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from warifu.clock import SystemClock
from warifu.curve.suites import group_of
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.identifiers import InstitutionCode
from warifu.party.folder import PartyFolder
from warifu.party.network_file import read_network_file, write_network_file
from warifu.pki import Role, read_revocation_list
from warifu_kit.network.creation import create_network
from warifu_kit.network.custody import revoke
from warifu_kit.network.one_party import Member, describe_party, make_party
from warifu_kit.network.versions import make_version

LATE = Member(
    party="tax-otaru",
    role=Role.AGENCY,
    kind="tax",
    name="Local tax office (SIMULATED)",
    institution=InstitutionCode("9020120360000001"),
)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    create_network(tmp_path / "net")
    return tmp_path / "net"


def files_of(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_a_late_member_gets_the_folder_that_a_first_one_gets_and_no_other_folder_changes(network: Path) -> None:
    before = files_of(network)
    make_party(network, LATE, group=group_of(2), clock=SystemClock())
    after = files_of(network)
    assert {name: after[name] for name in before} == before
    mine = {name.removeprefix("tax-otaru/") for name in after if name not in before}
    first = {name.removeprefix("tax/") for name in before if name.startswith("tax/")}
    assert mine == first - {"directory.json", "permissions.yaml"}


def test_a_late_members_entry_completes_a_directory_that_verifies(network: Path) -> None:
    entry = make_party(network, LATE, group=group_of(2), clock=SystemClock())
    assert entry is not None
    grown = make_version(network, lambda version: version.entries.append(entry), clock=SystemClock())
    root_pem = PartyFolder(network / "hub").root_pem()
    assert [each.institution for each in Directory.from_message(grown, root_pem).of_kind("tax")] == [
        PartyFolder(network / "tax").settings().institution_code,
        LATE.institution,
    ]


def test_a_late_member_knows_which_certificates_were_taken_back_before_it_came(network: Path) -> None:
    serials = revoke(network, "childcare")
    make_party(network, LATE, group=group_of(2), clock=SystemClock())
    folder = PartyFolder(network / LATE.party)
    listed = read_revocation_list((folder.path / "revoked.pem").read_bytes(), folder.root_pem(), SystemClock().now())
    assert listed.serials == frozenset(serials)


def test_a_late_member_is_described_as_the_first_ones_are(network: Path) -> None:
    make_party(network, LATE, group=group_of(2), clock=SystemClock())
    described = read_network_file(network)
    grown = described.model_copy(update={"parties": {**described.parties, LATE.party: describe_party(LATE)}})
    write_network_file(network, grown)
    assert read_network_file(network) == grown
    assert (network / grown.parties[LATE.party].business_certificate).exists()  # type: ignore[operator]  # an agency


def test_a_name_that_is_taken_is_refused_and_the_folder_there_stays(network: Path) -> None:
    before = files_of(network)
    taken = Member(party="tax", role=Role.AGENCY, kind="tax", name="Another", institution=LATE.institution)
    with pytest.raises(WarifuError) as error:
        make_party(network, taken, group=group_of(2), clock=SystemClock())
    assert (error.value.reason, error.value.where) == (Reason.PATH_UNUSABLE, f"{network / 'tax'}: is there already")
    assert files_of(network) == before


def test_without_the_hubs_keys_no_member_is_made_and_nothing_is_left(network: Path) -> None:
    (network / "hub" / "opening.key").unlink()
    names = {entry.name for entry in network.iterdir()}
    with pytest.raises(WarifuError) as error:
        make_party(network, LATE, group=group_of(2), clock=SystemClock())
    assert error.value.reason is Reason.KEY_INVALID
    assert {entry.name for entry in network.iterdir()} == names
