"""The Containerfile takes what is there and runs what there is. No engine builds it here."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from warifu_kit.cli import app


@pytest.fixture(scope="module")
def instructions(project_root: Path) -> list[tuple[str, str]]:
    """Each instruction with what follows it, on one line."""
    text = (project_root / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def _all(instructions: list[tuple[str, str]], name: str) -> list[str]:
    return [rest for each, rest in instructions if each == name]


def test_what_it_copies_is_in_the_tree_or_is_the_wheel(
    instructions: list[tuple[str, str]], project_root: Path, wheel: Path
) -> None:
    (copied,) = _all(instructions, "COPY")
    *sources, _ = shlex.split(copied)
    assert sources == ["requirements/run.txt", "dist/warifu-*.whl"]
    assert (project_root / sources[0]).is_file()
    assert Path("dist", wheel.name).match(sources[1])


def test_everything_is_pinned_with_hashes_and_nothing_is_built(instructions: list[tuple[str, str]]) -> None:
    installed = [each for run in _all(instructions, "RUN") for each in re.findall(r"pip install ([^&]*)", run)]
    assert len(installed) == 2
    assert all("--require-hashes" in each or "--no-deps" in each for each in installed)


def test_the_python_it_has_is_one_that_the_project_says_it_runs_on(
    instructions: list[tuple[str, str]], pyproject: dict[str, dict[str, list[str]]]
) -> None:
    (image,) = _all(instructions, "FROM")
    release = re.search(r"python:(3\.\d+)-", image)
    assert release is not None
    assert f"Programming Language :: Python :: {release[1]}" in pyproject["project"]["classifiers"]


def test_it_does_not_run_as_root(instructions: list[tuple[str, str]]) -> None:
    assert _all(instructions, "USER") == ["warifu"]


def test_it_begins_with_a_command_that_there_is(instructions: list[tuple[str, str]]) -> None:
    assert _all(instructions, "ENTRYPOINT") == ['["warifu"]']
    command, folder, *options = json.loads(_all(instructions, "CMD")[0])
    known = get_command(app).commands[command]  # type: ignore[attr-defined]  # a group of commands
    assert (folder, options) == ("net", ["--json"])
    assert "--json" in {option for each in known.params for option in each.opts}
