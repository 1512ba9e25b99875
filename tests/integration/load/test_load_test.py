"""The load test: every call is counted once, from when it should have started, and whatever is missing is said in a sentence."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from warifu.client import NetworkDescription, NodeClient
from warifu_kit.network.network import Network

LOADTEST = Path(__file__).resolve().parents[3] / "loadtest"
LOCUST = [sys.executable, "-m", "locust", "-f", str(LOADTEST / "locustfile.py"), "--headless", "--only-summary"]
PATIENCE_S = 100.0
CLERKS = ("--mix", "childcare_clerk,insurance_clerk")
GENEROUS = ("--max-p99", "100000", "--min-achieved", "0")
"""What a slow machine must not miss: these tests are about counts."""
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
        populate = [sys.executable, "-m", "warifu_kit.cli", "populate", str(path), "--residents", "24", "--json"]
        ended = subprocess.run(populate, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
        assert json.loads(ended.stdout)["population"] == str(path / "population.json")
        yield path


def _environment(**variables: str | Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WARIFU_", "LOCUST_"))}
    return environment | {name: str(value) for name, value in variables.items()}


def _locust(*words: str | Path, **variables: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LOCUST, *map(str, words)],
        env=_environment(**variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def _told(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "load.json").read_text("utf-8"))
    return told


async def _asked_so_far(path: Path) -> int:
    network = NetworkDescription.load(path)
    count = 0
    for agency in ("childcare", "insurance"):
        async with NodeClient(network.to_node(agency)) as node:
            count += len(await node.exchange_records())
    return count


PROCESSES = [
    pytest.param((), id="one process"),
    pytest.param(("--processes", "2"), id="a master and two workers", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("processes", PROCESSES)
def test_every_call_of_a_run_is_counted_once(populated: Path, tmp_path: Path, processes: tuple[str, ...]) -> None:
    before = asyncio.run(_asked_so_far(populated))
    words = ("--rate", "30", "--seconds", "4", *CLERKS, *GENEROUS, *processes)
    ended = _locust("--network", populated, "--out", tmp_path, *words)
    assert ended.returncode == 0, ended.stderr
    told = _told(tmp_path)
    exchanges = sum(row["count"] for row in told["calls"] if row["end"] != "CODE_NOT_ACQUIRED")
    assert exchanges == asyncio.run(_asked_so_far(populated)) - before > 0
    assert told["calls_in_all"] == sum(row["count"] for row in told["calls"]) == told["stages"][0]["due"]
    assert told["failed_in_all"] == 0
    assert len(told["processes"]) == max(1, len(processes))
    assert all(each["TLS"].startswith("mutual, TLSv1.") for each in told["processes"])


def test_every_kind_of_user_makes_its_calls_and_what_it_means_is_no_failure(populated: Path, tmp_path: Path) -> None:
    mix = "childcare_clerk=20,insurance_clerk=20,batch_officer=2,code_officer=3,auditor=3,supervisor=3"
    words = ("--rate", "25", "--seconds", "6", "--out", tmp_path, "--mix", mix, *GENEROUS)
    ended = _locust("--network", populated, *words)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    calls = _told(tmp_path)["calls"]
    assert {row["user"] for row in calls} == {piece.partition("=")[0] for piece in mix.split(",")}
    assert [row for row in calls if not row["meant"]] == []
    answered = {row["rpc"] for row in calls if row["end"] == "answered"}
    assert answered >= {
        "AuthorityService.DesignateMyNumbers",
        "LogService.GetConsistencyProof",
        "LogService.GetInclusionProof",
        "NodeService.AcquireCodes",
        "NodeService.BulkInquire (a row)",
        "NodeService.Inquire",
        "SupervisionService.SetAssessmentStatus",
    }


@pytest.mark.slow
def test_calls_that_nobody_answers_stay_asked_and_are_counted_as_open(populated: Path, tmp_path: Path) -> None:
    words = ("--users", "2", "--rate", "20", "--seconds", "3", "--agencies", "childcare", "--mix", "childcare_clerk")
    with _stopped(_hub_of(populated)):
        ended = _locust("--network", populated, "--out", tmp_path, *words)
    assert ended.returncode == 1
    told = _told(tmp_path)
    (stage,) = told["stages"]
    ends = {row["end"]: row["count"] for row in told["calls"]}
    assert stage["due"] == told["calls_in_all"] > 20, "the network's silence had fewer calls asked of it"
    assert stage["open_at_end"] == stage["due"] - ends.get("CODE_NOT_ACQUIRED", 0)
    assert ends["NEVER_BEGUN"] == stage["never_begun"] >= stage["due"] - 10
    assert told["failed_in_all"] == stage["open_at_end"]
    assert [line for line in told["missed"] if "ended in time" in line]
    assert "nobody was free to make the call" in ended.stdout


@contextmanager
def _stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _hub_of(path: Path) -> int:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        words = entry.read_bytes().split(b"\0")
        if os.fsencode(path / "hub") in words and b"hub" in words:
            return int(entry.parent.name)
    raise AssertionError("the hub does not run")


def test_a_threshold_that_is_missed_is_said_and_is_the_exit_status(populated: Path, tmp_path: Path) -> None:
    words = ("--rate", "20", "--seconds", "1", "--max-p99", "0.001", "--out", tmp_path, *CLERKS)
    ended = _locust("--network", populated, *words)
    assert ended.returncode == 1
    assert "missed: p99 of " in ended.stdout
    assert " is above 0.001 ms" in ended.stdout


def test_the_report_is_one_page_with_nothing_from_elsewhere_and_rows_for_a_spreadsheet(
    populated: Path, tmp_path: Path
) -> None:
    words = ("--rate", "20", "--seconds", "2", "--shape", "stairs", "--out", tmp_path / "new" / "folder")
    ended = _locust("--network", populated, *words, *GENEROUS)
    assert ended.returncode == 0, ended.stderr
    folder = tmp_path / "new" / "folder"
    page = (folder / "load.html").read_text("utf-8")
    assert "SIMULATED" in page
    assert [word for word in ("<script", "http:", "https:", "src=", "@import", "url(") if word in page] == []
    told = _told(folder)
    for name in ("stages", "calls"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [list(row) for row in rows] == [list(row) for row in told[name]]
    assert [row["stage"] for row in told["stages"]] == [f"step {step}" for step in range(1, 6)]


@pytest.mark.slow
def test_a_search_for_saturation_ends_by_itself_and_tells_an_interval(populated: Path, tmp_path: Path) -> None:
    # A threshold that nothing keeps makes the search short: it goes down to its least rate and says that none held.
    words = ("--shape", "saturation", "--rate", "4", "--step", "0.5", "--max-p99", "0.001", "--out", tmp_path, *CLERKS)
    ended = _locust("--network", populated, *words)
    assert ended.returncode == 1
    assert "knee: the highest rate that held is none, the lowest that did not 1/s" in ended.stdout
    assert _told(tmp_path)["knee"] == {"held_per_s": None, "not_held_per_s": 1.0}


def test_a_run_that_is_ended_early_reports_what_it_has(populated: Path, tmp_path: Path) -> None:
    words = ("--rate", "20", "--seconds", "3600", "--run-time", "3s", "--out", tmp_path, *CLERKS, *GENEROUS)
    ended = _locust("--network", populated, *words)
    assert ended.returncode == 0, ended.stderr
    told = _told(tmp_path)
    assert 0 < told["calls_in_all"] == told["stages"][0]["due"]


def test_a_load_test_without_a_network_says_so_in_a_sentence() -> None:
    ended = _locust()
    assert ended.returncode == 1
    assert "loadtest: CONFIG_INVALID" in ended.stderr
    assert "give --network DIR, or set WARIFU_NETWORK" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_without_a_network_is_said_in_a_sentence(tmp_path: Path) -> None:
    ended = _locust(WARIFU_NETWORK=tmp_path / "no [/b]net")
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
    ended = _locust(WARIFU_NETWORK=tmp_path)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--mix", "nobody=1"), "there is no user 'nobody'; there are childcare_clerk, "),
        (("--rate", "0"), "argument --rate: should be above 0"),
        (("--rate", "many"), "argument --rate: "),
        (("--max-failed", "2"), "argument --max-failed: should be from 0 to 1"),
        (("--shape", "round"), "argument --shape: invalid choice: 'round'"),
    ],
)
def test_what_there_is_not_to_ask_for_is_said_before_anything_begins(words: tuple[str, ...], said: str) -> None:
    ended = _locust(*words)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_agency_that_there_is_not_is_said_with_those_that_there_are(populated: Path) -> None:
    ended = _locust("--network", populated, "--agencies", "childcare,police")
    assert ended.returncode == 1
    assert "--agencies: no agency is called police; there are " in ended.stderr


@pytest.mark.parametrize("processes", PROCESSES)
@pytest.mark.parametrize("kind", ["nothing", "plain text"])
def test_a_load_test_pointed_at_nothing_or_at_a_plain_text_port_says_where_and_ends(
    populated: Path, tmp_path: Path, kind: str, processes: tuple[str, ...]
) -> None:
    with _listening(kind) as port:
        shutil.copytree(populated, tmp_path / "net", ignore=shutil.ignore_patterns("*.sqlite3*", "*.lock"))
        told = json.loads((tmp_path / "net" / "network.json").read_bytes())
        for party in told["parties"].values():
            party["endpoint"] = party["endpoint"] and f"127.0.0.1:{port}"
        (tmp_path / "net" / "network.json").write_text(json.dumps(told), "utf-8")
        ended = _locust("--network", tmp_path / "net", "--rate", "5", "--seconds", "1", *processes)
    assert ended.returncode == 1
    line, *_ = [line for line in ended.stderr.splitlines() if line.startswith("loadtest: ")]
    assert f"127.0.0.1:{port}: " in line
    assert "Traceback" not in ended.stderr


@contextmanager
def _listening(kind: str) -> Iterator[int]:
    """A port at which nobody answers, or somebody in plain text."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
        if kind == "nothing":
            server.close()
            yield port
            return
        speaking = threading.Thread(target=_speak_plainly, args=(server,), daemon=True)
        speaking.start()
        yield port
        server.shutdown(socket.SHUT_RDWR)
        speaking.join()


