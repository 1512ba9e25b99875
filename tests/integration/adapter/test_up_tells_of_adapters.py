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

from warifu.client import NetworkDescription
from warifu.errors import Reason, WarifuError

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


@pytest.mark.slow
def test_a_rule_for_one_exchange_meets_what_the_business_system_is_asked_in_it_and_in_no_other(kept: Kept) -> None:
    town = kept.town
    town.described = NetworkDescription.load(town.path)
    town.meets(childcare="C-30", tax="T-9")
    about, other = town.question("C-30"), town.question("C-30")
    words = ("tax", "AdapterService.LookUp", "unavailable_before", "--times", "0", "--exchange", about.request_id.hex())
    assert town.command("fault", "add", str(town.path), *words)[0] == 0
    assert town.ask(other).record
    with pytest.raises(WarifuError) as failed:
        town.ask(about)
    assert failed.value.reason is Reason.PROVIDER_FAILED
    done = [json.loads(line) for line in town.command("fault", "done", str(town.path), "--json")[1].splitlines()]
    assert {(each["rpc"], each["exchange"]) for each in done} == {("AdapterService.LookUp", about.request_id.hex())}
    assert town.command("fault", "clear", str(town.path))[0] == 0
    assert town.ask(about).record
