"""The pages written from the sources say what the sources say now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "tool",
    [
        "write_cases_page.py",
        "write_error_catalogue.py",
        "write_faults_page.py",
        "write_members_schema.py",
        "write_permissions_page.py",
        "write_protocol_page.py",
        "write_scenario_schema.py",
        "write_vectors.py",
    ],
)
def test_a_generated_page_is_what_its_tool_writes(tree: Path, tool: str) -> None:
    checked = subprocess.run(
        [sys.executable, str(tree / "tools" / tool), "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_protocol_page_says_how_long_a_context_is(pages: dict[str, str]) -> None:
    assert "116 bytes, big-endian" in pages["docs/protocol.md"]


def test_every_rpc_of_the_contract_has_callers(pages: dict[str, str]) -> None:
    assert "nobody: not served" not in pages["docs/protocol.md"]
