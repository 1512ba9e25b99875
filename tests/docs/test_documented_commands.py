"""What the pages tell people to type works, and prints what the pages say it prints.

A line of the page that is only a file's name and a colon names the block below it, which is saved under that name. What
is run is marked by a comment right above a block of commands:

- ``<!-- run -->``: each ``$`` line is run, and the lines below it are what it prints;
- ``<!-- run, exit status N -->``: the same, and each command ends with that status instead of 0;
- ``<!-- run until: TEXT -->``: the same, but the program stays up, and the page goes on when it has printed TEXT.

In what is printed, ``…`` stands for anything within a line, and alone on a line for any lines. The blocks of a page are one
story: they run in order, in one temporary folder, against real processes. Endpoints at addresses that are kept for
documentation (RFC 5737) become free ports of loopback.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
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
BLOCK = re.compile(
    r"^(?:`(?P<file>[\w./-]+)`:\n"
    r"|<!-- (?P<how>run)(?:, exit status (?P<status>\d+)| until: (?P<until>[^\n]+))? -->)"
    r"\n```\w+\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
PROGRAM = re.compile(r"(?<!^<!-- run by tests/docs/test_plugin_snippet\.py -->\n)^```python$", re.MULTILINE)
ELSEWHERE = re.compile(r"\b192\.0\.2\.\d+:\d+\b")
WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*/README.md")])
# A Japanese page shows the blocks of its English one, byte for byte (test_japanese_pages.py): run once is enough.
JAPANESE = {ROOT / "README.ja.md", *(ROOT / "docs/ja").rglob("*.md")}
PAGES = [path for path in WRITTEN if path not in JAPANESE and BLOCK.search(path.read_text("utf-8"))]
PATIENCE_S = 60.0
LONGEST = frozenset({"load", "operations", "prove"})


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
    # What `make dev` has fetched is enough: nothing here goes to a registry.
    npm = {"npm_config_cache": str(ROOT / ".node" / "cache"), "npm_config_offline": "true", "npm_config_audit": "false"}
    return {**os.environ, **npm, "PATH": path, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


def _on_loopback(text: str) -> str:
    """The text with a free port of this machine for each endpoint of another."""
    endpoints = sorted(set(ELSEWHERE.findall(text)))
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in endpoints]
        free = {
            endpoint: f"127.0.0.1:{probe.getsockname()[1]}" for endpoint, probe in zip(endpoints, sockets, strict=True)
        }
    return ELSEWHERE.sub(lambda found: free[found[0]], text)


def _run(command: Command, status: int, folder: Path) -> None:
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
    assert ended.returncode == status, f"$ {command.line}\n{ended.stdout}"
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


def _marks(page: Path) -> tuple[pytest.MarkDecorator, ...]:
    """The three longest pages are typed by `make slow`; what their commands do, shorter tests of tests/integration hold."""
    return (pytest.mark.slow,) if page.parent == ROOT / "docs/guide" and page.stem in LONGEST else ()


def test_there_are_pages_with_commands_to_run() -> None:
    assert ROOT / "docs/guide/integrators.md" in PAGES


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=_marks(page), id=page.relative_to(ROOT).as_posix()) for page in PAGES]
)
def test_what_a_page_tells_people_to_type_works(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for read in ("protos", "docs", "tests", "loadtest"):  # what examples read
        (tmp_path / read).symlink_to(ROOT / read)
    with ExitStack() as kept_up:
        for block in BLOCK.finditer(_on_loopback(page.read_text("utf-8"))):
            if block["file"]:
                file = tmp_path / block["file"]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block["text"], "utf-8")
                continue
            for command in _commands(block["text"]):
                if block["until"]:
                    kept_up.enter_context(_kept_up(command, block["until"], tmp_path))
                else:
                    _run(command, int(block["status"] or 0), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"docs", "examples", "loadtest", "protos", "runs", "tests"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_program_of_a_page_has_a_name_below_runs_that_people_see(page: Path) -> None:
    text = page.read_text("utf-8")
    named = [block["file"] for block in BLOCK.finditer(text) if block["file"]]
    assert [name for name in named if not name.startswith("runs/")] == []
    assert len(PROGRAM.findall(text)) <= len(named)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent == ROOT / "docs/guide"], ids=lambda page: page.stem
)
def test_a_page_of_the_guide_says_that_another_pages_network_is_in_its_way(page: Path) -> None:
    assert page.read_text("utf-8").count("remove what another page left in `runs/` before you begin") == 1


def test_git_passes_over_what_the_pages_have_people_write() -> None:
    assert "/runs/" in (ROOT / ".gitignore").read_text("utf-8").split()


def test_the_comparison_of_output_is_strict_but_for_its_ellipses() -> None:
    assert _fits(("a … c", "…", "end"), "a b c\n1\n2\nend\n")
    assert not _fits(("a", "end"), "a\nb\nend\n")
    assert not _fits(("end",), "")
