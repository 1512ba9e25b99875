"""A clone holds the bytes that were committed, also on a machine where git writes Windows line ends."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _git(*words: str | Path) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True, timeout=100).stdout


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="the tree is not a clone, or there is no git"
)
def test_a_clone_with_autocrlf_has_every_file_byte_for_byte(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    _git("-c", "core.autocrlf=true", "-c", "core.eol=crlf", "clone", "--quiet", "--no-checkout", ROOT, clone)
    _git("-C", clone, "config", "core.autocrlf", "true")
    _git("-C", clone, "checkout", "--quiet")
    listed = _git("-C", clone, "ls-tree", "-r", "-z", "HEAD").split("\0")[:-1]
    assert len(listed) > 300
    for line in listed:
        about, name = line.split("\t")
        content = (clone / name).read_bytes()
        committed = about.split()[2]
        digest = hashlib.sha1 if len(committed) == 40 else hashlib.sha256
        assert digest(b"blob %d\0" % len(content) + content).hexdigest() == committed, name
        assert b"\r\n" not in content or b"\0" in content, (
            name
        )  # a picture has them in its first bytes, by its standard
    for name in ("tools/bootstrap.sh", ".ci/run"):
        assert os.access(clone / name, os.X_OK), name
