"""A backup appears whole or not at all, and a torn one is never put back."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.pki import Role
from warifu_hub.store_database import DatabaseHubStore
from warifu_kit.backup import restore
from warifu_kit.backup.backup import back_up
from warifu_kit.backup.manifest import MANIFEST_FILE, read_manifest
from warifu_kit.backup.restore import restore_network, restore_party
from warifu_kit.cli import app
from warifu_kit.network.creation import DEFAULT_MEMBERS, create_network
from warifu_kit.network.custody import revoke
from warifu_kit.network.joining import add_member
from warifu_kit.network.one_party import UNFINISHED
from warifu_kit.network.versions import changing


def files_of(path: Path) -> dict[str, tuple[bytes, int]]:
    return {
        file.relative_to(path).as_posix(): (file.read_bytes(), stat.S_IMODE(file.stat().st_mode))
        for file in path.rglob("*")
        if file.is_file()
    }


def refused(act: Callable[[], object]) -> WarifuError:
    with pytest.raises(WarifuError) as failed:
        act()
    return failed.value


def test_a_restored_network_holds_every_file_with_its_mode_and_nothing_that_is_no_state(
    made: Path, kept: Path, tmp_path: Path
) -> None:
    restore_network(kept, tmp_path / "again")
    original, restored = files_of(made), files_of(tmp_path / "again")
    left_out = {name for name in original if name not in restored}
    assert {name.rpartition("/")[2] for name in left_out} == {
        "party.log",
        "network.lock",
        "changes.lock",
        "hub.sqlite3.lock",
        "node.sqlite3.lock",
    }
    databases = {name for name in restored if name.endswith(".sqlite3")}
    assert databases == {"hub/hub.sqlite3", "tax/node.sqlite3", "childcare/node.sqlite3"}
    assert {name: restored[name] for name in restored if name not in databases} == {
        name: original[name] for name in restored if name not in databases
    }
    with closing(DatabaseHubStore(tmp_path / "again" / "hub" / "hub.sqlite3")) as store:
        assert store.leaves(0, 10) == [b"\x01"]


def test_a_backup_and_all_its_folders_are_open_to_their_owner_only(kept: Path) -> None:
    folders = [kept, *(path for path in kept.rglob("*") if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    assert stat.S_IMODE((kept / "root" / "root.key").stat().st_mode) == 0o600


def test_the_manifest_says_what_there_is_and_how_far_the_log_had_come(kept: Path) -> None:
    manifest = read_manifest(kept)
    assert {file.path for file in manifest.all_files()} == set(files_of(kept)) - {MANIFEST_FILE}
    assert manifest.log is not None
    assert (manifest.log.size, manifest.log.checkpoint) == (1, None)
    (hub,) = (database for database in manifest.databases if database.path == "hub/hub.sqlite3")
    assert (hub.rows["leaf"], hub.rows["exchange"]) == (1, 0)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def _changed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("spoil", [_cut, _changed, Path.unlink], ids=["cut", "changed", "gone"])
@pytest.mark.parametrize("file", ["hub/hub.sqlite3", "tax/row.key", "network.json"])
def test_a_torn_backup_is_refused_naming_the_file_and_nothing_is_left_behind(
    backup: Path, network: Path, tmp_path: Path, spoil: Callable[[Path], None], file: str
) -> None:
    spoil(backup / file)
    error = refused(lambda: restore_network(backup, tmp_path / "again"))
    assert (error.reason, str(backup / file) in error.where) == (Reason.FILE_INVALID, True)
    party, before = file.partition("/")[0], files_of(network)
    if party != file:
        shutil.rmtree(network / party)
        assert refused(lambda: restore_party(backup, network, party)).reason is Reason.FILE_INVALID
        assert not (network / party).exists()
        assert {name for name in files_of(network) if not name.startswith(f"{party}/")} <= set(before)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "net"]
    verified = CliRunner().invoke(app, ["backup", "--verify", str(backup)])
    assert verified.exit_code == 1


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"format": 2}', '{"files": [{"path": "../outside"}]}'],
)
def test_a_manifest_that_is_none_is_refused(backup: Path, tmp_path: Path, text: str) -> None:
    (backup / MANIFEST_FILE).write_text(text)
    assert refused(lambda: restore_network(backup, tmp_path / "again")).reason is Reason.CONFIG_INVALID
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    "path", ["../outside", "/etc/passwd", "//outside", "hub/../../outside", "hub\\outside", "hub/a\x1b[2J", "hub/a\nb"]
)
def test_no_path_of_a_manifest_leads_out_of_the_backup(backup: Path, tmp_path: Path, path: str) -> None:
    manifest = json.loads((backup / MANIFEST_FILE).read_text())
    manifest["files"][0]["path"] = path
    (backup / MANIFEST_FILE).write_text(json.dumps(manifest))
    error = refused(lambda: restore_network(backup, tmp_path / "again"))
    assert error.reason is Reason.CONFIG_INVALID
    assert "files[0].path should be a path inside the backup" in error.where


def _without(backup: Path, beginning: str) -> None:
    manifest = json.loads((backup / MANIFEST_FILE).read_text())
    for kind in ("files", "databases"):
        manifest[kind] = [file for file in manifest[kind] if not file["path"].startswith(beginning)]
    (backup / MANIFEST_FILE).write_text(json.dumps(manifest))


def test_a_manifest_without_the_files_of_whom_is_to_be_restored_is_refused_before_anything_is_moved(
    backup: Path, network: Path, tmp_path: Path
) -> None:
    _without(backup, "tax/")
    before = files_of(network)
    error = refused(lambda: restore_party(backup, network, "tax", replace=True))
    assert (error.reason, "lists tax, and lacks its files" in error.where) == (Reason.CONFIG_INVALID, True)
    _without(backup, "hub/")
    error = refused(lambda: restore_network(backup, tmp_path / "again"))
    assert (error.reason, "one by one, with --party" in error.where) == (Reason.CONFIG_INVALID, True)
    assert files_of(network) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "net"]
    _without(backup, "")
    assert CliRunner().invoke(app, ["backup", "--verify", str(backup)]).exit_code == 1


def _pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def _endless(path: Path, _: Path) -> None:
    path.symlink_to("/dev/zero")


def _link_out(path: Path, outside: Path) -> None:
    shutil.copy(outside, outside.with_name("outside"))
    path.symlink_to(outside.with_name("outside"))


def _linked_folder(path: Path, outside: Path) -> None:
    path.parent.rename(outside.with_name("elsewhere"))
    path.parent.symlink_to(outside.with_name("elsewhere"))
    shutil.copy(outside, path)


def _longer(path: Path, outside: Path) -> None:
    shutil.copy(outside, path)
    os.truncate(path, 1 << 42)  # nobody reads that much


@pytest.mark.parametrize("place", [_pipe, _endless, _link_out, _linked_folder, _longer])
def test_what_is_no_file_of_the_backup_is_refused_and_not_read(
    backup: Path, network: Path, tmp_path: Path, place: Callable[[Path, Path], None]
) -> None:
    file, former = backup / "tax" / "row.key", tmp_path / "row.key"
    file.rename(former)
    place(file, former)
    before = files_of(network)
    assert CliRunner().invoke(app, ["backup", "--verify", str(backup)]).exit_code == 1
    assert refused(lambda: restore_network(backup, tmp_path / "again")).reason is Reason.FILE_INVALID
    error = refused(lambda: restore_party(backup, network, "tax", replace=True))
    assert (error.reason, str(file.parent) in error.where) == (Reason.FILE_INVALID, True)
    assert files_of(network) == before


@pytest.mark.parametrize("name", ["a\nb", "a\\b"])
def test_a_file_whose_name_no_manifest_can_have_is_named_and_ends_the_backup(
    network: Path, tmp_path: Path, name: str
) -> None:
    (network / "tax" / name).touch()
    assert refused(lambda: back_up(network, tmp_path / "out")).reason is Reason.PATH_UNUSABLE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net"]


def test_a_folder_that_holds_something_is_neither_backed_up_into_nor_restored_into(
    network: Path, backup: Path, tmp_path: Path
) -> None:
    for act in (lambda: back_up(network, backup), lambda: restore_network(backup, network)):
        before = files_of(tmp_path)
        assert refused(act).reason is Reason.PATH_UNUSABLE
        assert files_of(tmp_path) == before
    (tmp_path / "empty").mkdir()
    restore_network(backup, tmp_path / "empty")
    assert read_manifest(backup).network in (tmp_path / "empty" / "network.json").read_text()


@pytest.mark.parametrize("place", [".", "backup", "tax/backup"])
def test_a_backup_does_not_go_into_the_network_it_is_of(network: Path, place: str) -> None:
    assert refused(lambda: back_up(network, network / place)).reason is Reason.PATH_UNUSABLE


def test_a_damaged_database_ends_a_backup_and_leaves_nothing(network: Path, tmp_path: Path) -> None:
    file = network / "tax" / "node.sqlite3"
    file.write_bytes(file.read_bytes()[:100] + os.urandom(20_000))
    assert refused(lambda: back_up(network, tmp_path / "out")).reason is Reason.STORE_UNAVAILABLE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net"]


def test_what_is_replaced_while_it_is_copied_is_copied_again_with_all_the_rest(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, fresh = network / "tax" / "tls.key", iter([b"new"])
    read = Path.read_bytes

    def replaced_meanwhile(path: Path) -> bytes:
        content = read(path)
        if path == key and (new := next(fresh, None)) is not None:
            path.write_bytes(new)
        return content

    monkeypatch.setattr(Path, "read_bytes", replaced_meanwhile)
    back_up(network, tmp_path / "out")
    assert read(tmp_path / "out" / "tax" / "tls.key") == b"new"


@pytest.fixture
def held() -> Iterator[Callable[[Path], None]]:
    """Hold a lock as a running process does."""
    files = []

    def hold(path: Path) -> None:
        files.append(path.open("a"))
        fcntl.flock(files[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)

    yield hold
    for file in files:
        file.close()


@pytest.mark.parametrize("lock", ["network.lock", "tax/node.sqlite3.lock"])
def test_no_party_is_restored_that_is_up(network: Path, backup: Path, held: Callable[[Path], None], lock: str) -> None:
    held(network / lock)
    before = files_of(network)
    error = refused(lambda: restore_party(backup, network, "tax", replace=True))
    assert (error.reason, "is up" in error.where) == (Reason.PATH_UNUSABLE, True)
    assert files_of(network) == before


@pytest.mark.parametrize("party", ["tax", "hub"])
def test_no_party_is_restored_while_another_change_of_the_network_is_under_way(
    network: Path, backup: Path, party: str
) -> None:
    before = files_of(network)
    with changing(network):
        error = refused(lambda: restore_party(backup, network, party, replace=True))
    assert (error.reason, "another change is under way" in error.where) == (Reason.PATH_UNUSABLE, True)
    assert files_of(network) == before


def test_no_member_joins_while_a_party_is_restored(
    network: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newcomer = replace(DEFAULT_MEMBERS[-1], party="newcomer", institution=InstitutionCode("9020472018000001"))
    assert newcomer.role is Role.AGENCY
    checked: list[WarifuError] = []

    def meanwhile(*_: object) -> None:
        checked.append(refused(lambda: add_member(network, newcomer)))

    monkeypatch.setattr(restore, "_keep_newest_revocation_list", meanwhile)
    restore_party(backup, network, "tax", replace=True)
    assert [error.reason for error in checked] == [Reason.PATH_UNUSABLE]
    assert files_of(network / "tax") == files_of(backup / "tax")


def test_a_folder_that_cannot_be_put_in_its_place_leaves_the_former_one_there(
    network: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, rename = files_of(network), Path.rename

    def fails(path: Path, target: Path) -> Path:
        if UNFINISHED in str(path):
            raise PermissionError(errno.EACCES, "not now", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails)
    assert refused(lambda: restore_party(backup, network, "tax", replace=True)).reason is Reason.PATH_UNUSABLE
    assert files_of(network) == before


def test_a_party_takes_the_place_of_another_only_when_told_and_that_one_is_kept(network: Path, backup: Path) -> None:
    (network / "tax" / "node.sqlite3").write_bytes(b"newer")
    assert refused(lambda: restore_party(backup, network, "tax")).reason is Reason.PATH_UNUSABLE
    assert (network / "tax" / "node.sqlite3").read_bytes() == b"newer"
    aside = restore_party(backup, network, "tax", replace=True)
    assert aside is not None
    assert (aside / "node.sqlite3").read_bytes() == b"newer"
    assert files_of(network / "tax") == files_of(backup / "tax")
    again = back_up(network, network.parent / "again")
    assert not [file.path for file in again.all_files() if "replaced" in file.path]


def test_a_party_of_another_network_and_one_that_nobody_knows_are_refused(backup: Path, tmp_path: Path) -> None:
    create_network(tmp_path / "other")
    assert refused(lambda: restore_party(backup, tmp_path / "other", "tax")).reason is Reason.CONFIG_INVALID
    restore_network(backup, tmp_path / "again")
    assert refused(lambda: restore_party(backup, tmp_path / "again", "nobody")).reason is Reason.CONFIG_INVALID


@pytest.mark.parametrize("party", ["hub", "tax"])
def test_certificates_taken_back_since_the_backup_stay_taken_back(network: Path, backup: Path, party: str) -> None:
    revoke(network, "childcare")
    newest = (network / "residence" / "revoked.pem").read_bytes()
    restore_party(backup, network, party, replace=True)
    assert (network / party / "revoked.pem").read_bytes() == newest != (backup / party / "revoked.pem").read_bytes()


def test_the_commands_say_what_they_did_to_people_and_to_programs(network: Path, tmp_path: Path) -> None:
    run, out, again = CliRunner(), tmp_path / "a backup", tmp_path / "again"
    shown = run.invoke(app, ["backup", str(network), str(out)])
    assert (shown.exit_code, f"warifu restore '{out}' NEW_DIR" in shown.output) == (0, True)
    told = json.loads(run.invoke(app, ["backup", "--verify", str(out), "--json"]).stdout)
    assert (told["whole"], told["log_size"]) == (True, 1)
    told = json.loads(run.invoke(app, ["restore", str(out), str(again), "--json"]).stdout)
    assert (told["restored"], told["party"], told["kept"]) == (str(again), None, None)
    told = json.loads(
        run.invoke(app, ["restore", str(out), str(again), "--party", "tax", "--replace", "--json"]).stdout
    )
    assert Path(told["kept"]).name.startswith("tax.replaced-")


@pytest.mark.parametrize(
    "words", [["backup", "net"], ["backup", "net", "out", "--verify"], ["restore", "out", "net", "--replace"]]
)
def test_a_command_line_that_makes_no_sense_is_status_2(words: list[str]) -> None:
    assert CliRunner().invoke(app, words).exit_code == 2
