"""What the pages tell people to type works, and prints what the pages say it prints.

A page marks what is run by a comment right above a block:

- ``<!-- file: NAME -->`` above a python block: the block is saved under that name;
- ``<!-- run -->`` above a console block: each ``$`` line is run, and the lines below it are what it prints;
- ``<!-- run until: TEXT -->``: the same, but the program stays up, and the page goes on when it has printed TEXT.

In what is printed, ``…`` stands for anything within a line, and alone on a line for any lines. The blocks of a page are one
story: they run in order, in one temporary folder, against real processes.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^<!-- (file|run|run until)(?:: (.+?))? -->\n```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PAGES = [path for path in WRITTEN if BLOCK.search(path.read_text("utf-8"))]
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a page, and what the page says it prints."""

    line: str
    printed: tuple[str, ...]


def _commands(block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, *printed = part.rstrip("\n").split("\n")
        yield Command(line, tuple(printed))


def _fits(printed: tuple[str, ...], output: str) -> bool:
    lines = [r"(?:.*\n)*?" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + r" *\n" for line in printed]
    return re.fullmatch("".join(lines), output) is not None


def _environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


def _run(command: Command, folder: Path) -> None:
    ended = subprocess.run(
        ["bash", "-euc", command.line],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 0, f"$ {command.line}\n{ended.stdout}"
    assert _fits(command.printed, ended.stdout), f"$ {command.line}\n{ended.stdout}"


def _read_until(text: str, stream: IO[str]) -> str:
    shown = ""
    for line in iter(stream.readline, ""):
        shown += line
        if text in line:
            break
    return shown


@contextmanager
def _kept_up(command: Command, until: str, folder: Path) -> Iterator[None]:
    """Start a program that stays up; leave the context to stop it with Ctrl-C, as the page says."""
    process = subprocess.Popen(
        shlex.split(command.line),
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        executable=shutil.which(shlex.split(command.line)[0], path=_environment()["PATH"]),
    )
    assert process.stdout is not None
    overdue = threading.Timer(PATIENCE_S, process.kill)
    overdue.start()
    try:
        shown = _read_until(until, process.stdout)
        assert _fits(command.printed, shown), f"$ {command.line}\n{shown}"
        overdue.cancel()
        yield
    finally:
        overdue.cancel()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, rest


def test_there_are_pages_with_commands_to_run() -> None:
    assert ROOT / "docs/guide/integrators.md" in PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_tells_people_to_type_works(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    with ExitStack() as kept_up:
        for kind, argument, _, block in BLOCK.findall(page.read_text("utf-8")):
            if kind == "file":
                (tmp_path / argument).write_text(block, "utf-8")
                continue
            for command in _commands(block):
                if kind == "run until":
                    kept_up.enter_context(_kept_up(command, argument, tmp_path))
                else:
                    _run(command, tmp_path)


def test_the_comparison_of_output_is_strict_but_for_its_ellipses() -> None:
    assert _fits(("a … c", "…", "end"), "a b c\n1\n2\nend\n")
    assert not _fits(("a", "end"), "a\nb\nend\n")
    assert not _fits(("end",), "")
