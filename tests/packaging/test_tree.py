"""The tree names no package index and nobody's home, and its Python files stay short enough to read."""

from __future__ import annotations

import re
from pathlib import Path

# Put together from pieces, so that this file does not hold what it looks for.
_HOSTS = [
    "pypi" + r"\.org",
    "python" + r"hosted\.org",
    "npm" + r"js\.(?:org|com)",
    "yarn" + r"pkg\.com",
    "ana" + r"conda\.(?:org|com)",
    "proxy\\.go" + r"lang\.org",
    "crates" + r"\.io",
]
_OPTIONS = ["--(?:extra-)?index" + "-url", "--find" + "-links", "--trusted" + "-host"]
_HOMES = ["/ho" + r"me/\w", "/Us" + r"ers/\w", r"(?<![\w.])/" + r"root\b", r"[A-Z]:\\\\?Us" + "ers"]
FORBIDDEN = re.compile("|".join(_HOSTS + _OPTIONS + _HOMES).encode())

# The lock script says these two options to keep addresses out of what it writes.
EXEMPT_OPTIONS = re.compile(rb"--no-emit-(?:index-url|find-links)")
LONGEST_FILE = 400


def test_no_tracked_file_names_a_package_index_or_a_home_folder(project_root: Path, tracked_files: list[Path]) -> None:
    found = [
        f"{path.relative_to(project_root)}:{number}"
        for path in tracked_files
        for number, line in enumerate(path.read_bytes().splitlines(), start=1)
        if FORBIDDEN.search(EXEMPT_OPTIONS.sub(b"", line))
    ]
    assert found == []


def test_no_python_file_is_too_long_to_read(project_root: Path, tracked_files: list[Path]) -> None:
    lengths = {
        path.relative_to(project_root).as_posix(): len(path.read_bytes().splitlines())
        for path in tracked_files
        if path.suffix == ".py" and project_root / "src/warifu/api" not in path.parents
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_test_files_have_names_of_their_own(project_root: Path, tracked_files: list[Path]) -> None:
    names = [path.name for path in tracked_files if project_root / "tests" in path.parents]
    tests = [name for name in names if name.startswith("test_")]
    assert sorted({name for name in tests if tests.count(name) > 1}) == []
