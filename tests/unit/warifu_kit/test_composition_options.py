"""``--members`` and ``--permissions``: checked before anything is made, and the same command again continues."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from warifu.errors import Reason, WarifuError
from warifu.party.network_file import read_network_file
from warifu.permissions.table import DEFAULT_TABLE
from warifu_kit.cli import app
from warifu_kit.commands.composition import check_same, composed
from warifu_kit.network.members import shipped

PENSION = "{name: pension, kind: pension}"


def made(path: Path, *options: str) -> Path:
    ended = CliRunner().invoke(app, ["new", str(path), *options], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return path


def refused(command: str, path: Path, *options: str) -> str:
    where = ["--dir", str(path)] if command == "demo" else [str(path)]
    with pytest.raises(WarifuError) as error:
        CliRunner().invoke(app, [command, *where, *options], catch_exceptions=False)
    assert error.value.reason is Reason.CONFIG_INVALID
    return error.value.where


def test_a_network_is_made_of_a_list_that_comes_with_the_kit(tmp_path: Path) -> None:
    parties = read_network_file(made(tmp_path / "net", "--members", "two-of-each", "--suite", "2")).parties
    kinds = [about.institution_kind for about in parties.values() if about.role == "agency"]
    assert sorted(kinds) == sorted(2 * ["residence", "tax", "childcare", "insurance"])


def test_a_network_is_made_of_a_file_in_the_suite_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "members.yaml").write_text(f"suite: 2\nmembers:\n  - {PENSION}\n")
    described = read_network_file(made(tmp_path / "net", "--members", str(tmp_path / "members.yaml")))
    assert described.suite == 2
    assert described.parties["pension"].institution_kind == "pension"


@pytest.mark.parametrize("command", ["new", "up", "demo"])
def test_a_fault_in_the_members_is_located_and_nothing_is_made(command: str, tmp_path: Path) -> None:
    file = tmp_path / "members.yaml"
    file.write_text("members:\n  - {name: tax, kind: tax, municipality_code: 372013}\n")
    said = refused(command, tmp_path / "net", "--members", str(file))
    assert said.startswith(f"{file}:2 members[0].municipality_code should be text")
    assert sorted(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("command", ["new", "up", "demo"])
def test_a_fault_in_the_permission_table_is_located_and_nothing_is_made(command: str, tmp_path: Path) -> None:
    table = tmp_path / "table.yaml"
    lines = DEFAULT_TABLE.read_text("utf-8").replace("provider: tax", "provider: taxes", 1)
    table.write_text(lines, "utf-8")
    line = next(n for n, text in enumerate(lines.splitlines(), 1) if "provider: taxes" in text)
    assert f"{table}:{line} rows[" in refused(command, tmp_path / "net", "--permissions", str(table))
    assert sorted(tmp_path.iterdir()) == [table]


def test_the_kinds_are_those_of_the_permission_table_given(tmp_path: Path) -> None:
    table, members = tmp_path / "table.yaml", tmp_path / "members.yaml"
    table.write_text(DEFAULT_TABLE.read_text("utf-8").replace("kinds:\n", f"kinds:\n  {LIBRARY}\n", 1), "utf-8")
    members.write_text("members:\n  - {name: library, kind: library}\n")
    options = ["--members", str(members), "--permissions", str(table)]
    assert "is no kind of the permission table" in refused("new", tmp_path / "net", *options[:2])
    assert "has no adapter installed here" in refused("up", tmp_path / "net", *options)
    net = made(tmp_path / "net", *options)
    assert read_network_file(net).parties["library"].institution_code.kind_number == 99
    assert (net / "hub" / "permissions.yaml").read_bytes() == table.read_bytes()


LIBRARY = "library: {number: 99, english: library, japanese: 図書館, municipal: false}"


@pytest.mark.parametrize("members", [None, "four-agencies"])
def test_without_words_the_network_is_the_one_it_always_was(members: str | None) -> None:
    asked = composed(members, None, "2", runs_here=True)
    assert [member.party for member in asked.members][3:] == ["residence", "tax", "childcare", "insurance"]
    assert asked.permissions == DEFAULT_TABLE


def test_the_same_members_and_table_again_are_those_of_the_network_and_others_are_not(tmp_path: Path) -> None:
    net = made(tmp_path / "net", "--members", "two-of-each")
    same = composed("two-of-each", DEFAULT_TABLE, "auto", runs_here=True)
    check_same(net, same, members=True, permissions=True)
    assert "residence is not in it" in refused("up", net, "--members", "four-agencies")
    table = tmp_path / "table.yaml"
    table.write_text(DEFAULT_TABLE.read_text("utf-8") + "# mine\n", "utf-8")
    assert "another permission table" in refused("up", net, "--permissions", str(table))


def test_a_member_of_that_name_that_is_another_institution_is_not_the_same(tmp_path: Path) -> None:
    net = made(tmp_path / "net", "--members", "two-of-each")
    told = json.loads((net / "network.json").read_text("utf-8"))
    told["parties"]["tax-marugame"]["institution_code"] = "9023720210000009"
    (net / "network.json").write_text(json.dumps(told), "utf-8")
    assert "tax-marugame" in refused("up", net, "--members", "two-of-each")


@pytest.mark.parametrize("command", ["new", "up", "demo"])
def test_the_help_names_every_list_that_comes_with_the_kit(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "300"}, catch_exceptions=False).output
    assert [name for name in shipped() if name not in shown] == []
