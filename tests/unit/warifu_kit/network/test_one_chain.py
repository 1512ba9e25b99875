"""Versions of the directory are one chain: none is made next to one that a party goes by already."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu.party.directory_file import DIRECTORY_FILE, read_directory_file, write_directory_file
from warifu_kit.network.joining import remove_member
from warifu_kit.network.rotation import AgencyKeys, rotate_agency_keys, rotate_log_key, rotate_opening_key
from warifu_kit.network.versions import newest_version

CHANGES: dict[str, Callable[[Path], object]] = {
    "a member leaves": lambda path: remove_member(path, "childcare"),
    "keys of an agency": lambda path: rotate_agency_keys(path, "tax", AgencyKeys(agency_key=True)),
    "the hub's opening key": rotate_opening_key,
    "the log's key": rotate_log_key,
}


def everything(path: Path) -> dict[str, bytes]:
    files = (file for file in path.rglob("*") if file.is_file() and not file.name.endswith(".lock"))
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def hub_of_before(path: Path, made: Path) -> None:
    shutil.rmtree(path / "hub")
    shutil.copytree(made / "hub", path / "hub")


def refused(call: Callable[[Path], object], path: Path) -> str:
    before = everything(path)
    with pytest.raises(WarifuError) as error:
        call(path)
    assert error.value.reason is Reason.DIRECTORY_INVALID
    assert everything(path) == before
    return error.value.where


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_version_is_made_while_a_party_goes_by_a_newer_one_than_the_hub(
    made: Path, path: Path, change: Callable[[Path], object]
) -> None:
    rotate_agency_keys(path, "tax", AgencyKeys(agency_key=True))
    shutil.copy(path / "hub" / DIRECTORY_FILE, path / "tax" / DIRECTORY_FILE)
    hub_of_before(path, made)
    where = refused(change, path)
    assert "tax goes by version 2 of the directory, the hub's is 1" in where
    assert f"warifu restore BACKUP {path} --party hub --replace" in where


def test_no_version_is_made_while_a_party_goes_by_another_one_of_that_number(made: Path, path: Path) -> None:
    rotate_agency_keys(path, "tax", AgencyKeys(agency_key=True))
    shutil.copy(path / "hub" / DIRECTORY_FILE, path / "authority" / DIRECTORY_FILE)
    hub_of_before(path, made)
    forked = Path(shutil.copytree(made, path.with_name("forked")))
    remove_member(forked, "childcare")
    hub_of_before(path, forked)
    assert "authority goes by another version 2 of the directory" in refused(rotate_opening_key, path)


def test_what_the_root_did_not_sign_and_what_is_no_directory_keeps_nobody_from_a_change(path: Path) -> None:
    unsigned = read_directory_file(path / "tax" / DIRECTORY_FILE)
    unsigned.header.version = 9
    write_directory_file(path / "tax" / DIRECTORY_FILE, unsigned)
    (path / "childcare" / DIRECTORY_FILE).write_text("{")
    (path / "authority" / DIRECTORY_FILE).unlink()
    assert rotate_log_key(path) == 2
    assert newest_version(path).header.version == 2
