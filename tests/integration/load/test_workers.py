"""A load test on several hosts: each worker holds the certificates of its own agency and of nobody else."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from warifu_kit.network.network import Network

LOADTEST = Path(__file__).resolve().parents[3] / "loadtest"
GUIDE = (LOADTEST.parent / "docs" / "guide" / "load.md").read_text("utf-8")
LOCUST = [sys.executable, "-m", "locust", "-f", str(LOADTEST / "locustfile.py")]
PATIENCE_S = 100.0
GENEROUS = ("--max-p99", "100000", "--min-achieved", "0")

pytestmark = pytest.mark.slow  # each starts several processes of locust beside a network


@pytest.fixture(scope="module")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("load") / "net"
    with Network(path):
        populate = [sys.executable, "-m", "warifu_kit.cli", "populate", str(path), "--residents", "24"]
        subprocess.run(populate, capture_output=True, check=True, timeout=PATIENCE_S)
        yield path


def _host_of(populated: Path, folder: Path, agency: str) -> Path:
    """What a host is given that is one agency: the three files about the network, and that agency's own."""
    folder.mkdir()
    for name in ("network.json", "population.json"):
        shutil.copy(populated / name, folder / name)
    told = json.loads((populated / "network.json").read_bytes())["parties"][agency]
    own = [str(Path(told["folder"]) / name) for name in ("root.pem", "revoked.pem")]
    for name in [told["business_certificate"], told["business_private_key"], *own]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(populated / name, folder / name)
    return folder


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def _started(*words: str | Path, folder: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WARIFU_", "LOCUST_"))}
    command = [*LOCUST, *map(str, words)]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _master(port: int, out: Path, *words: str) -> tuple[str | Path, ...]:
    expect = ("--headless", "--master", "--master-bind-port", str(port), "--expect-workers", "2", "--only-summary")
    return (*expect, "--out", out, *words, *GENEROUS)


def _worker(port: int, folder: Path) -> tuple[str | Path, ...]:
    return ("--worker", "--master-host", "127.0.0.1", "--master-port", str(port), "--network", folder)


def test_the_recipe_for_several_machines_works_as_the_guide_has_it(populated: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "net").symlink_to(populated)
    (tmp_path / "loadtest").symlink_to(LOADTEST)
    block = re.search(r"<!-- run by tests/integration/load/test_workers.py -->\n```console\n(.*?)```", GUIDE, re.DOTALL)
    assert block is not None
    port, commands = str(_free_port()), [line.removeprefix("$ ") for line in block[1].splitlines()]
    with ExitStack() as started:
        locusts = []
        for command in commands:
            words = shlex.split(command.replace("192.0.2.10", "127.0.0.1"))
            if words[0] != "locust":
                subprocess.run(words, cwd=tmp_path, check=True, timeout=PATIENCE_S)
                continue
            bind = ["--master-bind-port", port, *GENEROUS] if "--master" in words else ["--master-port", port]
            locusts.append(started.enter_context(_started(*words[3:], *bind, folder=tmp_path)))
        said, _ = locusts[0].communicate(timeout=PATIENCE_S)
        assert [each.wait(PATIENCE_S) for each in locusts] == [0, 0, 0], said
    assert len(json.loads((tmp_path / "runs" / "load" / "load.json").read_bytes())["processes"]) == 2


def test_two_hosts_that_are_one_agency_each_make_the_whole_mix(populated: Path, tmp_path: Path) -> None:
    port, out = _free_port(), tmp_path / "out"
    hosts = {agency: _host_of(populated, tmp_path / agency, agency) for agency in ("childcare", "insurance")}
    with ExitStack() as started:
        master = started.enter_context(_started(*_master(port, out, "--rate", "20", "--seconds", "4")))
        for folder in hosts.values():
            started.enter_context(_started(*_worker(port, folder)))
        said, _ = master.communicate(timeout=PATIENCE_S)
    assert master.returncode == 0, said
    told: dict[str, Any] = json.loads((out / "load.json").read_text("utf-8"))
    assert {row["user"] for row in told["calls"]} >= {"childcare_clerk", "insurance_clerk"}
    assert set(told["mix"]) == {"childcare_clerk", "insurance_clerk", "batch_officer"}, (
        "who needs another's certificate"
    )
    assert [row for row in told["calls"] if not row["meant"]] == []
    assert len(told["processes"]) == 2


def test_a_worker_that_dies_is_named_and_its_run_is_not_good(populated: Path, tmp_path: Path) -> None:
    port, out = _free_port(), tmp_path / "out"
    hosts = {agency: _host_of(populated, tmp_path / agency, agency) for agency in ("childcare", "insurance")}
    with ExitStack() as started:
        words = ("--shape", "stairs", "--rate", "20", "--seconds", "10")
        master = started.enter_context(_started(*_master(port, out, *words)))
        workers = [started.enter_context(_started(*_worker(port, folder))) for folder in hosts.values()]
        assert master.stdout is not None
        _read_until("step 1: ", master.stdout)
        workers[0].send_signal(signal.SIGKILL)
        said, _ = master.communicate(timeout=PATIENCE_S)
    assert master.returncode == 1
    assert "said nothing of a stage: lost" in said
    assert json.loads((out / "load.json").read_text("utf-8"))["stages"][-1]["calls"] > 0, "the other went on"


def _read_until(text: str, stream: IO[str]) -> None:
    for line in stream:
        if text in line:
            return
    raise AssertionError(f"it ended without saying {text!r}")


def _asked(url: str, body: bytes | None = None) -> bytes:
    """What the page at ``url`` says, once somebody listens there."""
    give_up = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, body, timeout=PATIENCE_S) as answer:
                said: bytes = answer.read()
                return said
        except urllib.error.URLError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)


def test_a_run_that_is_begun_on_the_web_page_is_reported_too(populated: Path, tmp_path: Path) -> None:
    port, out = _free_port(), tmp_path / "out"
    words = ("--web-host", "127.0.0.1", "--web-port", str(port), "--network", populated, "--out", out, *GENEROUS)
    with _started(*words) as process:
        assert process.stdout is not None
        _read_until("Starting web interface", process.stdout)
        form = {"user_count": "16", "spawn_rate": "16", "rate": "20", "seconds": "2", "shape": "steady"}
        body = urllib.parse.urlencode(form).encode()
        assert json.loads(_asked(f"http://127.0.0.1:{port}/swarm", body))["success"] is True
        _read_until("steady: asked", process.stdout)
        _read_until("calls: ms from", process.stdout)
        shown = json.loads(_asked(f"http://127.0.0.1:{port}/stats/requests"))
    told = json.loads((out / "load.json").read_text("utf-8"))
    assert shown["stats"][-1]["num_requests"] == told["calls_in_all"] > 0
