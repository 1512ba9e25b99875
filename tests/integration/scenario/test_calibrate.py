"""``warifu calibrate`` on a network that is really run, and ``warifu run`` with what it wrote; a run that is interrupted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from warifu_kit.scenario.virtual.costs import VISITS

WARIFU = [sys.executable, "-m", "warifu_kit.cli"]
LONG = """question: "Does this take long enough to be interrupted?"
general: {seed: 1, duration: 20h}
network: {members: two-of-each}
traffic: [{row: R01, provider: tax, arrivals: {process: poisson, rate: 20/s}}]
faults: [{at: 1s, for: 1s, who: hub, what: "delay:1ms"}]
"""


@pytest.mark.slow  # a whole network for some seconds; what is made of what it measures is tested without one
def test_costs_that_are_measured_here_can_be_played_with(tmp_path: Path) -> None:
    costs = tmp_path / "costs.json"
    subprocess.run([*WARIFU, "calibrate", "--out", str(costs), "--exchanges", "60"], check=True, timeout=100)
    told = json.loads(costs.read_text("utf-8"))
    assert set(told["visits"]) == set(VISITS)
    assert told["network"]["measured"]["1_in_flight"]["exchanges"] == 60
    assert all(visit["each_us"] + visit["shared_us"] > 50 for visit in told["visits"].values())
    (tmp_path / "asked.yaml").write_text(LONG.replace("20h", "20s"), "utf-8")
    words = ["run", "asked.yaml", "--calibration", "costs.json", "--out", "run", "--no-report", "--json"]
    ran = subprocess.run([*WARIFU, *words], cwd=tmp_path, check=True, timeout=60, stdout=subprocess.PIPE, text=True)
    assert json.loads(ran.stdout)["calibration"]["machine"] == told["machine"]


def test_a_run_that_takes_the_place_of_another_seed_says_so(tmp_path: Path) -> None:
    (tmp_path / "asked.yaml").write_text(LONG.replace("20h", "5s"), "utf-8")

    def last_line(*words: str) -> str:
        command = [*WARIFU, "run", "asked.yaml", "--no-report", *words]
        ran = subprocess.run(command, cwd=tmp_path, check=True, timeout=60, stdout=subprocess.PIPE, text=True)
        return ran.stdout.splitlines()[-1].strip()

    assert last_line() == "see runs/asked"
    assert last_line("--seed", "4") == "see runs/asked, in place of the run of seed 1"


def test_a_run_that_somebody_interrupts_leaves_a_folder_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "asked.yaml").write_text(LONG, "utf-8")
    process = subprocess.Popen([*WARIFU, "run", "asked.yaml", "--out", "run"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    incomplete = tmp_path / "run" / "INCOMPLETE"
    give_up = time.monotonic() + 60
    while not incomplete.exists():
        assert process.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) != 0
    assert [each.name for each in (tmp_path / "run").iterdir()] == ["INCOMPLETE"]
