"""The process entry of a party takes the very words of the command that a person would type."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from warifu_kit.cli import app

OPTION = re.compile(r"--[a-z][a-z-]+")
FOR_TESTS = {
    "hub": {"--clock", "--faults", "--timings"},
    "authority": {"--clock", "--faults", "--seed", "--timings"},
    "agency": {"--clock", "--faults", "--answers-from", "--timings"},
}
"""What only networks that were made for tests have."""


@pytest.mark.parametrize("role", ["hub", "authority", "agency"])
def test_the_entry_takes_the_options_of_the_command_and_those_of_networks_for_tests(role: str) -> None:
    command = CliRunner().invoke(app, [role, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).stdout
    words = [sys.executable, "-m", "warifu_kit.network.party_entry", role, "--help"]
    entry = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
    told = set(OPTION.findall(command.partition("Example")[0] + command.partition("Options")[2]))
    assert set(OPTION.findall(entry)) == told | FOR_TESTS[role]
    assert not told & FOR_TESTS[role]  # a party that a person starts has none of them


def test_the_entry_imports_no_command_line() -> None:
    look = "import sys, warifu_kit.network.party_entry; print('typer' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "False"


@pytest.mark.parametrize("module", ["warifu_kit.cli", "warifu_kit.network.party_entry"])
def test_nothing_of_faults_is_loaded_before_somebody_wants_them(module: str) -> None:
    look = f"import sys, {module}; print([name for name in sys.modules if name.startswith('warifu_kit.faults')])"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
