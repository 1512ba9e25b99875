"""What ``population.json`` holds after people were registered, once or more often."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu_kit.settled import write_population


def told(*people: str) -> dict[str, Any]:
    return {"notice": "SIMULATED", "agencies": {"tax": {"people": [{"local_number": p} for p in people]}}}


def people_in(path: Path) -> list[str]:
    return [each["local_number"] for each in json.loads(path.read_text("utf-8"))["agencies"]["tax"]["people"]]


def test_people_registered_before_stay_in_the_file(tmp_path: Path) -> None:
    write_population(tmp_path, told("T-1", "T-2"))
    assert people_in(write_population(tmp_path, told("T-2", "T-3"))) == ["T-1", "T-2", "T-3"]


def test_the_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    assert write_population(tmp_path, told("T-1")).stat().st_mode & 0o077 == 0


def test_a_file_saved_with_a_byte_order_mark_or_escaped_letters_keeps_its_people(tmp_path: Path) -> None:
    path = write_population(tmp_path, told("T-𠮷"))
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(json.loads(path.read_text("utf-8"))).encode())
    assert b"\\ud842" in path.read_bytes()
    assert people_in(write_population(tmp_path, told("T-2"))) == ["T-𠮷", "T-2"]


def test_half_a_character_in_the_file_is_refused_by_its_line_and_the_file_left_alone(tmp_path: Path) -> None:
    path = write_population(tmp_path, told("T-1"))
    path.write_text('{\n "notice": "\\ud800"}', "utf-8")
    with pytest.raises(WarifuError) as refused:
        write_population(tmp_path, told("T-2"))
    assert refused.value.reason is Reason.FILE_INVALID
    assert refused.value.where.startswith(f"{path}:2 ")
    assert path.read_text("utf-8") == '{\n "notice": "\\ud800"}'


def test_a_file_that_is_none_of_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "population.json").write_text("mine")
    with pytest.raises(WarifuError) as refused:
        write_population(tmp_path, told("T-1"))
    assert refused.value.reason is Reason.FILE_INVALID
    assert (tmp_path / "population.json").read_text() == "mine"
