"""Each kind of agency is one small file and one entry-point line, and the two agree."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pytest


def _agencies() -> list[EntryPoint]:
    return sorted(entry_points(group="warifu.agencies"), key=lambda entry: entry.name)


def test_the_installed_entry_points_are_those_of_pyproject(pyproject: dict[str, Any]) -> None:
    declared = pyproject["project"]["entry-points"]["warifu.agencies"]
    assert {entry.name: entry.value for entry in _agencies()} == declared


@pytest.mark.parametrize("entry", _agencies(), ids=lambda entry: entry.name)
def test_each_entry_point_leads_to_a_class_in_the_file_of_its_name(entry: EntryPoint) -> None:
    agency = entry.load()
    assert isinstance(agency, type)
    assert agency.__module__.rpartition(".")[2] == entry.name


def test_every_agency_file_has_its_entry_point(package_roots: dict[str, Path]) -> None:
    folder = package_roots["warifu_services"] / "agencies"
    files = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert files == {entry.name for entry in _agencies()}


def test_the_command_line_can_be_loaded() -> None:
    (command,) = entry_points(group="console_scripts", name="warifu")
    assert callable(command.load())
