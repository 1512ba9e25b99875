"""``warifu up`` as a program in any language starts it: one line when it is up, with whatever that needs; then events."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import grpc
import pytest
from tests.integration.plugin.conftest import Program, Start

from warifu.api.node.v1.node_service_pb2 import ListExchangeRecordsRequest
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub
from warifu_kit.network.creation import create_network
from warifu_kit.network.for_tests import LIKE_OTHERS, ForTests

WARIFU = [sys.executable, "-m", "warifu_kit.cli"]
PATIENCE_S = 60.0

PARENT = """
import subprocess, sys, threading
started = []
def start():
    started.append(subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
thread = threading.Thread(target=start)
thread.start()
thread.join()
print(started[0].stdout.readline(), end="", flush=True)
print(started[0].pid, started[0].poll(), flush=True)
sys.stdin.read()
"""
"""A program that starts a network in a thread which ends at once, as many do, and is then killed."""


def _until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def _ran(*words: str | Path) -> tuple[int, str]:
    ended = subprocess.run([*WARIFU, *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("started") / "net"


@pytest.fixture(scope="module")
def program(start: Start, net: Path) -> Program:
    return start("up", net, "--json", "--seed", "7", "--clock", "--residents", "5")


@pytest.fixture(scope="module")
def told(program: Program) -> dict[str, Any]:
    return program.line()


def test_the_first_line_is_about_the_whole_network(told: dict[str, Any], net: Path) -> None:
    assert (told["event"], told["simulated"], told["network"], told["seed"]) == ("up", True, "sim-seed-7", 7)
    assert told["folder"] == str(net)
    parties = told["parties"]
    assert list(parties) == [
        "hub",
        "authority",
        "supervisor",
        "residence",
        "tax",
        "childcare",
        "insurance",
        "jpki",
        "verifier",
    ]
    running = {party: about for party, about in parties.items() if about["role"] != "supervisor"}
    assert all(Path(f"/proc/{about['pid']}").exists() for about in running.values())
    assert len({about["endpoint"] for about in running.values()}) == 8
    assert (parties["supervisor"]["endpoint"], parties["supervisor"]["pid"]) == (None, None)


def test_every_path_in_it_is_there_and_no_key_is_in_it(told: dict[str, Any]) -> None:
    paths = [value for value in _texts(told) if value.startswith("/")]
    assert len(paths) > 30
    assert [path for path in paths if not Path(path).exists()] == []
    assert "PRIVATE KEY" not in json.dumps(told)


def _texts(told: Any) -> list[str]:
    if isinstance(told, dict):
        return [text for value in told.values() for text in _texts(value)]
    return [told] if isinstance(told, str) else []


def test_it_says_loudly_what_is_for_tests_alone(told: dict[str, Any]) -> None:
    assert [each.partition(":")[0] for each in told["warnings"]] == ["MADE FROM SEED 7", "ITS CLOCK CAN BE SET"]


def test_it_says_that_the_network_is_awkward_and_how_to_have_the_same_again(told: dict[str, Any], net: Path) -> None:
    again = f"warifu up {net} --awkward --seed 7"
    assert told["faults"] == {"awkward": True, "seed": 7, "the_same_again": again}


def test_whatever_a_plain_client_needs_is_in_it(told: dict[str, Any]) -> None:
    party = told["parties"]["tax"]
    files = (told["root_certificate"], party["business_private_key"], party["business_certificate"])
    credentials = grpc.ssl_channel_credentials(*(Path(file).read_bytes() for file in files))
    named = (("grpc.ssl_target_name_override", party["tls_name"]),)
    with grpc.secure_channel(party["endpoint"], credentials, named) as channel:
        pages = NodeServiceStub(channel).ListExchangeRecords(ListExchangeRecordsRequest(), timeout=30)
        assert [len(page.records) for page in pages] == [0]


def test_the_people_are_registered_by_then(told: dict[str, Any]) -> None:
    population = json.loads(Path(told["population"]).read_text("utf-8"))
    assert len(population["agencies"]["residence"]["people"]) == 5


def test_its_clock_is_set_by_a_command(told: dict[str, Any], net: Path) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=400)
    status, said = _ran("clock", net, "--set", f"{midnight:%Y-%m-%d}T09:00:00+09:00")
    assert (status, said[:31]) == (0, f"SIMULATED time: {midnight:%Y-%m-%d} 00:0")
    assert _ran("clock", net, "--advance=86400")[1].startswith(
        f"SIMULATED time: {midnight + timedelta(days=1):%Y-%m-%d}"
    )
    assert _ran("clock", net, "--reset")[1].endswith(" UTC, +0 s from the machine's\n")


@pytest.mark.parametrize(
    "words", [["--set", "2100-01-01"], ["--set", "tomorrow"], ["--advance=1e300"], ["--reset", "--advance=1"]]
)
def test_a_time_that_cannot_be_is_a_wrong_command_line(told: dict[str, Any], net: Path, words: list[str]) -> None:
    assert _ran("clock", net, *words)[0] == 2


def test_events_come_after_it(program: Program, told: dict[str, Any]) -> None:
    os.kill(told["parties"]["tax"]["pid"], signal.SIGKILL)
    events = [program.line(), program.line()]
    assert [(each["event"], each["party"]) for each in events] == [("died", "tax"), ("restarted", "tax")]
    assert events[1]["detail"] == told["parties"]["tax"]["endpoint"]


def test_standard_error_is_for_people_and_warns_too(start: Start, tmp_path: Path) -> None:
    program = start("up", tmp_path / "net", "--json", "--seed", "0")
    assert program.line()["warnings"]
    assert "WARNING: MADE FROM SEED 0" in program.stop()


def test_a_network_like_others_warns_of_nothing(start: Start, tmp_path: Path) -> None:
    program = start("up", tmp_path / "net", "--json")
    told = program.line()
    assert (told["warnings"], told["seed"], told["clock"], told["population"]) == ([], None, None, None)
    assert told["faults"]["awkward"], "awkward from a seed of its own"
    assert program.stop() == ""


@pytest.mark.parametrize(("words", "told"), [("--calm", {"awkward": False, "seed": None}), ("--no-faults", None)])
def test_a_network_is_calm_where_it_is_asked_to_be(
    start: Start, tmp_path: Path, words: str, told: dict[str, Any] | None
) -> None:
    faults = start("up", tmp_path / "net", "--json", words).line()["faults"]
    assert faults == (told and told | {"the_same_again": f"warifu up {tmp_path / 'net'} --calm"})


def test_people_are_told_that_a_network_is_awkward(tmp_path: Path) -> None:
    words = [*WARIFU, "up", str(tmp_path / "net"), "--seed", "7"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as up:
        assert up.stdout is not None
        banner = "".join(takewhile(lambda line: not line.startswith("described in"), up.stdout))
        up.send_signal(signal.SIGINT)
    assert "AWKWARD ON PURPOSE" in banner
    assert f"the same again: warifu up {tmp_path / 'net'} --awkward --seed 7\n" in banner


def test_it_stops_with_the_program_that_started_it_and_not_with_its_thread(tmp_path: Path) -> None:
    words = [*WARIFU, "up", str(tmp_path / "net"), "--json", "--stop-with-parent"]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    told = json.loads(parent.stdout.readline())
    pid, status = parent.stdout.readline().split()
    assert status == "None"  # it is up, though the thread is long gone
    parent.kill()
    parent.communicate()
    pids = [int(pid), *(about["pid"] for about in told["parties"].values() if about["pid"])]
    _until(lambda: not any(_runs(each) for each in pids))


def _runs(pid: int) -> bool:
    """Whether it does. One that ended and nobody waited for, as where nothing reaps in a container, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("made", "asked", "why"),
    [
        (ForTests(seed=7), ["--seed", "8"], "was made from seed 7"),
        (LIKE_OTHERS, ["--seed", "8"], "was made without a seed"),
        (ForTests(seed=7), ["--clock"], "was made without --clock"),
    ],
)
def test_a_network_never_becomes_one_for_tests(tmp_path: Path, made: ForTests, asked: list[str], why: str) -> None:
    create_network(tmp_path / "net", for_tests=made)
    status, said = _ran("up", tmp_path / "net", *asked)
    assert status == 1
    assert f"{why}; a network never changes that" in said


def test_who_meant_the_seed_of_the_faults_is_told_how_to_say_it(tmp_path: Path) -> None:
    create_network(tmp_path / "net")
    _, said = _ran("up", tmp_path / "net", "--seed", "8")
    assert "for faults by that seed say --awkward --seed 8" in " ".join(said.split())


def test_a_network_without_such_a_clock_cannot_be_told_the_time(tmp_path: Path) -> None:
    create_network(tmp_path / "net")
    status, said = _ran("clock", tmp_path / "net", "--advance", "60")
    assert status == 1
    assert "was made without --clock" in said


def test_a_party_that_somebody_starts_by_itself_has_no_such_options() -> None:
    for role in ("hub", "authority", "agency"):
        status, said = _ran(role, "--clock", "somewhere")
        assert (status, "No such option" in said) == (2, True), role
