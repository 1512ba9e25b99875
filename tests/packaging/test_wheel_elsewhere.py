"""The wheel in an environment of its own, outside this tree: everything a CI needs is in it.

The quick environment has what the wheel depends on from this one, and nothing of this project; the slow one installs it all.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ADAPTER = re.compile(r"^`runs/project/services/pension.py`:\n\n```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PATIENCE_S = 110


class Elsewhere:
    """An environment, and a project beside it that has a ``services`` folder of its own."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder = folder
        self.python = python

    def ran(self, *words: str) -> str:
        """What a program of this environment shows, run in the project; it must end well."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        ended = subprocess.run(
            [str(self.python), *words],
            cwd=self.folder,
            env={**clean, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def project(self, tree: Path) -> None:
        """The adapter of the page about CI, tested by the README's test."""
        adapter = ADAPTER.findall((tree / "docs/guide/ci.md").read_text("utf-8"))
        snippet = SNIPPET.findall((tree / "README.md").read_text("utf-8"))
        (self.folder / "services").mkdir(parents=True)
        (self.folder / "services" / "pension.py").write_text(adapter[0], "utf-8")
        (self.folder / "test_pension.py").write_text(snippet[0], "utf-8")
        (self.folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n", "utf-8")


def _environment(folder: Path, *, pip: bool) -> Path:
    options = [] if pip else ["--without-pip"]
    subprocess.run([sys.executable, "-m", "venv", *options, str(folder)], check=True, capture_output=True)
    return folder / "bin" / "python"


def _packages(python: Path) -> Path:
    words = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    return Path(subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip())


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    folder = tmp_path_factory.mktemp("elsewhere")
    python = _environment(folder / "env", pip=False)
    packages = _packages(python)
    zipfile.ZipFile(wheel).extractall(packages)
    (packages / "dependencies").mkdir()
    for each in Path(sysconfig.get_path("purelib")).iterdir():  # all of this environment but this project
        if not re.match(r"_?warifu|.*\.pth$|__pycache__", each.name):
            (packages / "dependencies" / each.name).symlink_to(each)
    (packages / "dependencies.pth").write_text("dependencies\n", "ascii")
    made = Elsewhere(folder / "project", python)
    made.project(project_root)
    return made


def test_nothing_of_this_tree_is_used_there(elsewhere: Elsewhere, project_root: Path) -> None:
    look = "import warifu, warifu_hub, warifu_services, warifu_kit as k; print(*map(lambda m: m.__file__, (warifu, warifu_hub, warifu_services, k)))"
    files = elsewhere.ran("-c", look).split()
    assert len(files) == 4
    assert [file for file in files if project_root in Path(file).parents] == []


def test_the_entry_points_are_there(elsewhere: Elsewhere) -> None:
    look = "from importlib.metadata import distribution as d; print(*sorted(f'{e.group}:{e.name}' for e in d('warifu').entry_points))"
    assert elsewhere.ran("-c", look).split() == [
        "console_scripts:warifu",
        "pytest11:warifu",
        *(f"warifu.agencies:{kind}" for kind in ("childcare", "insurance", "residence", "tax")),
    ]


def test_the_readmes_test_passes_there(elsewhere: Elsewhere) -> None:
    assert "1 passed" in elsewhere.ran("-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_what_a_network_is_made_of_is_in_the_wheel(elsewhere: Elsewhere) -> None:
    said = elsewhere.ran("-m", "warifu_kit.cli", "new", "net", "--members", "two-of-each", "--seed", "7")
    assert "made a SIMULATED network in net" in said
    assert (elsewhere.folder / "net" / "hub" / "permissions.yaml").stat().st_size > 10_000


def test_the_contract_is_in_the_wheel_to_generate_code_from(elsewhere: Elsewhere, project_root: Path) -> None:
    elsewhere.ran("-m", "warifu_kit.cli", "protos", "--out", "contract")
    written, contract = elsewhere.folder / "contract", project_root / "protos"
    there = {path.relative_to(contract): path.read_bytes() for path in contract.rglob("*.proto")}
    assert {path.relative_to(written): path.read_bytes() for path in written.rglob("*.proto")} == there


def test_people_can_be_made_up_there(elsewhere: Elsewhere) -> None:
    look = "from warifu_kit.people.residents import generate; print(len(generate(1, 20)))"
    assert elsewhere.ran("-c", look).split() == ["20"]


@pytest.mark.slow  # installs some thirty packages
def test_it_installs_with_all_it_depends_on(wheel: Path, project_root: Path, tmp_path: Path) -> None:
    python = _environment(tmp_path / "env", pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    tool = f"pytest=={version('pytest')}"
    subprocess.run([*pip, str(wheel), tool], check=True, capture_output=True, timeout=PATIENCE_S)
    made = Elsewhere(tmp_path / "project", python)
    made.project(project_root)
    assert "1 passed" in made.ran("-m", "pytest", "-q", "-p", "no:cacheprovider")
