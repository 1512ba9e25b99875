"""One card, made once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from warifu.card.chip_file import written_chip
from warifu.card.chip_state import Chip
from warifu.card.making import made
from warifu.pki.files import write_private_file
from warifu_kit.card.specimen import specimen


@pytest.fixture(scope="package")
def chip() -> Chip:
    return made(specimen(datetime(2026, 4, 1, tzinfo=UTC)))


@pytest.fixture
def card(tmp_path: Path, chip: Chip) -> Path:
    path = tmp_path / "card.json"
    write_private_file(path, written_chip(chip))
    return path
