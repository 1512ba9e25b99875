"""A party's folder: which file holds what, what is wrong with one said by its name, and no secret shown."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.party.folder import PartyFolder, PartySettings
from warifu.pki import Identity, Role, Root

SETTINGS = PartySettings(
    network="sim-test",
    role="agency",
    institution_code=InstitutionCode("9020110020000001"),
    institution_kind="tax",
    institution_name="税務署 (SIMULATED)",
    listen="127.0.0.1:0",
)
SECRET = bytes(range(32))


@pytest.fixture
def folder(tmp_path: Path) -> PartyFolder:
    return PartyFolder(tmp_path)


def refused(act: Any, *arguments: Any) -> WarifuError:
    with pytest.raises(WarifuError) as error:
        act(*arguments)
    assert SECRET.hex() not in f"{error.value}{error.value.debug}"
    return error.value


def test_settings_are_read_back_as_written(folder: PartyFolder) -> None:
    folder.write_settings(SETTINGS)
    assert folder.settings() == SETTINGS
    assert folder.identity() == Identity(
        network="sim-test", role=Role.AGENCY, institution=InstitutionCode("9020110020000001")
    )
    assert "税務署" in (folder.path / "party.json").read_text("utf-8"), "people read it"


def written(folder: PartyFolder, **changes: Any) -> PartyFolder:
    folder.write_settings(SETTINGS)
    path = folder.path / "party.json"
    fields = {**json.loads(path.read_text("utf-8")), **changes}
    path.write_text(json.dumps({name: value for name, value in fields.items() if value is not ...}), "utf-8")
    return folder


NUMBERS: dict[str, Any] = {"spread_s": 30.5, "beat_s": 5, "codes_a_day": 1000, "misses_a_day": 10, "workers": 2}


@pytest.mark.parametrize("name", sorted(set(PartySettings.__slots__) - NUMBERS.keys() - {"adapter", "store"}))
@pytest.mark.parametrize("value", [..., 3, None, ["x"]])
def test_a_setting_that_is_missing_or_no_text_is_refused(folder: PartyFolder, name: str, value: Any) -> None:
    error = refused(written(folder, **{name: value}).settings)
    assert error.reason is Reason.CONFIG_INVALID
    assert name in error.where


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1, "3", None, ["x"], True, float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(folder: PartyFolder, name: str, value: Any) -> None:
    error = refused(written(folder, **{name: value}).settings)
    assert error.reason is Reason.CONFIG_INVALID
    assert name in error.where


@pytest.mark.parametrize("value", [3, None, "", ["x"]])
def test_where_the_business_system_is_may_be_left_out_and_is_text(folder: PartyFolder, value: Any) -> None:
    assert written(folder).settings().adapter is None
    assert written(folder, adapter="127.0.0.1:7500").settings().adapter == "127.0.0.1:7500"
    error = refused(written(folder, adapter=value).settings)
    assert (error.reason, error.where) == (Reason.CONFIG_INVALID, "party.json: adapter should be host:port, as text")


def test_where_the_rows_are_may_be_left_out_and_is_text(folder: PartyFolder) -> None:
    assert written(folder).settings().store is None
    assert written(folder, store="postgresql://db/one").settings().store == "postgresql://db/one"
    error = refused(written(folder, store=3).settings)
    assert "store should be an address" in error.where


def test_numbers_are_read_back_and_may_be_left_out(folder: PartyFolder) -> None:
    assert written(folder, **NUMBERS).settings() == replace(SETTINGS, **NUMBERS)
    assert "spread_s" not in json.loads(written(folder).path.joinpath("party.json").read_text("utf-8"))


def test_settings_saved_with_a_byte_order_mark_and_escaped_letters_are_read(folder: PartyFolder) -> None:
    folder.write_settings(SETTINGS)
    path = folder.path / "party.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(json.loads(path.read_text("utf-8"))).encode())
    assert folder.settings() == SETTINGS


@pytest.mark.parametrize(
    ("content", "where"), [(b'{\n"network": "\\ud800"}', "party.json:2"), (b'{\n\n"network": }', "party.json:3")]
)
def test_settings_that_are_no_text_are_refused_by_their_line(folder: PartyFolder, content: bytes, where: str) -> None:
    (folder.path / "party.json").write_bytes(content)
    error = refused(folder.settings)
    assert (error.reason, error.where.split()[0]) == (Reason.CONFIG_INVALID, where)


def test_a_secret_saved_with_a_byte_order_mark_is_read(folder: PartyFolder) -> None:
    path = folder.path / "some.key"
    path.write_bytes(b"\xef\xbb\xbf" + SECRET.hex().encode() + b"\r\n")
    path.chmod(0o600)
    assert folder.secret("some.key") == SECRET


def test_a_setting_nobody_knows_is_refused(folder: PartyFolder) -> None:
    assert refused(written(folder, colour="blue").settings).reason is Reason.CONFIG_INVALID


@pytest.mark.parametrize("code", ["", "12", "902011002000000x", "９０２０１１００２０００００１", "90201100200000012"])
def test_an_institution_code_that_is_none_is_refused_by_its_field(folder: PartyFolder, code: str) -> None:
    error = refused(written(folder, institution_code=code).settings)
    assert (error.reason, error.where) == (Reason.CONFIG_INVALID, "party.json: institution_code")


def test_a_role_that_is_none_is_refused_by_its_field(folder: PartyFolder) -> None:
    error = refused(written(folder, role="king").identity)
    assert (error.reason, error.where) == (Reason.CONFIG_INVALID, "party.json: role")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"[" * 200_000], ids=range(6))
def test_settings_that_are_no_settings_are_refused_by_their_file(folder: PartyFolder, content: bytes) -> None:
    (folder.path / "party.json").write_bytes(content)
    error = refused(folder.settings)
    assert error.reason is Reason.CONFIG_INVALID
    assert error.where.startswith("party.json")


def test_a_folder_without_settings_says_so(folder: PartyFolder) -> None:
    error = refused(folder.settings)
    assert (error.reason, error.where, error.debug) == (Reason.CONFIG_INVALID, "party.json", "FileNotFoundError")


def test_a_secret_is_read_back_and_is_its_owners_alone(folder: PartyFolder) -> None:
    before = os.umask(0)
    try:
        folder.write_secret("some.key", SECRET)
    finally:
        os.umask(before)
    assert folder.secret("some.key") == SECRET
    assert stat.S_IMODE((folder.path / "some.key").stat().st_mode) == 0o600


def test_a_secret_is_never_overwritten(folder: PartyFolder) -> None:
    folder.write_secret("some.key", SECRET)
    with pytest.raises(FileExistsError):
        folder.write_secret("some.key", bytes(32))
    assert folder.secret("some.key") == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o601])
def test_a_secret_open_to_others_is_refused_with_what_to_do(folder: PartyFolder, mode: int) -> None:
    folder.write_secret("some.key", SECRET)
    (folder.path / "some.key").chmod(mode)
    error = refused(folder.secret, "some.key")
    assert error.reason is Reason.KEY_INVALID
    assert error.where.startswith("some.key")
    assert "chmod 600" in error.where


@pytest.mark.parametrize(
    "content", [b"", b"not hexadecimal", SECRET.hex()[:-1].encode(), SECRET.hex()[:-2].encode(), b"\xff" * 64, SECRET]
)
def test_a_secret_of_another_shape_is_refused_by_its_name(folder: PartyFolder, content: bytes) -> None:
    path = folder.path / "some.key"
    path.write_bytes(content)
    path.chmod(0o600)
    error = refused(folder.secret, "some.key")
    assert error.reason is Reason.KEY_INVALID
    assert error.where.startswith("some.key")


def test_a_missing_secret_is_refused_by_its_name(folder: PartyFolder) -> None:
    error = refused(folder.secret, "some.key")
    assert (error.reason, error.where) == (Reason.KEY_INVALID, "some.key")


def test_a_secret_of_the_size_asked_for_is_given_whatever_that_is(folder: PartyFolder) -> None:
    folder.write_secret("seed", SECRET[:16])
    assert folder.secret("seed", 16) == SECRET[:16]
    assert refused(folder.secret, "seed").where == "seed: 32 bytes are needed"


def test_a_missing_root_certificate_or_credential_is_refused_by_its_name(folder: PartyFolder) -> None:
    error = refused(folder.root_pem)
    assert (error.reason, error.where) == (Reason.KEY_INVALID, "root.pem")
    error = refused(folder.credential)
    assert error.reason is Reason.KEY_INVALID
    assert "tls" in error.where


def test_the_credential_is_the_one_in_the_folder(folder: PartyFolder) -> None:
    identity = Identity(network="sim-test", role=Role.AGENCY, institution=InstitutionCode("9020110020000001"))
    issued = Root.create("sim-test", SystemClock()).issue(identity)
    issued.save(folder.path / "tls.pem", folder.path / "tls.key")
    assert folder.credential().current() == issued


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o622])
def test_a_tls_key_open_to_others_is_refused_like_any_other_key(folder: PartyFolder, mode: int) -> None:
    identity = Identity(network="sim-test", role=Role.AGENCY, institution=InstitutionCode("9020110020000001"))
    Root.create("sim-test", SystemClock()).issue(identity).save(folder.path / "tls.pem", folder.path / "tls.key")
    (folder.path / "tls.key").chmod(mode)
    error = refused(folder.credential)
    assert error.reason is Reason.KEY_INVALID
    assert error.where == "tls.key: readable by others; run chmod 600 on it"


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_a_root_certificate_that_is_none_is_refused_by_its_name(folder: PartyFolder, content: bytes) -> None:
    (folder.path / "root.pem").write_bytes(content)
    error = refused(folder.root_pem)
    assert (error.reason, error.where) == (Reason.KEY_INVALID, "root.pem")


def test_a_missing_directory_is_refused_by_its_name(folder: PartyFolder) -> None:
    error = refused(folder.directory)
    assert (error.reason, error.where) == (Reason.DIRECTORY_INVALID, "directory.json")


@pytest.mark.parametrize("content", ["[" * 200_000, '{"entries":' * 50_000, "{"], ids=range(3))
def test_a_directory_that_is_none_is_refused_by_its_name(folder: PartyFolder, content: str) -> None:
    (folder.path / "directory.json").write_text(content)
    error = refused(folder.directory)
    assert (error.reason, error.where) == (Reason.DIRECTORY_INVALID, "directory.json")
