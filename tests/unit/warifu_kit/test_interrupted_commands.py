"""Ctrl-C in the first moments of a command, while it is being loaded, shows nobody where in it that was."""

from __future__ import annotations

import signal
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

PROGRAM = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {at!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from warifu_kit.start import main
sys.argv = ["warifu", *{words!r}]
main()
"""
INTERRUPTED = 130


def interrupted(at: str, *words: str) -> tuple[int, str]:
    """How a command ended that was interrupted as it loaded that module, and all it said."""
    program = PROGRAM.format(at=at, words=words)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("at", ["typer", "warifu_kit.cli", "warifu_kit.commands.up"])
def test_before_the_command_line_is_there_it_ends_as_a_program_that_was_interrupted(at: str) -> None:
    assert interrupted(at, "--version") == (-signal.SIGINT, "")


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("warifu_kit.conformance.checking", ("check", "adapter", "net", "tax", "--target", "127.0.0.1:1")),
        ("warifu_hub.app", ("hub", "--dir", "net/hub")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_while_a_command_loads_what_it_needs_it_ends_with_130_and_no_word(at: str, words: tuple[str, ...]) -> None:
    status, said = interrupted(at, *words)
    assert status == INTERRUPTED
    assert "Traceback" not in said


def test_the_command_begins_there() -> None:
    (found,) = entry_points(group="console_scripts", name="warifu")
    assert found.value == "warifu_kit.start:main"
