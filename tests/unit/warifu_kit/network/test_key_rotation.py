"""Rotating keys and codes: every version verifies, every folder fits it, whenever the command was cut off."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode
from warifu.party.folder import PartyFolder
from warifu.party.network_file import read_network_file, write_network_file
from warifu.pki import Role
from warifu_hub.own_keys import OwnKeys
from warifu_kit.network.joining import add_member, remove_member
from warifu_kit.network.one_party import Member
from warifu_kit.network.rotation import (
    AgencyKeys,
    announce_codes,
    put_codes_in_force,
    rotate_agency_keys,
    rotate_log_key,
    rotate_opening_key,
    rotate_signing_key,
)
from warifu_kit.network.versions import changing, newest_version
from warifu_services.node.keys import NodeKeys

ALL_KEYS = AgencyKeys(agency_key=True, sealing_key=True, signing_key=True)
NEWCOMER = Member(
    party="residence",
    role=Role.AGENCY,
    kind="residence",
    name="Resident registry (SIMULATED)",
    institution=InstitutionCode("9010110020000001"),
)
Rotation = Callable[[Path], int]
ROTATIONS: dict[str, Rotation] = {
    "agency key": lambda path: rotate_agency_keys(path, "tax", AgencyKeys(agency_key=True)),
    "all keys of an agency": lambda path: rotate_agency_keys(path, "tax", ALL_KEYS),
    "opening key": rotate_opening_key,
    "hub's signing key": lambda path: rotate_signing_key(path, "hub"),
    "authority's signing key": lambda path: rotate_signing_key(path, "authority"),
    "log key": rotate_log_key,
    "codes": lambda path: announce_codes(path, "tax") and put_codes_in_force(path, "tax"),
}


def refused(call: Callable[..., Any], *args: Any) -> WarifuError:
    with pytest.raises(WarifuError) as error:
        call(*args)
    return error.value


@pytest.mark.parametrize("case", ROTATIONS)
def test_every_rotation_gives_a_version_that_every_folder_fits_also_twice(path: Path, load_all: Any, case: str) -> None:
    for _ in range(2):
        version = ROTATIONS[case](path)
        assert load_all(path).version == version


@pytest.mark.parametrize("case", ROTATIONS)
def test_who_joins_after_a_rotation_fits_too_and_so_does_every_rotation_after_that(
    path: Path, load_all: Any, case: str
) -> None:
    ROTATIONS[case](path)
    add_member(path, NEWCOMER)
    load_all(path)
    ROTATIONS[case](path)
    load_all(path)


def test_all_rotations_after_each_other_give_one_chain(path: Path, load_all: Any) -> None:
    for rotate in ROTATIONS.values():
        rotate(path)
    add_member(path, NEWCOMER)
    for rotate in reversed(ROTATIONS.values()):
        rotate(path)
    remove_member(path, "residence")
    directory = load_all(path)
    assert directory.version == 1 + 2 * (len(ROTATIONS) + 1) + 2
    assert len(directory.former_log_verifier_keys) == 2


@pytest.mark.parametrize("case", ROTATIONS)
def test_a_rotation_killed_before_any_change_of_a_file_is_completed_by_the_same_command(
    made: Path, tmp_path: Path, crash: Any, load_all: Any, case: str
) -> None:
    rotate, whole = ROTATIONS[case], tmp_path / "whole"
    shutil.copytree(made, whole)
    times = crash.times(lambda: rotate(whole))
    assert times > 3
    for place in range(1, times + 1):
        path = tmp_path / f"at-{place}"
        shutil.copytree(made, path)
        crash.at(place, lambda path=path: rotate(path))
        rotate(path)
        directory = load_all(path)
        assert directory.version > 1
        shutil.rmtree(path)


@pytest.mark.parametrize("case", ["agency key", "opening key", "log key", "codes"])
def test_a_network_whose_rotation_was_killed_still_starts_with_the_version_it_has(
    made: Path, tmp_path: Path, crash: Any, case: str
) -> None:
    rotate, whole = ROTATIONS[case], tmp_path / "whole"
    shutil.copytree(made, whole)
    for place in range(1, crash.times(lambda: rotate(whole)) + 1):
        path = tmp_path / f"at-{place}"
        shutil.copytree(made, path)
        crash.at(place, lambda path=path: rotate(path))
        directory = PartyFolder(path / "hub").directory()
        OwnKeys.load(PartyFolder(path / "hub"), directory)
        for version in (directory, PartyFolder(path / "tax").directory()):
            NodeKeys.load(PartyFolder(path / "tax"), version)
        shutil.rmtree(path)


def test_a_secret_that_an_interrupted_rotation_left_is_in_no_later_version(path: Path, load_all: Any) -> None:
    tax = PartyFolder(path / "tax")
    before = newest_version(path)
    left = SigningKey.generate().to_bytes()[:31] + b"\x01"  # a scalar of either suite
    rotations: tuple[Callable[[], int], ...] = (
        lambda: rotate_agency_keys(path, "tax", AgencyKeys(signing_key=True)),
        lambda: rotate_opening_key(path),
        lambda: announce_codes(path, "tax"),
    )
    for rotate in rotations:
        (entry,) = (each for each in newest_version(path).entries if each.institution_kind == "tax")
        for name in ("agency", "sealing", "signing"):
            tax.write_secret(f"{name}.{entry.epoch + 1}.key", left)
        rotate()
    put_codes_in_force(path, "tax")
    load_all(path)
    (entry,) = (each for each in newest_version(path).entries if each.institution_kind == "tax")
    (first,) = (each for each in before.entries if each.institution_kind == "tax")
    assert entry.epoch == 4
    assert (entry.agency_key, entry.sealing_key) == (first.agency_key, first.sealing_key)
    assert entry.signing_key != first.signing_key


@pytest.mark.parametrize("left", [b"", b"00", b"zz" * 32, b"11" * 32 + b"\n"])
@pytest.mark.parametrize(("party", "name"), [("hub", "signing"), ("hub", "log"), ("authority", "signing")])
def test_what_is_left_of_a_secret_that_was_never_published_keeps_nobody_from_starting(
    path: Path, load_all: Any, left: bytes, party: str, name: str
) -> None:
    rotate_signing_key(path, "hub")
    file = path / party / f"{name}.9.key"
    file.write_bytes(left)
    file.chmod(0o600)
    load_all(path)
    rotate_log_key(path)
    rotate_signing_key(path, "authority")
    load_all(path)


def test_a_published_secret_that_cannot_be_read_is_named(path: Path) -> None:
    rotate_signing_key(path, "hub")
    key = path / "hub" / "signing.2.key"
    key.chmod(0o644)
    error = refused(PartyFolder(path / "hub").published_secret, "signing.key", lambda _: False)
    assert (error.reason, error.where) == (Reason.KEY_INVALID, "signing.2.key: readable by others; run chmod 600 on it")
    key.unlink()
    error = refused(PartyFolder(path / "hub").published_secret, "signing.key", lambda _: False)
    assert error.where == "signing.key: not the key in the directory"


@pytest.mark.parametrize("party", ["tax", "supervisor", "nobody", "root", "../net"])
def test_only_hub_and_authority_have_a_signing_key_of_their_own(path: Path, load_all: Any, party: str) -> None:
    files = sorted(path.rglob("*"))
    assert refused(rotate_signing_key, path, party).reason is Reason.CONFIG_INVALID
    assert sorted(path.rglob("*")) == files
    assert load_all(path).version == 1


@pytest.mark.parametrize("party", ["hub", "authority", "supervisor", "nobody"])
def test_only_agencies_have_agency_keys_and_codes(path: Path, load_all: Any, party: str) -> None:
    for call in (
        lambda: rotate_agency_keys(path, party, ALL_KEYS),
        lambda: announce_codes(path, party),
        lambda: put_codes_in_force(path, party),
    ):
        assert refused(call).reason is Reason.CONFIG_INVALID
    assert load_all(path).version == 1


def test_codes_are_put_in_force_only_when_they_were_announced_and_announced_once(path: Path, load_all: Any) -> None:
    assert refused(put_codes_in_force, path, "tax").reason is Reason.CONFIG_INVALID
    assert (announce_codes(path, "tax"), announce_codes(path, "tax")) == (2, 2)
    assert put_codes_in_force(path, "tax") == 3
    assert refused(put_codes_in_force, path, "tax").reason is Reason.CONFIG_INVALID
    (entry,) = load_all(path).of_kind("tax")
    assert (entry.epoch, entry.code_epoch) == (2, 2)


def test_keys_that_the_announced_epoch_would_take_wait_until_codes_are_rotated(path: Path, load_all: Any) -> None:
    announce_codes(path, "tax")
    assert announce_codes(path, "childcare") == 3
    for call in (
        lambda: rotate_agency_keys(path, "tax", ALL_KEYS),
        lambda: rotate_agency_keys(path, "childcare", ALL_KEYS),
        lambda: rotate_opening_key(path),
    ):
        assert "being rotated" in refused(call).where
    rotate_signing_key(path, "hub")
    put_codes_in_force(path, "tax")
    put_codes_in_force(path, "childcare")
    assert rotate_opening_key(path) == 7
    load_all(path)


def test_codes_of_one_agency_that_are_being_rotated_keep_no_other_from_new_keys(path: Path, load_all: Any) -> None:
    announce_codes(path, "tax")
    rotate_agency_keys(path, "childcare", ALL_KEYS)
    where = refused(rotate_agency_keys, path, "tax", ALL_KEYS).where
    assert where.endswith(
        f"codes of tax are being rotated; end that first, with: warifu keys rotate {path} tax --codes"
    )
    put_codes_in_force(path, "tax")
    rotate_agency_keys(path, "tax", ALL_KEYS)
    load_all(path)


def test_a_network_without_agencies_has_no_joint_key_to_renew(path: Path) -> None:
    for party in ("tax", "childcare"):
        remove_member(path, party)
    error = refused(rotate_opening_key, path)
    assert (error.reason, "no agency" in error.where) == (Reason.CONFIG_INVALID, True)
    assert not list((path / "hub").glob("opening.*.key"))


def test_a_member_that_joined_half_is_named_when_every_joint_key_is_to_change(path: Path, load_all: Any) -> None:
    described = read_network_file(path)
    add_member(path, NEWCOMER)
    write_network_file(path, described)
    error = refused(rotate_opening_key, path)
    assert (error.reason, str(NEWCOMER.institution) in error.where) == (Reason.CONFIG_INVALID, True)
    add_member(path, NEWCOMER)
    rotate_opening_key(path)
    load_all(path)


@pytest.mark.parametrize("case", ROTATIONS)
def test_two_changes_at_once_are_one_too_many(path: Path, load_all: Any, case: str) -> None:
    with changing(path):
        error = refused(ROTATIONS[case], path)
        assert (error.reason, "another change" in error.where) == (Reason.PATH_UNUSABLE, True)
        assert refused(add_member, path, NEWCOMER).reason is Reason.PATH_UNUSABLE
        assert refused(remove_member, path, "tax").reason is Reason.PATH_UNUSABLE
    assert load_all(path).version == 1


def test_a_disk_that_refuses_is_told_with_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: PartyFolder, name: str, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(folder.path / name))

    monkeypatch.setattr(PartyFolder, "write_secret", full)
    for call in (
        lambda: rotate_log_key(path),
        lambda: rotate_opening_key(path),
        lambda: rotate_agency_keys(path, "tax", ALL_KEYS),
        lambda: rotate_signing_key(path, "hub"),
        lambda: add_member(path, NEWCOMER),
    ):
        error = refused(call)
        assert (error.reason, "No space left" in error.where) == (Reason.PATH_UNUSABLE, True)


def test_a_folder_that_holds_no_network_is_told(tmp_path: Path) -> None:
    for rotate in ROTATIONS.values():
        assert refused(rotate, tmp_path / "nothing").reason is Reason.PATH_UNUSABLE
        assert refused(rotate, tmp_path).reason in {Reason.CONFIG_INVALID, Reason.DIRECTORY_INVALID}
