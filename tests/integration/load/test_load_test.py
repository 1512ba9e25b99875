"""The load test: every call is counted once, and whatever it lacks is said in a sentence."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from warifu.client import NetworkDescription, NodeClient
from warifu_kit.network.network import Network

LOADTEST = Path(__file__).resolve().parents[3] / "loadtest"
LOCUST = [sys.executable, "-m", "locust", "-f", str(LOADTEST / "locustfile.py"), "--headless", "--only-summary"]
PATIENCE_S = 100.0
GONE = {
    "procedure_code": "100010000000000000",
    "questions": [{"provider": "another-that-left", "item_code": "1"}],
    "applicants": ["C-1"],
    "applicants_at": {"another-that-left": ["C-1"]},
}
"""What an office asked that left, or whom it asked."""


@pytest.fixture(scope="module")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("load") / "net"
    with Network(path):
        populate = [sys.executable, "-m", "warifu_kit.cli", "populate", str(path), "--residents", "12", "--json"]
        ended = subprocess.run(populate, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
        assert json.loads(ended.stdout)["population"] == str(path / "population.json")
        yield path


def _locust(*words: str, **variables: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WARIFU_")}
    environment |= {name: str(value) for name, value in variables.items()}
    return subprocess.run(
        [*LOCUST, *words], env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )


async def _asked_so_far(path: Path) -> int:
    network = NetworkDescription.load(path)
    count = 0
    for agency in ("childcare", "insurance"):
        async with NodeClient(network.to_node(agency)) as node:
            count += len(await node.exchange_records())
    return count


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["one process", "a master and two workers"])
def test_every_call_of_a_run_is_counted_once_also_those_open_at_its_end(
    populated: Path, tmp_path: Path, processes: tuple[str, ...]
) -> None:
    before = asyncio.run(_asked_so_far(populated))
    figures = tmp_path / "stats.json"
    words = ("--users", "8", "--spawn-rate", "8", "--run-time", "10s", *processes)
    ended = _locust(*words, WARIFU_NETWORK=populated, WARIFU_STATS=figures)
    assert ended.returncode == 0, ended.stderr
    rows = json.loads(figures.read_text("utf-8"))
    assert rows[-1]["name"] == "all"
    assert rows[-1]["failures"] == 0
    assert sum(row["requests"] for row in rows[:-1]) == rows[-1]["requests"] > 0
    assert rows[-1]["requests"] == asyncio.run(_asked_so_far(populated)) - before


def test_a_call_that_is_cut_off_is_counted_as_failed(populated: Path, tmp_path: Path) -> None:
    figures = tmp_path / "stats.json"
    hub = _hub_of(populated)
    os.kill(hub, signal.SIGSTOP)
    try:
        words = ("--users", "2", "--spawn-rate", "2", "--run-time", "6s", "--stop-timeout", "1")
        ended = _locust(*words, WARIFU_NETWORK=populated, WARIFU_STATS=figures)
    finally:
        os.kill(hub, signal.SIGCONT)
    assert ended.returncode == 1
    total = json.loads(figures.read_text("utf-8"))[-1]
    assert total["requests"] == total["failures"] == 2
    assert "open when the run ended" in ended.stdout + ended.stderr


def _hub_of(path: Path) -> int:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        words = entry.read_bytes().split(b"\0")
        if os.fsencode(path / "hub") in words and b"hub" in words:
            return int(entry.parent.name)
    raise AssertionError("the hub does not run")


def test_a_missing_variable_is_said_in_a_sentence() -> None:
    ended = _locust("--users", "1", "--run-time", "1s")
    assert ended.returncode == 1
    assert "loadtest: CONFIG_INVALID" in ended.stderr
    assert "WARIFU_NETWORK is not set" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_without_a_network_is_said_in_a_sentence(tmp_path: Path) -> None:
    ended = _locust("--users", "1", "--run-time", "1s", WARIFU_NETWORK=tmp_path / "no [/b]net")
    assert ended.returncode == 1
    assert "holds no network; make one there with: warifu up '" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("population", "said"),
    [
        (None, "the network has no people; fill it with: warifu populate "),
        ("{}", "not what `warifu populate` writes"),
        ("[", "not what `warifu populate` writes"),
        ('{"offices": {}}', "no office has anybody to ask about"),
        (json.dumps({"offices": {"one-that-left": GONE}}), "no office has anybody to ask about"),
        (json.dumps({"offices": {"childcare": GONE}}), "no office has anybody to ask about"),
    ],
)
def test_a_network_without_people_is_said_in_a_sentence(
    populated: Path, tmp_path: Path, population: str | None, said: str
) -> None:
    (tmp_path / "network.json").write_bytes((populated / "network.json").read_bytes())
    if population is not None:
        (tmp_path / "population.json").write_text(population, "utf-8")
    ended = _locust("--users", "1", "--run-time", "1s", WARIFU_NETWORK=tmp_path)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_step_that_fails_ends_the_load_test_with_a_sentence_and_no_process_left(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, LOADTEST / "run.py", "--residents", "0"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ended.returncode == 1
    assert "load: the network was not populated: warifu populate ended with status 2" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_load_test_that_is_asked_to_stop_takes_its_network_with_it(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, LOADTEST / "run.py", "--residents", "12", "--seconds", "60"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        give_up = time.monotonic() + PATIENCE_S
        while not list(tmp_path.glob("*/network/network.json")):
            assert time.monotonic() < give_up
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
        _, said = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert (process.returncode, said.splitlines()[-1]) == (130, "load: stopped")
    assert list(tmp_path.iterdir()) == []
