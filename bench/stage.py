"""Everything a run needs, up at once and idle until its turn: a real network, the bare floor, and a load for each.

First the whole network runs as ``warifu up`` would run it, for people to be acquired and registered. Then the hub and
the provider's node go on with their data, the inquirer's place is taken by a load process with the same folder, and
the bare processes join them, with message sizes taken from a real exchange.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from people import BusinessSystem, designate, local_numbers

from warifu_kit.network import Network, PartyProcess, describe_network, party_command
from warifu_services.agencies.tax import LOCAL_TAX

__all__ = ["ACQUIRED_AT_ONCE", "Cell", "Load", "Stage", "prepare"]

ACQUIRED_AT_ONCE = 1_000
_HERE = Path(__file__).parent
_STOP_SECONDS = 10.0


def prepare(network: Path, *, sets: int, tell: Callable[[str], None]) -> list[float]:
    """Make a network in ``network``, fill it, stop it. Seconds each set of 1,000 codes took to acquire.

    The first set of people is known to childcare, which will ask about them, and to tax, which will answer.
    """
    with Network(network) as running:
        tell("people")
        authority, count = running.endpoint("authority"), sets * ACQUIRED_AT_ONCE
        people = list(zip(local_numbers(0, count), designate(network, authority, count), strict=True))
        childcare = BusinessSystem(network, "childcare", running.endpoint("childcare"))
        took = []
        for first in range(0, count, ACQUIRED_AT_ONCE):
            tell(f"codes {first + ACQUIRED_AT_ONCE}")
            took.append(childcare.acquire(people[first : first + ACQUIRED_AT_ONCE]))
        childcare.close()
        tell("records")
        tax = BusinessSystem(network, "tax", running.endpoint("tax"))
        tax.acquire(people[:ACQUIRED_AT_ONCE])
        tax.register([local for local, _ in people[:ACQUIRED_AT_ONCE]], LOCAL_TAX)
        tax.close()
    return took


class Load:
    """A load process, and the line to it."""

    def __init__(self, *words: str) -> None:
        command = [sys.executable, str(_HERE / "load.py"), *words]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        self._answer()  # the ready line

    def order(self, order: dict[str, Any]) -> dict[str, Any]:
        """Give an order and wait for what came of it. Raises: RuntimeError when the process ended."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a load process ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Let the process end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_STOP_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One thing to be measured: a load, and the processes whose time is read, in the order of a call's way."""

    name: str
    load: Load
    pids: tuple[int, int, int]


class Stage:
    """The processes of a run. A context manager."""

    def __init__(self, network: Path) -> None:
        self._network = network
        self._ends = ExitStack()
        self.cells: list[Cell] = []
        self.sizes: dict[str, int] = {}

    def __enter__(self) -> Stage:
        try:
            self._raise()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _raise(self) -> None:
        told = describe_network(self._network)["parties"]
        hub_at, authority_at = told["hub"]["endpoint"], told["authority"]["endpoint"]
        script = str(_HERE / "counting_hub.py")
        self._hub = self._party("hub", [sys.executable, script, "--dir", str(self._folder("hub")), "--listen", hub_at])
        options = ["--hub", hub_at, "--authority", authority_at]
        tax = self._party("tax", party_command("tax", self._folder("tax"), options))
        real = self._load("real", "--target", hub_at, "--people", str(ACQUIRED_AT_ONCE))
        self.sizes = _first_exchange(real)
        bare, relay, echo = self._floor()
        self.cells = [
            Cell(name="bare_a", load=bare, pids=(bare.pid, relay.pid, echo.pid)),
            Cell(name="bare_b", load=bare, pids=(bare.pid, relay.pid, echo.pid)),
            Cell(name="real", load=real, pids=(real.pid, self._hub.pid, tax.pid)),
        ]

    def _floor(self) -> tuple[Load, PartyProcess, PartyProcess]:
        sizes, floor = self.sizes, [sys.executable, str(_HERE / "floor.py")]
        reply = ["--reply-bytes", str(sizes["answer"])]
        echo = self._party("tax", [*floor, "echo", "--dir", str(self._folder("tax")), *reply])
        grows = ["--more-bytes", str(sizes["permit"] - sizes["request"])]
        grows += ["--reply-bytes", str(sizes["response"] - sizes["answer"])]
        hub = str(self._folder("hub"))
        relay = self._party("hub", [*floor, "relay", "--dir", hub, "--echo", echo.endpoint, *grows])
        bare = self._load("bare", "--target", relay.endpoint, "--request-bytes", str(sizes["request"]))
        return bare, relay, echo

    def _party(self, party: str, command: list[str]) -> PartyProcess:
        process = PartyProcess(party, self._folder(party), command)
        process.start()
        self._ends.callback(process.wait_stopped, _STOP_SECONDS)
        self._ends.callback(process.send, signal.SIGTERM)
        process.wait_ready()
        return process

    def _load(self, kind: str, *words: str) -> Load:
        load = Load(kind, "--dir", str(self._folder("childcare")), *words)
        self._ends.callback(load.close)
        return load

    def _folder(self, party: str) -> Path:
        return self._network / party

    def leaf_count(self) -> int:
        """How many leaves the hub's log holds, read from its file."""
        connection = sqlite3.connect(f"file:{self._folder('hub')}/hub.sqlite3?mode=ro", uri=True)
        try:
            (count,) = connection.execute("SELECT COUNT(*) FROM leaf").fetchone()
        finally:
            connection.close()
        return int(count)

    def hub_counters(self) -> dict[str, int]:
        """How many records the hub's database has committed so far, in how many syncs."""
        path = self._folder("hub") / "counters.json"
        path.unlink(missing_ok=True)
        self._hub.send(signal.SIGUSR1)
        give_up = time.monotonic() + _STOP_SECONDS
        while not path.exists():
            if time.monotonic() > give_up:
                raise RuntimeError("the hub does not tell its counters")
            time.sleep(0.005)
        counters: dict[str, int] = json.loads(path.read_text("ascii"))
        return counters


def _first_exchange(real: Load) -> dict[str, int]:
    """Make one exchange, which also shows that everything works, and give the sizes of its messages."""
    sizes: dict[str, int] = real.order({"do": "sizes"})["sizes"]
    return sizes
