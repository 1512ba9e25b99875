"""``warifu keys rotate --overlap``: a time within a year, and nothing else begins a rotation."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from warifu_kit.cli import app
from warifu_kit.network.creation import create_network
from warifu_kit.network.versions import newest_version


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("overlap") / "net"
    create_network(path)
    return path


def rotated(network: Path, overlap: str) -> int:
    asked = ["keys", "rotate", str(network), "tax", "--signing-key", "--overlap", overlap]
    return CliRunner().invoke(app, asked, catch_exceptions=False).exit_code


@pytest.mark.parametrize("overlap", ["inf", "-inf", "nan", "1e300", "525601", "-1", "long"])
def test_an_overlap_that_is_no_time_within_a_year_is_a_wrong_option_and_changes_nothing(
    network: Path, overlap: str
) -> None:
    before = newest_version(network)
    assert rotated(network, overlap) == 2
    assert newest_version(network) == before


@pytest.mark.parametrize("overlap", ["0", "0.5", "525600"])
def test_an_overlap_within_a_year_is_taken(network: Path, overlap: str) -> None:
    assert rotated(network, overlap) == 0
