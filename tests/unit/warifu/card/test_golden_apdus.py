"""The golden file, written from descriptions of real cards, is what our chip answers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.unit.warifu.card.conftest import GOLDEN, Field

from warifu.card.chip_state import Chip

SCENES = json.loads(GOLDEN.read_text("utf-8"))["scenes"]


def _fits(expected: str, response: bytes) -> bool:
    return re.fullmatch(expected.replace("*", ".*"), response.hex().upper()) is not None


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: str(scene["title"]))
def test_a_card_answers_as_the_golden_file_says(chip: Chip, scene: dict[str, Any]) -> None:
    field = Field(chip)
    for number, step in enumerate(scene["steps"], start=1):
        response = field.send(bytes.fromhex(step["command"]))
        assert _fits(step["response"], response), (
            f"step {number}, {step['why']}: {response.hex().upper()[:80]}, not {step['response'][:80]}"
        )


def test_every_step_says_why_and_where_that_is_known_from(golden: dict[str, Any]) -> None:
    known = set(golden["sources"])
    for scene in golden["scenes"]:
        for step in scene["steps"]:
            sources = {part for part in re.split(r"[,;: ]+", step["source"]) if part in known or part == "inferred"}
            assert step["why"], step
            assert sources, step


def test_a_response_that_differs_in_one_digit_does_not_fit() -> None:
    assert _fits("3082....9000", bytes.fromhex("30820412" + "9000"))
    assert not _fits("3082....9000", bytes.fromhex("30820412" + "6982"))
    assert not _fits("9000", bytes.fromhex("119000"))
