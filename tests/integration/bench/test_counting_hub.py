"""The hub that the bench measures is the production hub, and tells the counters that the bench divides by."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest

from warifu_kit.network.creation import create_network

COUNTING_HUB = Path(__file__).parents[3] / "bench" / "counting_hub.py"
PATIENCE_S = 30


@pytest.mark.parametrize("options", [[], ["--unary"]], ids=["streams", "unary"])
def test_the_measured_hub_tells_its_counters_when_it_is_asked(tmp_path: Path, options: list[str]) -> None:
    create_network(tmp_path / "net")
    hub = tmp_path / "net" / "hub"
    command = [sys.executable, str(COUNTING_HUB), "--dir", str(hub), "--listen", "127.0.0.1:0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert "ready" in process.stdout.readline()
            os.kill(process.pid, signal.SIGUSR1)
            give_up = time.monotonic() + PATIENCE_S
            while not (hub / "counters.json").exists():
                assert time.monotonic() < give_up, "no counters"
                Event().wait(0.05)
        finally:
            process.terminate()
    assert set(json.loads((hub / "counters.json").read_text("ascii"))) == {"syncs", "records"}
