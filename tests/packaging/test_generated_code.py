"""The committed generated code stands below everything, and runs on the oldest runtimes pyproject.toml allows.

Generated modules refuse to be imported by a runtime older than their generator. So a generator that is newer than
the floors would break integrators who stay at them, and no test on a fresh environment would notice.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

GRPC_DEMAND = re.compile(r"GRPC_GENERATED_VERSION = '([\d.]+)'")
PROTOBUF_DEMAND = re.compile(r"ValidateProtobufRuntimeVersion\(\s*[\w.]+,\s*(\d+),\s*(\d+),\s*(\d+)")


@pytest.fixture
def floors(pyproject: dict[str, Any]) -> dict[str, Version]:
    requirements = [Requirement(line) for line in pyproject["project"]["dependencies"]]
    return {
        requirement.name: Version(specifier.version)
        for requirement in requirements
        for specifier in requirement.specifier
        if specifier.operator == ">="
    }


@pytest.fixture
def generated_files(package_roots: dict[str, Path]) -> list[Path]:
    return sorted((package_roots["warifu"] / "api").rglob("*_pb2*.py"))


def test_generated_code_demands_no_newer_grpcio_than_the_floor(
    generated_files: list[Path], floors: dict[str, Version]
) -> None:
    demands = {Version(found) for path in generated_files for found in GRPC_DEMAND.findall(path.read_text())}
    assert demands, "no generated gRPC module says which grpcio it needs"
    assert max(demands) <= floors["grpcio"]


def test_generated_code_demands_no_newer_protobuf_than_the_floor(
    generated_files: list[Path], floors: dict[str, Version]
) -> None:
    demands = {
        Version(".".join(found)) for path in generated_files for found in PROTOBUF_DEMAND.findall(path.read_text())
    }
    assert demands, "no generated module says which protobuf it needs"
    assert max(demands) <= floors["protobuf"]


def test_the_other_grpc_packages_have_the_floor_of_grpcio(floors: dict[str, Version]) -> None:
    assert {floors[name] for name in ("grpcio-health-checking", "grpcio-reflection", "grpcio-status")} == {
        floors["grpcio"]
    }


def test_every_generated_folder_is_a_package(generated_files: list[Path]) -> None:
    assert [path for path in generated_files if not (path.parent / "__init__.py").is_file()] == []


def test_generated_code_imports_nothing_of_ours_but_generated_code(generated_files: list[Path]) -> None:
    imports = {
        name
        for path in generated_files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _imported(node)
    }
    assert {name for name in imports if name.startswith("warifu") and not name.startswith("warifu.api.")} == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
