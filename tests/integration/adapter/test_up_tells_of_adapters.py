"""Whoever keeps a network up with ``warifu up`` hears that a business system went away and came back, and who ended meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

WAIT_S = 120


class Kept:
    """A network that ``warifu up --json`` keeps up, and what it told."""

    def __init__(self, town: Any) -> None:
        self.town = town
        command = [sys.executable, "-m", "warifu_kit.cli", "up", str(town.path), "--json", "--calm", "--spread", "0.5"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self._overdue = threading.Timer(WAIT_S, self.process.kill)
        self._overdue.start()
        self.ready = json.loads(self.process.stdout.readline())

    def next(self, *events: str) -> dict[str, str]:
        """The next event that is one of these; fails when the network ends first."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told: dict[str, str] = json.loads(line)
            if told["event"] in events:
                return told
        raise AssertionError(f"it ended, and none of {events} was told")

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.town.command("status", str(self.town.path), "--json")[1])
        return told

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=WAIT_S)
        self._overdue.cancel()


@pytest.fixture
def kept(town_of: Callable[[str], Any]) -> Iterator[Kept]:
    town = town_of("JavaScript")
    town.example.close()
    town.example.start()
    up = Kept(town)
    yield up
    up.close()


def test_a_business_system_that_goes_and_comes_back_is_told_of_and_so_is_a_party_that_ended(kept: Kept) -> None:
    kept.town.example.end(signal.SIGKILL)
    gone = kept.next("adapter gone", "adapter back")
    assert (gone["event"], gone["party"]) == ("adapter gone", "tax")
    assert gone["detail"].startswith("ADAPTER_")
    kept.town.example.start()
    back = kept.next("adapter gone", "adapter back")
    assert (back["event"], back["party"]) == ("adapter back", "tax")

    os.kill(kept.ready["parties"]["childcare"]["pid"], signal.SIGKILL)
    assert kept.next("died")["detail"] == "signal 9"
    assert kept.next("restarted")["party"] == "childcare"
    parties = kept.status()["parties"]
    assert {party: about["ended"] for party, about in parties.items() if about["answers"]} == {
        "hub": 0,
        "authority": 0,
        "residence": 0,
        "childcare": 1,
        "tax": 0,
    }
    assert {about["spread_s"] for about in parties.values() if about["role"] == "agency"} == {0.5}
    kept.close()
    assert not list(kept.town.path.glob(".run*"))
