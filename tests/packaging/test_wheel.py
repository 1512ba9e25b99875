"""The wheel holds the four packages with their data, and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel_names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_has_exactly_four_packages_at_its_top(wheel_names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "warifu",
        "warifu_hub",
        "warifu_services",
        "warifu_kit",
    }


def test_every_tracked_file_of_a_package_is_in_the_wheel(
    wheel_names: set[str], package_roots: dict[str, Path], tracked_files: list[Path]
) -> None:
    for package, folder in package_roots.items():
        wanted = {path.relative_to(folder.parent).as_posix() for path in tracked_files if folder in path.parents}
        assert wanted - wheel_names == set(), package


def test_every_package_says_that_it_is_typed(wheel_names: set[str], package_roots: dict[str, Path]) -> None:
    assert {f"{package}/py.typed" for package in package_roots} <= wheel_names


def test_the_wheel_carries_the_licence(wheel_names: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel_names)


def test_no_bytecode_and_no_test_is_in_the_wheel(wheel_names: set[str]) -> None:
    assert [name for name in wheel_names if name.endswith(".pyc") or "/test_" in name or "conftest" in name] == []
