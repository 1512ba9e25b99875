"""Directions that the import contracts cannot hold, because one side is a script and no package."""

from __future__ import annotations

import ast
from pathlib import Path


def _imports_of(folder: Path) -> set[tuple[str, str]]:
    """Each file below ``folder`` with the top-level name of each module it imports."""
    return {
        (path.name, name.partition(".")[0])
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _imported(node)
    }


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_a_load_test_knows_the_core_only(project_root: Path) -> None:
    # It talks to a network from outside: one inside its own process would hang under gevent.
    found = _imports_of(project_root / "loadtest")
    assert {(file, name) for file, name in found if name in {"warifu_hub", "warifu_services", "warifu_kit"}} == set()


def test_no_package_imports_a_test_tool(package_roots: dict[str, Path]) -> None:
    tools = {"pytest", "hypothesis", "trustme", "locust", "tests"}
    found = {each for folder in package_roots.values() for each in _imports_of(folder)}
    assert {(file, name) for file, name in found if name in tools} == {("pytest_plugin.py", "pytest")}
