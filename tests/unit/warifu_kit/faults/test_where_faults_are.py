"""Faults are the kit's: no party has a word for them, and a hub that takes them still holds nothing that opens anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]
OPENERS = (
    "warifu.agency",
    "warifu.api.record",
    "warifu.client",
    "warifu.exchange.inquiry",
    "warifu.exchange.provision",
)


def test_no_file_of_a_party_names_them() -> None:
    files = [path for folder in ("src", "hub", "services") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    assert [path for path in files if "warifu-fault" in path.read_text("utf-8")] == []


def test_what_a_hub_is_given_loads_nothing_that_seals_or_opens() -> None:
    look = "import sys, warifu_kit.faults.seam; print(*sorted(sys.modules))"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60)
    loaded = found.stdout.split()
    assert "warifu_kit.faults.wire.together" in loaded
    assert [name for name in loaded if name.startswith((*OPENERS, "warifu.exchange.seal"))] == []
