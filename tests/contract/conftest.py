"""The contract's pages, and the vectors that they point to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "vectors" / "protocol"

Told = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session")
def told() -> Told:
    """Reads a file of vectors."""

    def read(name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
        return content

    return read


@pytest.fixture(params=[1, 2], ids=["suite 1", "suite 2"])
def suite(request: pytest.FixtureRequest) -> int:
    """Each suite's number; calculated by hand, so that no library is needed."""
    number: int = request.param
    return number


@pytest.fixture(scope="session")
def page() -> Callable[[str], str]:
    """Reads a page of the protocol."""
    return lambda name: (ROOT / "docs" / "protocol" / f"{name}.md").read_text("utf-8")
