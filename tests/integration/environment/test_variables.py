"""What the environment says is asked for by libraries, and must not decide where and how a network connects."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


def test_a_whole_network_does_its_work_in_a_hostile_environment(
    behind_proxy: Any, tmp_path: Path, warifu_words: Callable[..., list[str]]
) -> None:
    kept = tmp_path / "日本 [b]net[/x]"
    hostile = {
        "GRPC_SSL_CIPHER_SUITES": "none",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": "/nowhere",
        "GRPC_TRACE": "all",
        "GRPC_VERBOSITY": "everything",
        "GRPC_POLL_STRATEGY": "none",
        "GRPC_DNS_RESOLVER": "none",
        "SSL_CERT_FILE": "/nowhere",
        "SSLKEYLOGFILE": str(tmp_path / "session-keys"),
        "OPENSSL_CONF": "/nowhere",
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "2",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "ascii:strict",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "LC_ALL": "POSIX",
        "TZ": "Nowhere/At_All",
    }
    ended = subprocess.run(
        warifu_words("demo", "--residents", 6, "--seed", 1, "--dir", kept),
        env={**os.environ, **hostile},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert b"Everything holds." in ended.stdout
    assert behind_proxy.visitors == 0
    assert not (tmp_path / "session-keys").exists()
    logs = [log.read_bytes() for log in kept.glob("*/party.log")]
    assert len(logs) == 8
    assert [line for log in logs for line in log.splitlines() if not line.startswith(b"{")] == []


def test_what_python_leaves_out_with_its_switch_o_only_tells_the_type_checker_something() -> None:
    for package in ("src/warifu", "hub", "services", "kit"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Assert):
                    assert _narrows_a_type(node.test), f"{path}:{node.lineno} would not be checked under python -O"


def _narrows_a_type(test: ast.expr) -> bool:
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], ast.IsNot) and ast.unparse(test.comparators[0]) == "None"
    return isinstance(test, ast.Call) and ast.unparse(test.func) == "isinstance"
