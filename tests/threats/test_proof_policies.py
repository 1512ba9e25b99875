"""The same dishonest hub where conversions are sampled, and where they are not proven at all.

Sampled, it is caught when its permit is drawn, and cannot tell before. Without proofs it is not caught: that is what ``off``
means, and every place where the network shows itself says so.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from warifu.exchange.proof_policy import OFF_WARNING
from warifu_kit.cli import app

ASKED = 24
"""Cheats at one in two: that none is drawn, or all are, happens once in eight million runs."""

REFUSED = "PROVIDER_FAILED provider: CONVERSION_NOT_PROVEN"


def _judged(file: Path, root: Path) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["audit", "evidence", str(file), "--root", str(root), "--json"])
    return {"exit_code": result.exit_code, **json.loads(result.stdout)}


def _status(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(CliRunner().invoke(app, ["status", str(path), "--json"]).stdout)
    return told


@pytest.mark.parametrize("cheat", ["another", "difference"])
def test_a_hub_that_cheats_where_conversions_are_sampled_is_caught_and_convicted_when_it_is_drawn(
    town_with: Callable[..., Any], cheat: str
) -> None:
    with town_with(cheat, "sampled:2") as town:
        one, *_ = town.people()
        first, *later = town.ask(*[one] * (ASKED + 1))
        assert first in {"INQUIRY_STATE_ANSWERED", "INQUIRY_STATE_NOT_HELD"}
        caught = later.count(REFUSED)
        assert 0 < caught < ASKED
        assert not [told for told in later if told != REFUSED and told.startswith(("PROVIDER", "HUB"))]
        files = sorted((town.path / "tax" / "evidence").glob("*.json"))
        assert len(files) == caught
        root = town.path / "root" / "root.pem"
        assert all(_judged(file, root)["convicts"] for file in files)
        told = _status(town.path)
        assert told["proofs"] == "sampled:2"
        assert {(told["party"], told["kind"]) for told in told["warnings"]} == {("tax", "CONVERSION_NOT_PROVEN")}


def test_a_hub_that_does_not_prove_what_is_drawn_is_caught_and_its_permit_alone_convicts_nobody(
    town_with: Callable[..., Any],
) -> None:
    with town_with("unproven", "sampled:2") as town:
        one, *_ = town.people()
        later = town.ask(*[one] * (ASKED + 1))[1:]
        caught = later.count(REFUSED)
        assert 0 < caught < ASKED
        files = sorted((town.path / "tax" / "evidence").glob("*.json"))
        assert len(files) == caught
        assert not any(_judged(file, town.path / "root" / "root.pem")["convicts"] for file in files)
        assert ("tax", "CONVERSION_NOT_PROVEN") in {(t["party"], t["kind"]) for t in _status(town.path)["warnings"]}


def test_a_network_without_proofs_says_so_whenever_it_comes_up(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "warifu_kit.cli", "up", str(tmp_path / "net"), "--proofs", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        banner = list(takewhile(lambda line: not line.startswith("described in"), up.stdout))
        up.send_signal(signal.SIGINT)
        _, said = up.communicate(timeout=60)
    assert "conversions proven: off" in "".join(banner)
    assert OFF_WARNING in said


def test_without_proofs_the_difference_of_two_requests_is_answered_nobody_notices_and_all_of_it_says_so(
    town_with: Callable[..., Any],
) -> None:
    with town_with("difference", "off") as town:
        one, other, *_ = town.people()
        assert REFUSED not in town.ask(one, one, other)
        assert not (town.path / "tax" / "evidence").exists()
        told = _status(town.path)
        assert [(each["kind"], each["text"]) for each in told["warnings"]] == [("PROOFS_OFF", OFF_WARNING)]
        for party in ("hub", "authority", "tax", "childcare"):
            assert OFF_WARNING in (town.path / party / "party.log").read_text("utf-8")
