"""What the packaging tests look at: the tree, its tracked files and what pyproject.toml says."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder of pyproject.toml."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def pyproject(project_root: Path) -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def package_roots(project_root: Path, pyproject: dict[str, Any]) -> dict[str, Path]:
    """The folder of each package the wheel holds, by the package's import name."""
    folders = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return {Path(folder).name: project_root / folder for folder in folders}


@pytest.fixture(scope="session")
def tracked_files(project_root: Path) -> list[Path]:
    """Every file that belongs to the project; without git (an unpacked archive), every file that looks like it."""
    command = ["git", "-C", str(project_root), "ls-files", "-z"]
    try:
        listing = subprocess.run(command, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return list(_walk(project_root))
    names = [os.fsdecode(name) for name in listing.split(b"\0") if name]
    return [path for path in (project_root / name for name in names) if path.is_file()]


def _walk(root: Path) -> list[Path]:
    """The files below ``root``, without environments, caches and what runs leave behind."""
    made_here = {"__pycache__", "dist", "build", "runs", "results"}
    found: list[Path] = []
    for entry in sorted(root.iterdir()):
        if entry.is_file():
            found.append(entry)
        elif entry.name == ".ci" or not (entry.name in made_here or entry.name.startswith(".")):
            found += _walk(entry)
    return found


@pytest.fixture(scope="session")
def wheel(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as `make wheel` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=project_root, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built
