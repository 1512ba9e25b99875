"""``warifu witness``: a network's log cosigned by a process of its own, and what whoever demands that is told."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from warifu_kit.network import witness_process
from warifu_kit.network.network import Network
from warifu_kit.network.witness_process import WitnessKeeper

WAIT_S = 30.0


def _cosigned_at(warifu: Any, folder: Path, out: Path) -> bool:
    return bool(warifu("log", "copy", folder, "--out", out, "--witnesses", 1).returncode == 0)


def _until(holds: Any) -> None:
    give_up = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < give_up, "it does not come to hold"
        time.sleep(0.05)


def test_a_log_is_cosigned_and_only_then_is_it_copied_and_verified_for_whoever_demands_it(
    running: Any, warifu: Any, tmp_path: Path
) -> None:
    net, copy = running.folder, tmp_path / "copy"
    wanted = ("--witnesses", 1, "--witness-key", net / "witness.vkey")
    plain = tmp_path / "plain"
    assert warifu("log", "copy", net, "--out", plain).returncode == 0
    ended = warifu("log", "verify", "--key", net / "log.vkey", *wanted, plain)
    assert ended.returncode == 1
    assert "LOG_INVALID" in ended.stderr
    assert "checkpoint: 0 of 1 cosignatures wanted" in ended.stderr
    ended = warifu("witness", net / "supervisor", "--once", "--json")
    assert ended.returncode == 0, ended.stderr
    entries = json.loads(ended.stdout)["entries"]
    ended = warifu("log", "copy", net, "--out", copy, "--witnesses", 1, "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["entries"] == entries
    for words in (wanted, ()):
        ended = warifu("log", "verify", "--key", net / "log.vkey", *words, copy)
        assert ended.returncode == 0, ended.stderr
        assert ("\ncosigned at 20" in ended.stdout) is bool(words), "when, for an old one may be shown again"
    table, versions = net / "hub" / "permissions.yaml", net / "hub" / "versions"
    audit = ("audit", "permissions", "--key", net / "log.vkey", "--table", table, "--directory", versions)
    assert warifu(*audit, *wanted, copy).returncode == 0
    assert "0 of 1 cosignatures" in warifu(*audit, *wanted, plain).stderr


def test_whose_cosignatures_count_must_be_said(running: Any, warifu: Any, tmp_path: Path) -> None:
    net = running.folder
    ended = warifu("log", "verify", "--key", net / "log.vkey", "--witnesses", 1, tmp_path)
    assert ended.returncode == 2
    ended = warifu(
        "log", "verify", "--key", net / "log.vkey", "--witnesses", 2, "--witness-key", net / "witness.vkey", tmp_path
    )
    assert ended.returncode == 2


def test_a_folder_that_is_no_supervisors_has_no_witness(running: Any, warifu: Any) -> None:
    ended = warifu("witness", running.folder / "tax", "--once")
    assert ended.returncode == 1
    assert "party.json: role is not supervisor" in ended.stderr


@pytest.fixture
def told() -> list[tuple[str, str, str]]:
    """What was told of the witness."""
    return []


@pytest.fixture
def keeper(running: Any, monkeypatch: pytest.MonkeyPatch, told: list[tuple[str, str, str]]) -> Iterator[WitnessKeeper]:
    monkeypatch.setattr(witness_process, "BEGINS_AFTER_S", 0.0)
    monkeypatch.setattr(witness_process, "_FIRST_PAUSE_S", 0.0)
    made = WitnessKeeper(running.folder / "supervisor", tell=lambda *each: told.append(each))
    yield made
    made.stop()


def test_the_process_beside_a_network_is_one_alone_and_is_started_again_and_told_of_when_it_is_killed(
    running: Any, warifu: Any, tmp_path: Path, keeper: WitnessKeeper, told: list[tuple[str, str, str]]
) -> None:
    net: Network = running.network
    keeper.look(net.endpoint("hub"))
    first = keeper._process
    assert first is not None
    _until(lambda: _cosigned_at(warifu, net.path, tmp_path / "first"))
    ended = warifu("witness", net.path / "supervisor", "--once")
    assert ended.returncode == 1
    assert "a witness runs here already" in ended.stderr
    first.send(signal.SIGKILL)
    _until(lambda: first.exit_status() is not None)

    def is_again() -> bool:
        keeper.look(net.endpoint("hub"))
        return keeper._process is not None and keeper._process is not first

    _until(is_again)
    assert told == [("died", "supervisor", "its witness, by signal 9"), ("restarted", "supervisor", "its witness")]
