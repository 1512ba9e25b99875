"""The node in JavaScript, as a process, passes every case as a provider, in both suites."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from warifu.curve.suites import available_suites
from warifu_kit.cli import app
from warifu_kit.network.creation import create_network

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "examples" / "node_in_javascript" / "node.js"
PACKAGES = ROOT / ".node" / "node_in_javascript" / "node_modules"


@pytest.mark.slow  # tests/integration/javascript plays it in both roles and both suites
@pytest.mark.parametrize("suite", available_suites())
def test_the_example_passes_every_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suite: int) -> None:
    create_network(tmp_path / "net", suite=suite)
    monkeypatch.setenv("NODE_PATH", str(PACKAGES))
    told = tmp_path / "told.json"
    node = Path(sys.executable).with_name("node")
    start = f"{node} {PROGRAM} {{dir}} --hub {{hub}} --authority {{authority}} --listen 127.0.0.1:0 --clock {{clock}}"
    words = ["check", "node", str(tmp_path / "net"), "tax", "--start", start, "--json", str(told), "--timeout", "240"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    found = json.loads(told.read_text("utf-8"))
    assert (found["counts"]["fail"], found["counts"]["unknown"]) == (0, 0)
    assert found["counts"]["pass"] > 100
    skipped = {each["case"]: each["seen"] for each in found["cases"] if each["verdict"] == "skipped"}
    why = ("the node serves no Provide", "permits of this network are not sampled", "every conversion of this network")
    others = {case: seen for case, seen in skipped.items() if not seen.startswith(why)}
    assert not others, "it serves unary calls, in a network where every conversion is proven"
