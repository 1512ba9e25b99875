"""``--suite``: what a new network is made in, and that a machine without the library is told so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from typer.testing import CliRunner

from warifu.curve.ristretto255 import ristretto255
from warifu.curve.suites import available_suites
from warifu.errors import Reason, WarifuError
from warifu_kit.cli import app
from warifu_kit.commands.suites import chosen_suite, suite_text


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("warifu.curve.ristretto255.SONAMES", ("libsodium.so.nowhere",))
    ristretto255.cache_clear()
    yield
    ristretto255.cache_clear()


def made_in(path: Path, *options: str) -> int:
    ended = CliRunner().invoke(app, ["new", str(path), *options], catch_exceptions=False)
    assert ended.exit_code == 0
    suite: int = json.loads((path / "network.json").read_text("utf-8"))["suite"]
    assert f"suite {suite} (" in ended.output
    return suite


def test_a_new_network_gets_the_best_suite_of_this_machine(tmp_path: Path) -> None:
    assert made_in(tmp_path / "net") == available_suites()[0]


def test_a_new_network_gets_the_suite_asked_for(tmp_path: Path) -> None:
    assert made_in(tmp_path / "net", "--suite", "2") == 2


@pytest.mark.usefixtures("no_library")
def test_without_the_library_a_new_network_gets_suite_2(tmp_path: Path) -> None:
    assert made_in(tmp_path / "net") == 2


@pytest.mark.usefixtures("no_library")
@pytest.mark.parametrize("command", ["new", "up"])
def test_without_the_library_suite_1_is_refused_and_nothing_is_made(tmp_path: Path, command: str) -> None:
    with pytest.raises(WarifuError) as caught:
        CliRunner().invoke(app, [command, str(tmp_path / "net"), "--suite", "1"], catch_exceptions=False)
    assert caught.value.reason is Reason.CONFIG_INVALID
    assert "install the package libsodium23" in caught.value.where
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("choice", "number", "name"), [("2", 2, "edwards25519"), ("1", 1, "ristretto255")])
def test_a_suite_is_shown_by_number_and_name(choice: Literal["1", "2"], number: int, name: str) -> None:
    assert chosen_suite(choice) == number
    if number in available_suites():
        assert suite_text(number).startswith(f"suite {number} ({name}")
