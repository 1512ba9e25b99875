"""The README's first screen, and the word that must be on every page and banner."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
FIRST_SCREEN_LINES = 20


def test_the_first_screen_shows_exactly_the_two_commands(readme: str) -> None:
    screen = readme.partition("\n## ")[0]
    (block,) = BLOCK.findall(screen)
    assert [line.partition("#")[0].strip() for line in block.splitlines()] == ["make run", "make test"]


def test_the_two_commands_and_the_picture_come_early(readme: str) -> None:
    lines = readme.splitlines()
    assert lines.index("```") < FIRST_SCREEN_LINES
    assert any(line.startswith("![") for line in lines[:FIRST_SCREEN_LINES])


def test_there_is_one_picture(readme: str) -> None:
    assert re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme) == ["docs/network.svg"]


def test_the_word_simulated_is_on_every_page_about_the_network(pages: dict[str, str]) -> None:
    wanted = {name for name in pages if not name.startswith("docs/adr/") and name != "CONTRIBUTING.md"}
    assert sorted(name for name in wanted if "SIMULATED" not in pages[name]) == []


def test_the_readme_says_it_before_anything_else(readme: str) -> None:
    assert readme.splitlines()[2].startswith("**SIMULATED: never real My Numbers.**")


def test_the_picture_says_it_too(tree: Path) -> None:
    picture = ElementTree.parse(tree / "docs/network.svg").getroot()
    shown = ["".join(text.itertext()) for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert any("SIMULATED" in text for text in shown)


def test_the_commands_banner_says_it() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "warifu_kit.cli", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert "SIMULATED" in shown


def _commands() -> set[str]:
    from typer.main import get_command

    from warifu_kit.cli import app

    found = set()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]  # a group of commands
        below = getattr(command, "commands", None)
        found |= {f"warifu {name} {each}" for each in below} if below else {f"warifu {name}"}
    return found


def test_the_readme_lists_every_command_and_no_other(readme: str) -> None:
    table = readme.partition("| command | what it does |")[2].partition("\n\n")[0]
    listed = set()
    for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE):
        first, *others = re.findall(r"`([^`]+)`", row)
        words = re.sub(r" [A-Z]+\b", "", first).split()
        stem = words[:2] if len(words) > 2 else words[:1]
        listed |= {" ".join(words)} | {" ".join([*stem, re.sub(r" [A-Z]+\b", "", other)]) for other in others}
    assert listed == _commands()


@pytest.mark.parametrize("name", ["make run", "make test", "make setup", "make load", "make bench", "make blindness"])
def test_every_make_target_that_pages_name_exists(tree: Path, name: str) -> None:
    target = name.removeprefix("make ")
    assert re.search(rf"^{target}:.*## ", (tree / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_pages_name_no_make_target_that_does_not_exist(tree: Path, pages: dict[str, str]) -> None:
    makefile = (tree / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    named = {found for text in pages.values() for found in re.findall(r"`make ([a-z-]+)", text)}
    assert sorted(named - targets) == []
