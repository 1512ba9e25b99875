"""``warifu audit``: a log against the permission table, and a file that is not what it should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def _audit(
    demonstrated: Any, warifu: Any, *more: Any, table: Path | None = None, directory: Any = "hub/versions"
) -> Any:
    folder = demonstrated.folder
    options = ["--table", table or folder / "tax" / "permissions.yaml", "--directory", folder / directory]
    return warifu("audit", "permissions", "--key", folder / "log.vkey", *options, folder / "log-copy", *more)


def test_a_log_of_an_honest_hub_holds(demonstrated: Any, warifu: Any) -> None:
    ended = _audit(demonstrated, warifu)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("the permission table forbids 0 of them\n")
    told = json.loads(_audit(demonstrated, warifu, "--json", directory="tax/directory.json").stdout)
    assert told["permitted"] > 0
    assert told["forbidden"] == []


def test_a_table_that_is_not_the_networks_is_refused(demonstrated: Any, warifu: Any, tmp_path: Path) -> None:
    table = tmp_path / "table.yaml"
    table.write_bytes((demonstrated.folder / "tax" / "permissions.yaml").read_bytes() + b"# mine\n")
    ended = _audit(demonstrated, warifu, table=table)
    assert ended.returncode == 1
    assert "CONFIG_INVALID" in ended.stderr
    assert "not the permission table that the directory names" in ended.stderr


def test_the_help_says_what_the_exit_status_means_with_an_example(warifu: Any) -> None:
    ended = warifu("audit", "permissions", "--help")
    assert ended.returncode == 0
    assert "Exit status 0" in ended.stdout
    assert "Example: warifu audit permissions" in ended.stdout


def test_what_is_no_evidence_is_refused_with_why(warifu: Any, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    (tmp_path / "other.json").write_text("{}")
    why = {"missing": "No such file or directory", "text": "not JSON", "other.json": "no evidence that a node kept"}
    for name, said in why.items():
        ended = warifu("audit", "evidence", tmp_path / name, "--root", tmp_path / "root.pem")
        assert ended.returncode == 1
        assert f"{tmp_path / name}: {said}" in ended.stderr
