"""A hub put back from an older state never forks the chain of directory versions."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_header import check_follows
from warifu.party.directory_file import DIRECTORY_FILE, VERSIONS_FOLDER, read_directory_file
from warifu.party.folder import PartyFolder
from warifu_hub.own_keys import OwnKeys
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.versions import DirectoryVersions
from warifu_kit.backup.backup import back_up
from warifu_kit.backup.restore import restore_party
from warifu_kit.network.joining import remove_member
from warifu_kit.network.rotation import (
    AgencyKeys,
    rotate_agency_keys,
    rotate_log_key,
    rotate_opening_key,
    rotate_signing_key,
)


def gone_on(network: Path) -> None:
    """Five more versions with every key of the hub new; tax has taken the newest."""
    rotate_opening_key(network)
    rotate_log_key(network)
    rotate_signing_key(network, "hub")
    rotate_agency_keys(network, "tax", AgencyKeys(signing_key=True))
    remove_member(network, "childcare")
    shutil.copy(network / "hub" / DIRECTORY_FILE, network / "tax" / DIRECTORY_FILE)


def everything(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def refused(backup: Path, network: Path) -> str:
    before = everything(network)
    with pytest.raises(WarifuError) as error:
        restore_party(backup, network, "hub", replace=True)
    assert error.value.reason is Reason.CONFIG_INVALID
    assert everything(network) == before
    assert "restore a newer backup, or the whole network into a new folder" in error.value.where
    return error.value.where


def test_it_goes_on_with_the_chain_and_the_keys_of_the_folder_it_replaces(network: Path, backup: Path) -> None:
    gone_on(network)
    newest = read_directory_file(network / "hub" / DIRECTORY_FILE)
    aside = restore_party(backup, network, "hub", replace=True)
    assert aside is not None
    hub = PartyFolder(network / "hub")
    assert read_directory_file(hub.path / DIRECTORY_FILE) == newest
    OwnKeys.load(hub, hub.directory())
    assert everything(hub.path / VERSIONS_FOLDER) == everything(aside / VERSIONS_FOLDER)
    assert {key.stat().st_mode & 0o777 for key in hub.path.glob("*.key")} == {0o600}
    assert rotate_agency_keys(network, "tax", AgencyKeys(agency_key=True)) == 7
    check_follows(newest.header, read_directory_file(hub.path / DIRECTORY_FILE).header)


async def taken(network: Path) -> int:
    """Start the hub's chain as the hub does; the newest version in its log."""
    hub = PartyFolder(network / "hub")
    with closing(DatabaseHubStore(hub.path / "hub.sqlite3")) as store:
        await DirectoryVersions(hub, hub.root_pem(), store, SystemClock()).take()
        newest = store.newest_directory_header()
    assert newest is not None
    return DirectoryHeader.FromString(newest).version


async def test_its_older_log_takes_every_version_since(network: Path, tmp_path: Path) -> None:
    assert await taken(network) == 1
    back_up(network, tmp_path / "of version 1")
    gone_on(network)
    assert await taken(network) == 6
    restore_party(tmp_path / "of version 1", network, "hub", replace=True)
    assert await taken(network) == 6


def test_it_is_refused_where_that_folder_is_lost_and_a_party_goes_by_a_newer_version(
    network: Path, backup: Path
) -> None:
    gone_on(network)
    shutil.rmtree(network / "hub")
    assert "tax goes by version 6 of the directory, the hub's is 1 in the backup" in refused(backup, network)


def _lose_a_version(hub: Path) -> None:
    (hub / VERSIONS_FOLDER / "3.json").unlink()


def _lose_a_key(hub: Path) -> None:
    (hub / "opening.2.key").unlink()


@pytest.mark.parametrize("spoil", [_lose_a_version, _lose_a_key])
def test_it_is_refused_where_versions_or_keys_since_cannot_be_taken_over(
    network: Path, backup: Path, spoil: Callable[[Path], None]
) -> None:
    gone_on(network)
    spoil(network / "hub")
    assert "move it away to go on without it" in refused(backup, network)


def test_it_is_refused_where_a_party_goes_by_another_version_of_the_number(
    network: Path, made: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(made, tmp_path / "other"))
    rotate_signing_key(other, "hub")
    back_up(other, tmp_path / "forked")
    rotate_log_key(network)
    shutil.copy(network / "hub" / DIRECTORY_FILE, network / "tax" / DIRECTORY_FILE)
    assert "tax goes by another version 2 of the directory than the hub's" in refused(tmp_path / "forked", network)


def test_an_agency_whose_version_is_older_is_put_back_because_it_catches_up(network: Path, backup: Path) -> None:
    gone_on(network)
    restore_party(backup, network, "residence", replace=True)
    assert read_directory_file(network / "residence" / DIRECTORY_FILE).header.version == 1
