"""The project's pages, and how to read what a page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tree() -> Path:
    """The folder of README.md."""
    return ROOT


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    """Every page written for people, by its path in the tree."""
    found = [
        *ROOT.glob("*.md"),
        *ROOT.glob("loadtest/*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("examples/*/README.md"),
    ]
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted(found)}


@pytest.fixture(scope="session")
def readme(pages: dict[str, str]) -> str:
    """The text of README.md."""
    return pages["README.md"]
