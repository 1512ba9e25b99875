"""Two of each kind in one network: everybody asks whom they must, and everything holds."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from warifu.client import BlockingNodeClient, NetworkDescription
from warifu.party.network_file import read_network_file
from warifu_kit.network.network import Network

TOWNS = ("takamatsu", "marugame")
WIDE = {**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
WITHOUT_IPV4 = 'ip link set lo up && ip addr del 127.0.0.1/8 dev lo && exec "$@"'


@pytest.fixture(scope="module")
def told(warifu: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """``warifu demo --members two-of-each``, its network kept beside the result."""
    outer = tmp_path_factory.mktemp("several")
    words = ("--members", "two-of-each", "--residents", 40, "--seed", 7, "--json", outer / "demo.json")
    ended = warifu("demo", *words, "--dir", outer / "net")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return {**json.loads((outer / "demo.json").read_text("utf-8")), "dir": outer / "net", "shown": ended.stdout}


@pytest.fixture(scope="module")
def up(told: dict[str, Any], warifu: Any) -> Iterator[Path]:
    """The same network, up again and with more people."""
    before, events = read_network_file(told["dir"]), list[str]()
    with Network(told["dir"], on_event=lambda event, *_: events.append(event)):
        assert set(events) == {"ready"}
        assert read_network_file(told["dir"]) == before, "every party listens where it did"
        ended = warifu("populate", told["dir"], "--residents", 24, "--seed", 8)
        assert ended.returncode == 0, ended.stderr
        yield told["dir"]


def test_both_procedures_run_across_all_agencies_and_everything_holds(told: dict[str, Any]) -> None:
    assert told["holds"]
    for procedure, offices in zip(
        told["procedures"], [("childcare-takamatsu", "childcare-marugame"), ("insurance-1", "insurance-2")], strict=True
    ):
        assert [each["inquirer"] for each in procedure["inquirers"]] == list(offices)
        asked = [(each["provider"], each["asked"]) for each in procedure["questions"]]
        assert [provider for provider, _ in asked] == [f"{k}-{town}" for k in ("residence", "tax") for town in TOWNS]
        assert all(count > 0 for _, count in asked)
        assert sum(each["total"]["asked"] for each in procedure["inquirers"]) == procedure["total"]["asked"]
        assert sum(each["decided"] for each in procedure["inquirers"]) == procedure["decided"] > 0


def test_the_report_names_every_agency_that_asked_or_was_asked_whole(told: dict[str, Any]) -> None:
    words = set(told["shown"].split())
    asking = {each["inquirer"] for procedure in told["procedures"] for each in procedure["inquirers"]}
    assert asking | {f"{kind}-{town}" for kind in ("residence", "tax") for town in TOWNS} <= words


def test_the_records_of_all_agencies_reconcile_with_the_log(told: dict[str, Any]) -> None:
    (check,) = [check for check in told["checks"] if check["name"] == "three sides reconciled"]
    asked = sum(procedure["total"]["asked"] for procedure in told["procedures"])
    assert check["detail"].startswith(f"0 differences in {asked + 4} exchanges")


def test_a_population_says_who_is_where_and_each_agency_has_its_own_people(up: Path) -> None:
    population = json.loads((up / "population.json").read_text("utf-8"))
    assert {about["municipality_code"] for about in population["residents"]} == {"372013", "372021"}
    assert len(population["residents"]) == 24
    for town, code in zip(TOWNS, ("372013", "372021"), strict=True):
        here = {about["my_number"] for about in population["residents"] if about["municipality_code"] == code}
        assert {each["my_number"] for each in population["agencies"][f"residence-{town}"]["people"]} == here


def test_a_party_is_found_by_its_name_and_by_its_kind_only_where_it_is_the_only_one(up: Path, warifu: Any) -> None:
    ended = warifu("clerk", "list", up, "residence")
    assert ended.returncode == 1
    assert (
        "several parties are of the kind residence; say which: residence-takamatsu, residence-marugame" in ended.stderr
    )
    ended = warifu("clerk", "list", up, "residence-marugame")
    assert (ended.returncode, ended.stdout) == (0, "nothing waits for a clerk of residence-marugame\n")
    for words in (("certificate", "renew", up, "tax"), ("certificate", "revoke", up, "tax")):
        assert "say which: tax-takamatsu, tax-marugame" in warifu(*words).stderr


def test_a_node_is_run_by_its_partys_name_and_has_records_of_its_own(up: Path) -> None:
    with BlockingNodeClient(NetworkDescription.load(up).to_node("tax-marugame")) as node:
        assert list(node.exchange_records())


def test_people_of_a_place_without_a_registry_are_refused_before_anything_is_made(warifu: Any, tmp_path: Path) -> None:
    people = Path(__file__).parents[3] / "examples" / "people.csv"
    ended = warifu("demo", "--members", "two-of-each", "--residents-file", people, "--dir", tmp_path / "net")
    assert ended.returncode == 1
    assert "no residence agency of the network serves residents of" in ended.stderr
    assert not (tmp_path / "net").exists()


def test_a_network_whose_endpoint_somebody_took_says_which_party_moved_from_where_to_where(
    demonstrated: Any, warifu_command: Callable[..., list[str]], tmp_path: Path
) -> None:
    net = Path(shutil.copytree(demonstrated.folder, tmp_path / "net"))
    before = {party: about.endpoint for party, about in read_network_file(net).parties.items()}
    host, _, port = str(before["tax"]).rpartition(":")
    with socket.create_server((host, int(port))):
        up = subprocess.Popen(warifu_command("up", net), stdout=subprocess.PIPE, text=True, env=WIDE)
        assert up.stdout is not None
        shown = []
        for line in up.stdout:
            shown.append(line)
            if "Ctrl-C" in line:
                break
        now = read_network_file(net).parties["tax"].endpoint
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=30)
    assert f"tax: moved (from {before['tax']}, which cannot be had, to {now})\n" in shown
    assert now != before["tax"]
    assert [line for line in shown if "moved" in line and "tax" not in line] == []


def test_a_machine_whose_loopback_has_ipv6_alone_runs_everything(
    warifu_command: Callable[..., list[str]], tmp_path: Path
) -> None:
    apart = ["unshare", "-rn", "sh", "-c", WITHOUT_IPV4, "sh"]
    if shutil.which("unshare") is None or subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a network namespace of its own, which this machine does not give")
    command = warifu_command("demo", "--residents", 3, "--seed", 1, "--dir", tmp_path / "net")
    ended = subprocess.run([*apart, *command], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    endpoints = [about.endpoint for about in read_network_file(tmp_path / "net").parties.values()]
    assert all(endpoint.startswith("[::1]:") for endpoint in endpoints if endpoint)
