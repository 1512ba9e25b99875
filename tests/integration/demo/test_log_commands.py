"""``warifu log``: a copy verifies with the key alone, and a changed one does not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any


def _copied(demonstrated: Any, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demonstrated.folder / "log-copy", tmp_path / "copy"))


def test_a_copy_verifies_offline_with_the_key_file(demonstrated: Any, warifu: Any, tmp_path: Path) -> None:
    copy, key = _copied(demonstrated, tmp_path), tmp_path / "log.vkey"
    shutil.copyfile(demonstrated.folder / "log.vkey", key)
    ended = warifu("log", "verify", "--key", key, copy)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("verified: ")


def test_the_key_may_be_given_as_text(demonstrated: Any, warifu: Any) -> None:
    key = (demonstrated.folder / "log.vkey").read_text("ascii").strip()
    ended = warifu("log", "verify", "--key", key, demonstrated.folder / "log-copy")
    assert ended.returncode == 0, ended.stderr


def test_a_changed_entry_is_found(demonstrated: Any, warifu: Any, tmp_path: Path) -> None:
    copy = _copied(demonstrated, tmp_path)
    (bundle,) = [path for path in (copy / "tile" / "entries").rglob("*") if path.is_file()]
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(content)
    ended = warifu("log", "verify", "--key", demonstrated.folder / "log.vkey", copy)
    assert ended.returncode == 1
    assert "LOG_INVALID" in ended.stderr
    assert "tile/entries/" in ended.stderr


def test_another_key_is_refused(demonstrated: Any, warifu: Any, tmp_path: Path) -> None:
    assert warifu("new", tmp_path / "other").returncode == 0
    ended = warifu("log", "verify", "--key", tmp_path / "other" / "log.vkey", demonstrated.folder / "log-copy")
    assert ended.returncode == 1
    assert "LOG_INVALID" in ended.stderr


def test_a_missing_key_file_is_said(demonstrated: Any, warifu: Any, tmp_path: Path) -> None:
    ended = warifu("log", "verify", "--key", tmp_path / "none", demonstrated.folder / "log-copy")
    assert ended.returncode == 1
    assert "the key cannot be read" in ended.stderr


def test_a_log_copied_later_extends_the_checkpoint_kept_from_earlier(running: Any, warifu: Any, tmp_path: Path) -> None:
    copy, earlier = tmp_path / "copy", tmp_path / "earlier"
    assert warifu("log", "copy", running.folder, "--out", copy).returncode == 0
    shutil.copyfile(copy / "checkpoint", earlier)
    again = warifu("log", "copy", running.folder, "--out", copy)
    assert again.returncode == 0, again.stderr
    ended = warifu("log", "verify", "--key", running.folder / "log.vkey", copy, "--since", earlier)
    assert ended.returncode == 0, ended.stderr
    assert "extends" in ended.stdout


def test_a_log_rolled_back_behind_a_kept_checkpoint_is_found(demonstrated: Any, running: Any, warifu: Any) -> None:
    ended = warifu(
        "log",
        "verify",
        "--key",
        demonstrated.folder / "log.vkey",
        demonstrated.folder / "log-copy",
        "--since",
        running.folder / "network.json",
    )
    assert ended.returncode == 1
    assert "LOG_INVALID" in ended.stderr


def test_a_network_that_is_down_is_said_to_be_unreachable(demonstrated: Any, warifu: Any, tmp_path: Path) -> None:
    ended = warifu("log", "copy", demonstrated.folder, "--out", tmp_path / "copy")
    assert ended.returncode == 1
    assert "NOT_CONNECTED" in ended.stderr
    assert "nobody listens there" in ended.stderr
