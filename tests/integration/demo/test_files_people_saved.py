"""A network whose text files somebody opened and saved: every one then has a byte order mark in front."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network

MARK = b"\xef\xbb\xbf"


def _save_every_text(folder: Path) -> set[str]:
    """Put the mark in front of every text file, as an editor does that saves "UTF-8 with BOM"; their names."""
    saved = set()
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if content and b"\0" not in content:
            path.write_bytes(MARK + content.removeprefix(MARK))
            saved.add(path.name)
    return saved


@pytest.fixture
def resaved(tmp_path: Path) -> Path:
    """A network that has been made, and then saved file by file."""
    folder = tmp_path / "net"
    create_network(folder)
    saved = _save_every_text(folder)
    assert {"network.json", "party.json", "directory.json", "root.pem", "tls.pem", "tls.key", "log.vkey"} <= saved
    return folder


def test_a_network_whose_files_were_saved_with_byte_order_marks_starts_and_registers_people(
    resaved: Path, warifu: Any, tmp_path: Path
) -> None:
    with Network(resaved):
        _save_every_text(resaved)  # network.json, too, which the start wrote anew
        ended = warifu("populate", resaved, "--residents", 3)
        assert ended.returncode == 0, ended.stderr
        copy = tmp_path / "copy"
        assert warifu("log", "copy", resaved, "--out", copy).returncode == 0
    ended = warifu("log", "verify", "--key", resaved / "log.vkey", copy)
    assert ended.returncode == 0, ended.stderr
