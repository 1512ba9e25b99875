"""Files that somebody saved: a network whose files have byte order marks, and people from a spreadsheet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.client import BlockingNodeClient, NetworkDescription
from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network

EXAMPLE = Path(__file__).parents[3] / "examples" / "people.csv"
MARK = b"\xef\xbb\xbf"


def _save_every_text(folder: Path) -> set[str]:
    """Put the mark in front of every text file, as an editor does that saves "UTF-8 with BOM"; their names."""
    saved = set()
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if content and b"\0" not in content:
            path.write_bytes(MARK + content.removeprefix(MARK))
            saved.add(path.name)
    return saved


@pytest.fixture
def resaved(tmp_path: Path) -> Path:
    """A network that has been made, and then saved file by file."""
    folder = tmp_path / "net"
    create_network(folder)
    saved = _save_every_text(folder)
    assert {"network.json", "party.json", "directory.json", "root.pem", "tls.pem", "tls.key", "log.vkey"} <= saved
    return folder


def test_a_network_whose_files_were_saved_with_byte_order_marks_starts_and_registers_people(
    resaved: Path, warifu: Any, tmp_path: Path
) -> None:
    with Network(resaved):
        _save_every_text(resaved)  # network.json, too, which the start wrote anew
        ended = warifu("populate", resaved, "--residents", 3)
        assert ended.returncode == 0, ended.stderr
        ended = warifu("populate", resaved, "--residents", 2)  # some of the same people, numbered anew
        assert ended.returncode == 1, "nobody was taken, and that is said"
        assert "CODE_ALREADY_HELD" in ended.stderr
        assert "another --seed" in ended.stderr
        _people_from_a_spreadsheet_come_to_those_who_are_there(resaved, warifu, tmp_path / "people.csv")
        copy = tmp_path / "copy"
        assert warifu("log", "copy", resaved, "--out", copy).returncode == 0
    kept = tmp_path / "checkpoint"
    kept.write_bytes(MARK + (copy / "checkpoint").read_bytes())
    ended = warifu("log", "verify", "--key", resaved / "log.vkey", copy, "--since", kept)
    assert ended.returncode == 0, ended.stderr
    ended = warifu("certificate", "renew", resaved, "tax")
    assert ended.returncode == 0, ended.stderr


def _people_from_a_spreadsheet_come_to_those_who_are_there(network: Path, warifu: Any, file: Path) -> None:
    before = _local_numbers(network)
    text = (
        EXAMPLE.read_text("utf-8")
        .replace("true", "TRUE")
        .replace("1969-12-08", "1969/12/0")
        .replace("コウノ ユウマ", "")
    )
    file.write_bytes(text.replace("\n", "\r\n").encode("cp932"))
    now: dict[str, str] = {}
    for _ in range(2):  # the same people again are the same people
        ended = warifu("populate", network, "--residents-file", file, "--encoding", "cp932")
        assert ended.returncode == 0, ended.stderr
        assert "10 SIMULATED residents registered" in ended.stdout
        now = _local_numbers(network)
        assert before.items() < now.items()
        assert len(now) == len(set(now.values())) == len(before) + 10, "nobody has another's My Number"
    with BlockingNodeClient(NetworkDescription.load(network).to_node("residence")) as node:
        for number in now:  # refused where no code was acquired
            node.set_flags(node_pb2.SetFlagsRequest(local_number=number))


def _local_numbers(network: Path) -> dict[str, str]:
    """The registry's people: their My Numbers by local number."""
    told = json.loads((network / "population.json").read_text("utf-8"))
    return {person["local_number"]: person["my_number"] for person in told["agencies"]["residence"]["people"]}


@pytest.mark.parametrize("command", [["demo", "--dir"], ["populate"]])
def test_a_residents_file_in_another_encoding_is_refused_with_what_it_seems_to_be_and_what_to_do(
    command: list[str], warifu: Any, tmp_path: Path
) -> None:
    file, network = tmp_path / "people.csv", tmp_path / "net"
    file.write_bytes(EXAMPLE.read_text("utf-8").encode("cp932"))
    ended = warifu(*command, network, "--residents-file", file)
    assert ended.returncode == 1
    assert f"{file}:3 is not UTF-8 but seems to be CP932 (Shift_JIS): say so with --encoding cp932" in ended.stderr
    assert not network.exists()


def test_every_fault_of_a_residents_file_is_named_by_populate_too(warifu: Any, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(EXAMPLE.read_text("utf-8").replace(",male,", ",neither,").replace(",female,", ",f,"), "utf-8")
    ended = warifu("populate", tmp_path / "net", "--residents-file", file)
    assert ended.returncode == 1
    assert [line.split()[1] for line in ended.stderr.splitlines()[1:]] == ["sex"] * 10
    assert "Traceback" not in ended.stderr


def test_an_encoding_without_a_file_is_a_wrong_command_line(warifu: Any, tmp_path: Path) -> None:
    ended = warifu("populate", tmp_path / "net", "--encoding", "cp932")
    assert ended.returncode == 2
    assert "--residents-file" in ended.stderr
