"""The bench among many people: asks the three networks in turns, and everybody who was added is there and in nobody's way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_every_exchange_among_many_people_brings_the_record_of_the_one_asked_about() -> None:
    words = [sys.executable, str(ROOT / "bench/million_people.py"), "--people", "3000", "--rounds", "2"]
    ended = subprocess.run([*words, "--seconds", "1"], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    told = {row["name"]: row["value"] for row in map(json.loads, ended.stdout.splitlines())}
    assert {"people_again_over_first", "people_1e3_over_1e3", "people_1e3_over_1e3_cpu"} <= set(told)
    assert all(value > 0 for value in told.values())
