"""``--proofs``: what a new network's hub proves, under the root's signature; and that a network without proofs says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from warifu.errors import Reason, WarifuError
from warifu.exchange.proof_policy import OFF_WARNING, ProofPolicy
from warifu.party.folder import PartyFolder
from warifu_kit.cli import app


def new(path: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["new", str(path), *options], catch_exceptions=False)


def signed(path: Path) -> list[str]:
    """What every party finds in the directory that it verified."""
    parties = ("hub", "authority", "residence", "tax", "childcare", "insurance")
    return sorted({str(PartyFolder(path / party).directory().proof_policy) for party in parties})


def status(path: Path) -> tuple[str, dict[str, Any]]:
    shown = CliRunner().invoke(app, ["status", str(path)]).output
    told: dict[str, Any] = json.loads(CliRunner().invoke(app, ["status", str(path), "--json"]).stdout)
    return shown, told


@pytest.mark.parametrize(("options", "policy"), [([], "always"), (["--proofs", "sampled:16"], "sampled:16")])
def test_a_new_network_proves_as_asked_for_and_all_its_parties_find_it_signed(
    tmp_path: Path, options: list[str], policy: str
) -> None:
    made = new(tmp_path / "net", *options)
    assert made.exit_code == 0
    assert f"proofs {policy}" in made.output
    assert OFF_WARNING not in made.output
    assert signed(tmp_path / "net") == [policy]
    shown, told = status(tmp_path / "net")
    assert f"proofs {policy}:" in shown
    assert told["proofs"] == policy
    assert "PROOFS_OFF" not in [warned["kind"] for warned in told["warnings"]]


def test_a_network_without_proofs_says_so_when_it_is_made_and_whenever_it_is_looked_at(tmp_path: Path) -> None:
    made = new(tmp_path / "net", "--proofs", "off")
    assert OFF_WARNING in made.output
    assert signed(tmp_path / "net") == ["off"]
    shown, told = status(tmp_path / "net")
    assert OFF_WARNING in shown
    assert told["proofs"] == "off"
    assert not told["well"]
    assert "PROOFS_OFF" in [warned["kind"] for warned in told["warnings"]]


@pytest.mark.parametrize(("written", "policy"), [("off", "off"), ('"off"', "off"), ("sampled:4", "sampled:4")])
def test_the_members_file_says_it_and_the_option_says_it_louder(tmp_path: Path, written: str, policy: str) -> None:
    members = tmp_path / "members.yaml"
    members.write_text(f"proofs: {written}\nmembers:\n  - {{name: pension, kind: pension}}\n", "utf-8")
    assert new(tmp_path / "net", "--members", str(members)).exit_code == 0
    assert str(PartyFolder(tmp_path / "net" / "pension").directory().proof_policy) == policy
    assert new(tmp_path / "other", "--members", str(members), "--proofs", "always").exit_code == 0
    assert str(PartyFolder(tmp_path / "other" / "pension").directory().proof_policy) == "always"


@pytest.mark.parametrize("written", ["on", "sampled:1", "12", "sampled"])
def test_a_members_file_that_says_something_else_is_refused_where_it_says_it(tmp_path: Path, written: str) -> None:
    members = tmp_path / "members.yaml"
    members.write_text(f"proofs: {written}\nmembers:\n  - {{name: pension, kind: pension}}\n", "utf-8")
    with pytest.raises(WarifuError) as refused:
        new(tmp_path / "net", "--members", str(members))
    assert refused.value.where.startswith(f"{members}:1 proofs should be always, sampled:2 to")


@pytest.mark.parametrize("command", ["new", "up"])
@pytest.mark.parametrize("choice", ["never", "sampled:1", "sampled:99999"])
def test_an_option_that_says_something_else_is_refused_and_nothing_is_made(
    tmp_path: Path, command: str, choice: str
) -> None:
    ended = CliRunner().invoke(app, [command, str(tmp_path / "net"), "--proofs", choice])
    assert ended.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_is_there_never_changes_what_it_proves(tmp_path: Path) -> None:
    new(tmp_path / "net", "--proofs", "sampled:16")
    with pytest.raises(WarifuError) as refused:
        CliRunner().invoke(app, ["up", str(tmp_path / "net"), "--proofs", "off"], catch_exceptions=False)
    assert refused.value.reason is Reason.CONFIG_INVALID
    assert "was made with proofs sampled:16" in refused.value.where
    assert ProofPolicy.parse("sampled:16") == PartyFolder(tmp_path / "net" / "tax").directory().proof_policy
