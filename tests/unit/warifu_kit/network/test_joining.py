"""Joining and leaving: who may, that nothing is made when it may not be, and that a command cut off is completed."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.party.directory_file import DIRECTORY_FILE, write_directory_file
from warifu.party.folder import PartyFolder
from warifu.party.network_file import changing_network_file, read_network_file, write_network_file
from warifu.pki import Credential, Role, read_revocation_list
from warifu_kit.cli import app
from warifu_kit.network import joining
from warifu_kit.network.joining import add_member, is_up, remove_member, wait_taken, wait_up
from warifu_kit.network.one_party import Member
from warifu_kit.network.versions import newest_version

NEWCOMER = Member(
    party="tax-naha",
    role=Role.AGENCY,
    kind="tax",
    name="Tax office of Naha (SIMULATED)",
    institution=InstitutionCode("9020472018000001"),
)


def refused(call: Callable[..., Any], *args: Any) -> WarifuError:
    with pytest.raises(WarifuError) as error:
        call(*args)
    return error.value


def everything(path: Path) -> dict[str, bytes]:
    """Every file of a network but locks."""
    files = (file for file in path.rglob("*") if file.is_file() and not file.name.endswith(".lock"))
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def institutions(path: Path) -> list[str]:
    return [entry.institution_code for entry in newest_version(path).entries]


def test_who_joins_is_in_the_directory_in_the_file_and_has_a_folder_that_fits(path: Path, load_all: Any) -> None:
    assert add_member(path, NEWCOMER) == 2
    directory = load_all(path)
    assert directory.entry(NEWCOMER.institution).name == NEWCOMER.name
    assert PartyFolder(path / "tax-naha").directory().version == 2
    about = read_network_file(path).parties["tax-naha"]
    assert (about.endpoint, about.institution_kind) == (None, "tax")


def test_who_joins_decides_by_the_table_that_everybody_has_and_a_hub_with_another_lets_nobody_join(path: Path) -> None:
    add_member(path, NEWCOMER)
    table = path / "hub" / "permissions.yaml"
    assert (path / "tax-naha" / "permissions.yaml").read_bytes() == table.read_bytes()
    table.write_bytes(table.read_bytes() + b"# mine\n")
    before = everything(path)
    other = replace(NEWCOMER, party="tax-otaru", institution=InstitutionCode("9020120360000001"))
    error = refused(add_member, path, other)
    assert error.reason is Reason.CONFIG_INVALID
    assert "not the permission table that the directory names" in error.where
    assert everything(path) == before


def test_who_leaves_is_in_no_directory_its_certificates_are_taken_back_and_its_folder_stays(
    path: Path, load_all: Any
) -> None:
    files = everything(path / "tax")
    assert remove_member(path, "tax") == 2
    load_all(path)
    described = read_network_file(path)
    assert "tax" not in described.parties
    assert described.former_parties["tax"].endpoint is None
    root = (path / "root" / "root.pem").read_bytes()
    for place in (path / "tax", path / "tax" / "business"):
        serial = Credential.read(place / "tls.pem", place / "tls.key").serial
        for party in described.parties:
            revoked = (path / party / "revoked.pem").read_bytes()
            assert serial in read_revocation_list(revoked, root, datetime.now(UTC)).serials
    assert {name for name in files if name != "revoked.pem"} <= set(everything(path / "tax"))


def test_one_that_has_left_may_be_told_to_leave_again(path: Path, load_all: Any) -> None:
    remove_member(path, "tax")
    before = everything(path)
    assert remove_member(path, "tax") == 2
    assert everything(path) == before


def test_a_command_that_is_repeated_goes_on_from_where_it_was(path: Path) -> None:
    office = ["member", "add", str(path), "--name", "tax-naha", "--kind", "tax", "--municipality-code", "472018"]
    first, again = CliRunner().invoke(app, office), CliRunner().invoke(app, office)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "tax-naha is in: version 2" in first.stdout
    assert "tax-naha is in already, as 9" in again.stdout
    other = CliRunner().invoke(app, [*office[:5], "--kind", "childcare", *office[7:]])
    assert isinstance(other.exception, WarifuError)
    assert newest_version(path).header.version == 2


def test_a_command_that_is_interrupted_says_that_the_same_one_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(joining, "remove_member", interrupted)
    ended = CliRunner().invoke(app, ["member", "remove", str(path), "tax"])
    assert ended.exit_code == 130
    assert "completed by the same command again" in ended.stderr


def test_joining_killed_before_any_change_of_a_file_is_completed_by_the_same_command(
    made: Path, tmp_path: Path, crash: Any, load_all: Any
) -> None:
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    times = crash.times(lambda: add_member(whole, NEWCOMER))
    wanted = sorted(everything(whole))
    publishing = times - 16  # before that, a folder of which nobody has heard is made: every third change will do
    for place in (*range(1, publishing, 3), *range(publishing, times + 1)):
        path = Path(shutil.copytree(made, tmp_path / f"at-{place}"))
        crash.at(place, lambda path=path: add_member(path, NEWCOMER))
        if NEWCOMER.party not in read_network_file(path).parties:
            assert add_member(path, NEWCOMER) == 2
        load_all(path)
        assert institutions(path).count(NEWCOMER.institution) == 1
        assert sorted(everything(path)) == wanted
        shutil.rmtree(path)


def test_joining_killed_again_while_it_clears_what_the_first_kill_left_is_completed_too(
    made: Path, tmp_path: Path, crash: Any, load_all: Any
) -> None:
    once = Path(shutil.copytree(made, tmp_path / "once"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "write_version", killed)
        with pytest.raises(KeyboardInterrupt):
            add_member(once, NEWCOMER)
    assert (once / "tax-naha").exists()
    assert NEWCOMER.institution not in institutions(once)
    again = Path(shutil.copytree(once, tmp_path / "again"))
    for place in range(1, crash.times(lambda: add_member(again, NEWCOMER)) + 1, 3):
        path = Path(shutil.copytree(once, tmp_path / f"at-{place}"))
        crash.at(place, lambda path=path: add_member(path, NEWCOMER))
        if NEWCOMER.party not in read_network_file(path).parties:
            add_member(path, NEWCOMER)
        load_all(path)
        shutil.rmtree(path)


def test_leaving_killed_before_any_change_of_a_file_is_completed_by_the_same_command(
    made: Path, tmp_path: Path, crash: Any, load_all: Any
) -> None:
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    times = crash.times(lambda: remove_member(whole, "tax"))
    for place in range(1, times + 1):
        path = Path(shutil.copytree(made, tmp_path / f"at-{place}"))
        crash.at(place, lambda path=path: remove_member(path, "tax"))
        if "tax" in read_network_file(path).parties:
            assert remove_member(path, "tax") == 2
        assert "tax" in read_network_file(path).former_parties
        load_all(path)
        root = (path / "root" / "root.pem").read_bytes()
        serial = Credential.read(path / "tax" / "tls.pem", path / "tax" / "tls.key").serial
        revoked = read_revocation_list((path / "hub" / "revoked.pem").read_bytes(), root, datetime.now(UTC))
        assert serial in revoked.serials
        shutil.rmtree(path)


CANNOT = {
    "a party's name": replace(NEWCOMER, party="childcare"),
    "the hub's name": replace(NEWCOMER, party="hub"),
    "the supervisor's name": replace(NEWCOMER, party="supervisor"),
    "a party's institution code": replace(NEWCOMER, institution=InstitutionCode("9030110020000001")),
    "the hub's institution code": replace(NEWCOMER, institution=InstitutionCode("9900000000000001")),
    "the name of one that left": replace(NEWCOMER, party="tax"),
    "the institution code of one that left": replace(NEWCOMER, institution=InstitutionCode("9020110020000001")),
    "another hub": replace(NEWCOMER, role=Role.HUB),
    "another authority": replace(NEWCOMER, role=Role.AUTHORITY),
    "another supervisor": replace(NEWCOMER, role=Role.SUPERVISOR),
    "a folder elsewhere": replace(NEWCOMER, party="../elsewhere"),
    "the network's own folder": replace(NEWCOMER, party="."),
    "no name": replace(NEWCOMER, party=""),
    "a name in capitals": replace(NEWCOMER, party="Tax"),
}


@pytest.mark.parametrize("case", CANNOT)
def test_who_cannot_join_is_told_why_and_nothing_is_made(path: Path, case: str) -> None:
    remove_member(path, "tax")
    beside, before = sorted(path.parent.iterdir()), everything(path)
    assert refused(add_member, path, CANNOT[case]).reason is Reason.CONFIG_INVALID
    assert everything(path) == before
    assert sorted(path.parent.iterdir()) == beside


def test_a_folder_that_holds_something_else_is_left_alone(path: Path) -> None:
    (path / "tax-naha").mkdir()
    (path / "tax-naha" / "notes.txt").write_text("mine")
    before = everything(path)
    assert refused(add_member, path, NEWCOMER).reason is Reason.PATH_UNUSABLE
    assert everything(path) == before


def test_a_party_that_ran_is_never_taken_for_a_leftover(path: Path) -> None:
    described, version = read_network_file(path), newest_version(path)
    add_member(path, NEWCOMER)
    (path / "tax-naha" / "node.sqlite3").write_bytes(b"records")
    write_network_file(path, described)
    write_directory_file(path / "hub" / DIRECTORY_FILE, version)
    assert refused(add_member, path, NEWCOMER).reason is Reason.PATH_UNUSABLE
    assert (path / "tax-naha" / "node.sqlite3").read_bytes() == b"records"


@pytest.fixture
def half_joined(path: Path) -> Path:
    """A network whose directory has a member that its file does not tell of."""
    described = read_network_file(path)
    add_member(path, NEWCOMER)
    write_network_file(path, described)
    return path


@pytest.mark.parametrize(
    "other",
    [
        replace(NEWCOMER, party="another-name"),
        replace(NEWCOMER, kind="residence"),
        replace(NEWCOMER, name="Something else"),
    ],
    ids=["name", "kind", "institution name"],
)
def test_only_the_very_member_that_was_joining_is_completed(half_joined: Path, load_all: Any, other: Member) -> None:
    before = everything(half_joined)
    assert refused(add_member, half_joined, other).reason is Reason.CONFIG_INVALID
    assert everything(half_joined) == before
    assert add_member(half_joined, NEWCOMER) == 2
    load_all(half_joined)


@pytest.mark.parametrize("party", ["hub", "authority", "supervisor", "nobody", "", "tax-naha"])
def test_only_an_agency_that_is_there_can_leave(path: Path, party: str) -> None:
    before = everything(path)
    error = refused(remove_member, path, party)
    assert (error.reason, "there are tax, childcare" in error.where) == (Reason.CONFIG_INVALID, True)
    assert everything(path) == before


def test_a_network_is_up_while_somebody_holds_its_lock(path: Path) -> None:
    assert not is_up(path)
    with (path / "network.lock").open("w") as lock:
        assert not is_up(path)
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert is_up(path)
    assert not is_up(path)


def test_waiting_says_who_does_not_go_by_the_version(path: Path) -> None:
    add_member(path, NEWCOMER)
    assert wait_taken(path, 2, ["hub", "tax-naha"], 5) == []
    assert wait_taken(path, 2, ["tax", "hub", "nobody"], 0.01) == ["tax", "nobody"]
    assert wait_up(path, "tax-naha", 0.01) is None
    with changing_network_file(path) as write:
        write(read_network_file(path).listening_at({"tax-naha": "127.0.0.1:7"}))
    assert wait_up(path, "tax-naha", 5) == "127.0.0.1:7"


def test_who_goes_by_another_version_of_that_number_has_not_taken_it(made: Path, path: Path, tmp_path: Path) -> None:
    forked = Path(shutil.copytree(made, tmp_path / "forked"))
    add_member(path, NEWCOMER)
    remove_member(forked, "childcare")
    shutil.copy(forked / "hub" / DIRECTORY_FILE, path / "tax" / DIRECTORY_FILE)
    assert wait_taken(path, 2, ["hub", "tax"], 0.01) == ["tax"]
