"""Our own node, and the one in JavaScript, started by their commands, pass every case in both roles."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from warifu_kit.cli import app
from warifu_kit.network.creation import create_network

ROOT = Path(__file__).resolve().parents[2]


def test_our_node_passes_every_case_as_an_inquirer(tmp_path: Path) -> None:
    create_network(tmp_path / "net")
    told = tmp_path / "told.json"
    warifu = Path(sys.executable).with_name("warifu")
    start = f"{warifu} agency childcare --dir {{dir}} --hub {{hub}} --authority {{authority}} --log-level error"
    words = ["check", "inquirer", str(tmp_path / "net"), "childcare", "--start", start, "--json", str(told)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    counts = json.loads(told.read_text("utf-8"))["counts"]
    assert (counts["fail"], counts["unknown"], counts["skipped"]) == (0, 0, 0)


@pytest.mark.parametrize("party", ["tax", pytest.param("residence", marks=pytest.mark.slow)])
def test_our_node_passes_every_case(tmp_path: Path, party: str) -> None:
    create_network(tmp_path / "net")
    told = tmp_path / "told.json"
    warifu = Path(sys.executable).with_name("warifu")
    start = f"{warifu} agency {party} --dir {{dir}} --hub {{hub}} --authority {{authority}} --log-level error"
    words = ["check", "node", str(tmp_path / "net"), party, "--start", start, "--json", str(told)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    counts = json.loads(told.read_text("utf-8"))["counts"]
    assert (counts["fail"], counts["unknown"]) == (0, 0)
    assert counts["skipped"] == (0 if party == "tax" else 3)  # records of the registry have no fiscal year


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "party"), [("node", "tax"), ("inquirer", "childcare")])
def test_the_node_in_javascript_passes_every_case(
    tmp_path: Path, kind: str, party: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_PATH", str(ROOT / ".node" / "node_in_javascript" / "node_modules"))
    create_network(tmp_path / "net")
    told = tmp_path / "told.json"
    node, program = Path(sys.executable).with_name("node"), ROOT / "examples" / "node_in_javascript" / "node.js"
    start = f"{node} {program} {{dir}} --hub {{hub}} --authority {{authority}} --listen 127.0.0.1:0"
    words = ["check", kind, str(tmp_path / "net"), party, "--start", start, "--json", str(told)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    counts = json.loads(told.read_text("utf-8"))["counts"]
    assert (counts["fail"], counts["unknown"], counts["skipped"]) == (0, 0, 0)
