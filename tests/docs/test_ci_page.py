"""The page about CI names every event that ``warifu up --json`` can tell, and no other."""

from __future__ import annotations

import re
from pathlib import Path

TOLD = re.compile(r'(?:_tell|_on_event)\(\s*"([a-z ]+)"|return "([a-z ]+)", |\("(adapter [a-z]+)", ')
LISTED = re.compile(r"have `event`, `party` and `detail`: (.*?)\. The supervisor", re.DOTALL)
FIRST_LINE_SAYS_IT = {"ready"}


def test_every_event_is_on_the_page(tree: Path, pages: dict[str, str]) -> None:
    network = tree / "kit/warifu_kit/network"
    files = [network / name for name in ("network.py", "renewal.py", "witness_process.py", "adapter_watch.py")]
    told = {"".join(found) for file in files for found in TOLD.findall(file.read_text("utf-8"))}
    found = LISTED.search(pages["docs/guide/ci.md"])
    assert found is not None
    assert set(re.findall(r"`([a-z ]+)`", found[1])) == told - FIRST_LINE_SAYS_IT