def _speak_plainly(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            caller, _ = server.accept()
            with caller, suppress(OSError):
                caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_a_step_that_fails_ends_the_load_test_with_a_sentence_and_no_process_left(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, LOADTEST / "run.py", "--residents", "0", "--out", tmp_path / "never"],
        env=_environment(TMPDIR=tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ended.returncode == 1
    assert "load: the network was not populated: warifu populate ended with status 2" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_whole_load_test_starts_its_network_reports_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    words = ("--residents", "24", "--rate", "10", "--seconds", "2", "--out", str(tmp_path / "out"), *GENEROUS)
    ended = subprocess.run(
        [sys.executable, LOADTEST / "run.py", *words],
        env=_environment(TMPDIR=tmp_path / "tmp"),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"report: {tmp_path / 'out' / 'load.html'}" in ended.stdout
    assert _told(tmp_path / "out")["calls_in_all"] > 0
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_load_test_that_is_asked_to_stop_takes_its_network_with_it(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, LOADTEST / "run.py", "--residents", "12", "--seconds", "60", "--out", tmp_path / "never"],
        env=_environment(TMPDIR=tmp_path),
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


def _with_ghz(folder: Path, script: str) -> str:
    """A PATH on which a program called ghz is found first."""
    folder.mkdir()
    (folder / "ghz").write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    (folder / "ghz").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.slow
def test_what_ghz_sees_of_the_same_calls_stands_in_the_same_report(populated: Path, tmp_path: Path) -> None:
    stand_in = Path(__file__).with_name("standing_in_for_ghz.py")
    path = _with_ghz(tmp_path / "bin", f'exec "{sys.executable}" "{stand_in}" "$@"')
    words = ("--rate", "10", "--seconds", "1", "--out", tmp_path / "out", *CLERKS, *GENEROUS)
    ended = _locust("--network", populated, *words, PATH=path)
    assert ended.returncode == 0, ended.stderr
    told = _told(tmp_path / "out")
    ours, theirs = told["beside"]
    assert (ours["seen by"], theirs["seen by"], theirs["count"]) == ("this load test", "ghz", 50)
    assert ours["count"] > 0
    assert "seen by another tool" in (tmp_path / "out" / "load.html").read_text("utf-8")
    assert told["warnings"] == []


def test_a_ghz_that_fails_is_told_of_and_spoils_nothing(populated: Path, tmp_path: Path) -> None:
    path = _with_ghz(tmp_path / "bin", "exit 3")
    words = ("--rate", "10", "--seconds", "1", "--out", tmp_path / "out", *CLERKS, *GENEROUS)
    ended = _locust("--network", populated, *words, PATH=path)
    assert ended.returncode == 0, ended.stderr
    assert "ghz is here and could not be compared with: " in ended.stdout
    assert _told(tmp_path / "out")["beside"] == []
