"""The ``warifu`` command as a person runs it, a finished demonstration, and a small network that stays up."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from warifu_kit.demo.offices import open_offices
from warifu_kit.demo.plan import Plan, make_plan
from warifu_kit.demo.population import populate
from warifu_kit.demo.progress import teller
from warifu_kit.network.network import Network
from warifu_kit.network.nursery import NURSERY_PROCESS
from warifu_kit.output import Terminal
from warifu_kit.people.residents import AS_OF, generate

COMMAND_SECONDS = 60.0
SETTLE_SECONDS = 20.0

Warifu = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstrated:
    """A demonstration that has ended: its folder, its exit status, what it wrote."""

    folder: Path
    status: int
    shown: str
    told: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A network that is up, with its people registered."""

    network: Network
    plan: Plan

    @property
    def folder(self) -> Path:
        return self.network.path


@pytest.fixture(scope="session")
def warifu_command() -> Callable[..., list[str]]:
    """The command line for some words after ``warifu``."""
    return lambda *words: [sys.executable, "-m", "warifu_kit.cli", *map(str, words)]


@pytest.fixture(scope="session")
def warifu(warifu_command: Callable[..., list[str]]) -> Warifu:
    """Runs ``warifu`` with some words and waits for its end."""

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            warifu_command(*words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def demonstrated(warifu: Warifu, tmp_path_factory: pytest.TempPathFactory) -> Demonstrated:
    """``warifu demo --residents 12 --seed 1``, once for all tests that look at what it left behind."""
    outer = tmp_path_factory.mktemp("demonstrated")
    ended = warifu("demo", "--residents", 12, "--seed", 1, "--json", outer / "demo.json", "--dir", outer / "net")
    told = json.loads((outer / "demo.json").read_text("utf-8")) if (outer / "demo.json").exists() else {}
    return Demonstrated(folder=outer / "net", status=ended.returncode, shown=ended.stdout + ended.stderr, told=told)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A network that is up, with the twelve residents of seed 1 registered everywhere; tests leave it as it was."""
    plan = make_plan(generate(1, 12), 1, AS_OF)
    with Network(tmp_path_factory.mktemp("running") / "net") as network:
        asyncio.run(_settle(network.path, plan))
        yield Running(network=network, plan=plan)


async def _settle(folder: Path, plan: Plan) -> None:
    async with open_offices(folder) as offices:
        with teller(Terminal(file=io.StringIO())) as telling:
            await populate(offices, plan, telling)


@pytest.fixture(scope="session")
def settle_seconds() -> float:
    """How long something that happens by itself, such as a file being noticed, may take at most."""
    return SETTLE_SECONDS


@pytest.fixture(scope="session")
def child_of() -> Callable[[int, Sequence[str]], int | None]:
    """Finds the child of a process whose command line holds some words, by looking at what runs."""
    return _child_of


def _child_of(parent: int, words: Sequence[str]) -> int | None:
    """A process with these words that was started by ``parent``, or by the one whose forks its parties are."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _is_child(entry, parent, words):
            return int(entry.name)
    return None


def _is_child(entry: Path, parent: int, words: Sequence[str]) -> bool:
    try:
        own_parent = int((entry / "stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()[1])
        said = (entry / "cmdline").read_text("utf-8", errors="replace").split("\0")
    except (OSError, ValueError):
        return False  # it has ended meanwhile
    if own_parent == parent:
        return set(words) <= set(said)
    return set(words) <= set(said) and _is_child(Path("/proc") / str(own_parent), parent, [NURSERY_PROCESS])
