"""``warifu inspect``: an exchange of a network that is up, of one that has ended, and one that a side lost."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from warifu.client import BlockingNodeClient, NetworkDescription
from warifu_kit.blindness.sqlite_cells import cells
from warifu_kit.demo.procedures import new_inquiry
from warifu_services.agencies.childcare import CHILD_ALLOWANCE_PROCEDURE
from warifu_services.agencies.residence import RESIDENT_RECORD

OF_PEOPLE = {"person", "rotated_code", "replica", "inquiry", "provision", "number"}


def _numbers(folder: Path) -> list[str]:
    with closing(sqlite3.connect(f"{(folder / 'hub/hub.sqlite3').as_uri()}?mode=ro", uri=True)) as hub:
        return [
            number for (number,) in hub.execute("SELECT processing_number FROM exchange ORDER BY permitted_position")
        ]


def _lost_at(folder: Path, database: str, *statements: str) -> None:
    with closing(sqlite3.connect(folder / database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def ended(demonstrated: Any, tmp_path: Path) -> Path:
    """A copy of a network that has ended, to take things out of."""
    return Path(shutil.copytree(demonstrated.folder, tmp_path / "net"))


def test_an_exchange_is_found_by_its_number_and_by_its_request_id(demonstrated: Any, warifu: Any) -> None:
    number = _numbers(demonstrated.folder)[0]
    by_number = warifu("inspect", demonstrated.folder, number, "--json")
    assert by_number.returncode == 0, by_number.stderr
    told = json.loads(by_number.stdout)
    assert [each["number"] for each in told["messages"]] == [1, 2, 3, 4, 5, 6]
    by_request_id = warifu("inspect", demonstrated.folder, told["request_id"].upper(), "--json")
    assert json.loads(by_request_id.stdout) == told


def test_what_each_side_recorded_agrees(demonstrated: Any, warifu: Any) -> None:
    ended = warifu("inspect", demonstrated.folder, _numbers(demonstrated.folder)[0])
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("SIMULATED exchange ")
    assert ended.stdout.endswith("\nwhat is recorded agrees\n")
    assert "authority: nothing" in ended.stdout


def test_an_exchange_of_a_network_that_is_up_is_shown_as_well(running: Any, warifu: Any) -> None:
    network = NetworkDescription.load(running.folder)
    case = running.plan.open_case
    inquiry = new_inquiry(
        case.local_number, CHILD_ALLOWANCE_PROCEDURE, network.institution("residence"), RESIDENT_RECORD
    )
    with BlockingNodeClient(network.to_node("childcare")) as node:
        result = node.inquire(inquiry)
    shown = warifu("inspect", running.folder, inquiry.request_id.hex())
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert f"processing number {result.processing_number}" in shown.stdout
    assert shown.stdout.endswith("what is recorded agrees\n")


def test_a_provider_that_lost_its_record_is_shown_as_missing_it(ended: Path, warifu: Any) -> None:
    number = _numbers(ended)[0]
    provider = json.loads(warifu("inspect", ended, number, "--json").stdout)["provider"]
    _lost_at(ended, f"{provider}/node.sqlite3", f"DELETE FROM exchange_record WHERE processing_number = '{number}'")
    shown = warifu("inspect", ended, number)
    assert shown.returncode == 1
    assert f"{provider} (4.11): MISSING: no record, and there must be one" in shown.stdout
    assert f"differs, {provider}: record is none, should be one" in shown.stdout


def test_a_hub_that_lost_the_exchange_is_shown_as_missing_it(ended: Path, warifu: Any) -> None:
    number = _numbers(ended)[0]
    _lost_at(ended, "hub/hub.sqlite3", "DELETE FROM leaf", "DELETE FROM exchange")
    shown = warifu("inspect", ended, number)
    assert shown.returncode == 1
    assert "hub (3.0-3.5): MISSING" in shown.stdout


def test_a_party_whose_folder_is_elsewhere_is_not_said_to_lack_it(ended: Path, warifu: Any) -> None:
    number = _numbers(ended)[0]
    provider = json.loads(warifu("inspect", ended, number, "--json").stdout)["provider"]
    shutil.rmtree(ended / provider)
    shown = warifu("inspect", ended, number)
    assert shown.returncode == 0, shown.stderr
    assert f"not looked at, their databases are not in this folder: {provider}" in shown.stdout


def test_nothing_personal_and_nothing_sealed_is_shown(demonstrated: Any, warifu: Any) -> None:
    told = "".join(
        warifu("inspect", demonstrated.folder, number).stdout for number in _numbers(demonstrated.folder)[:4]
    )
    told += warifu("inspect", demonstrated.folder, _numbers(demonstrated.folder)[0], "--json").stdout
    words = set(re.findall(r"\w+", told.lower()))
    held = set(_held_of_people(demonstrated.folder))
    assert len(held) > 50
    assert sorted(held & words) == []


def _held_of_people(folder: Path) -> Iterator[str]:
    """Whatever any party holds of people, as it would be shown: numbers, row keys, codes and records, sealed or not."""
    for path in folder.glob("*/*.sqlite3"):
        for cell in cells(path):
            if cell.table in OF_PEOPLE and cell.column not in ("item_code", "request_id"):
                if isinstance(cell.value, bytes) and len(cell.value) >= 8:
                    yield cell.value.hex()
                elif isinstance(cell.value, str) and len(cell.value) >= 4:
                    yield cell.value.lower()


def test_what_the_kit_did_to_it_on_purpose_is_told(ended: Path, warifu: Any) -> None:
    number = _numbers(ended)[0]
    told = json.loads(warifu("inspect", ended, number, "--json").stdout)
    common = {
        "seed": 7,
        "party": "hub",
        "rpc": "HubService.Exchange",
        "attempt": 1,
        "by": "seed",
        "faults": "delay:5ms",
    }
    lines = [{**common, "exchange": told["request_id"], "done": "ours"}, {**common, "exchange": "", "done": "none"}]
    (ended / "hub/faults.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    shown = json.loads(warifu("inspect", ended, number, "--json").stdout)
    assert shown["done_on_purpose"] == [{"party": "hub", "rpc": "HubService.Exchange", "done": "ours"}]


@pytest.mark.parametrize("exchange", ["123", "x" * 32, "0" * 21, ""])
def test_what_is_no_exchange_is_a_wrong_command_line(demonstrated: Any, warifu: Any, exchange: str) -> None:
    ended = warifu("inspect", demonstrated.folder, exchange)
    assert ended.returncode == 2
    assert "processing number (20 digits)" in ended.stderr


@pytest.mark.parametrize("exchange", ["0" * 20, "0" * 32])
def test_an_exchange_that_nobody_has_is_told_in_a_sentence(demonstrated: Any, warifu: Any, exchange: str) -> None:
    ended = warifu("inspect", demonstrated.folder, exchange)
    assert ended.returncode == 1
    assert "INQUIRY_UNKNOWN" in ended.stderr
    assert f"no party here has a record of {exchange}" in ended.stderr


def test_a_folder_without_a_network_is_told_in_a_sentence(warifu: Any, tmp_path: Path) -> None:
    ended = warifu("inspect", tmp_path, "0" * 20)
    assert ended.returncode == 1
    assert "holds no network" in ended.stderr


def test_a_damaged_database_is_told_by_its_name(ended: Path, warifu: Any) -> None:
    number = _numbers(ended)[0]
    for leftover in (ended / "tax").glob("node.sqlite3-*"):
        leftover.unlink()
    (ended / "tax/node.sqlite3").write_bytes(b"no database at all, and long enough to be looked at" * 40)
    shown = warifu("inspect", ended, number)
    assert shown.returncode == 1
    assert "FILE_INVALID" in shown.stderr
    assert "tax/node.sqlite3" in shown.stderr
