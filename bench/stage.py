"""Everything a run needs, up at once and idle until its turn: a real network, the bare floor, and a load for each.

First the whole network runs as ``warifu up`` would run it, for people to be acquired and registered; beside it one whose hub
proves nothing, for what proofs cost. Then hubs and providers' nodes go on with their data, inquirers' places are taken by load
processes with the same folders, and the bare processes join them, with message sizes taken from a real exchange.
"""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from figures import BULK, STREAMED_ON, UNPROVEN
from measure import cpu_ns
from people import BusinessSystem, designate, local_numbers

from warifu.exchange.proof_policy import ProofPolicy
from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network
from warifu_kit.network.party_process import PartyProcess, party_command
from warifu_services.agencies.tax import LOCAL_TAX

__all__ = ["ACQUIRED_AT_ONCE", "Acquired", "Cell", "Load", "Stage", "prepare", "start_party"]

ACQUIRED_AT_ONCE = 1_000
_HERE = Path(__file__).parent
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquired:
    """What acquiring a set of 1,000 codes took: seconds, and processor time of all processes of the network."""

    seconds: float
    cpu_ns: int


def prepare(
    networks: Mapping[str, Path], *, suite: int, sets: int, tell: Callable[[str], None]
) -> dict[str, list[Acquired]]:
    """Make a network for each proof policy, fill them in turn, stop them. What each set of codes took, by policy.

    The first set of people is known to childcare, which will ask about them, and to tax, which will answer.
    """
    for policy, path in networks.items():
        create_network(path, suite=suite, proofs=ProofPolicy.parse(policy))
    with ExitStack() as ends:
        tell("people")
        filled = {policy: _Filled(ends, path, sets) for policy, path in networks.items()}
        took: dict[str, list[Acquired]] = {policy: [] for policy in networks}
        for number in range(sets):
            for policy, each in filled.items():
                tell(f"codes {number + 1}, proofs {policy}")
                took[policy].append(each.acquire(number))
        tell("records")
        for each in filled.values():
            each.register()
    return took


class _Filled:
    """A whole network that is up, and the people of its childcare office."""

    def __init__(self, ends: ExitStack, path: Path, sets: int) -> None:
        count = sets * ACQUIRED_AT_ONCE
        self._running = ends.enter_context(Network(path))
        authority = self._running.endpoint("authority")
        self._people = list(zip(local_numbers(0, count), designate(path, authority, count), strict=True))
        self._childcare, self._tax = (
            BusinessSystem(path, party, self._running.endpoint(party)) for party in ("childcare", "tax")
        )
        ends.callback(self._childcare.close)
        ends.callback(self._tax.close)

    def acquire(self, number: int) -> Acquired:
        """Acquire the codes of one set."""
        before, first = self._cpu_ns(), number * ACQUIRED_AT_ONCE
        seconds = self._childcare.acquire(self._people[first : first + ACQUIRED_AT_ONCE])
        return Acquired(seconds=seconds, cpu_ns=self._cpu_ns() - before)

    def register(self) -> None:
        """Register the records of the first set."""
        first = self._people[:ACQUIRED_AT_ONCE]
        self._tax.acquire(first)
        self._tax.register([local for local, _ in first], LOCAL_TAX)

    def _cpu_ns(self) -> int:
        return sum(cpu_ns(process.pid) for process in self._running.parties.values())


def _as_it_is(_: str, command: list[str]) -> list[str]:
    return command


class Load:
    """A load process, and the line to it."""

    def __init__(self, command: list[str]) -> None:
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


class Side:
    """One real network as far as it is measured: a hub, a provider's node, and a load in the inquirer's place."""

    def __init__(
        self, ends: ExitStack, network: Path, kind: str, through: Callable[[str, list[str]], list[str]] = _as_it_is
    ) -> None:
        """``through`` is told which party a command runs, and may have something else run it."""
        self._network = network
        hub_folder = network / "hub"
        script = [sys.executable, str(_HERE / "counting_hub.py"), "--dir", str(hub_folder), "--listen", "127.0.0.1:0"]
        script += ["--unary"] if kind == "unary" else []
        self.hub = start_party(ends, "hub", hub_folder, through("hub", script))
        nobody = "127.0.0.1:9"  # no authority is needed any more
        words = party_command("tax", network / "tax", ["--hub", self.hub.endpoint, "--authority", nobody])
        self.provider = start_party(ends, "tax", network / "tax", through("provider", words))
        called = "stream" if kind == "stream" else "unary"
        words = _load_words(called, network, "--target", self.hub.endpoint, "--people", str(ACQUIRED_AT_ONCE))
        self.load = _load(ends, through("inquirer", words))
        self.sizes = _first_exchange(self.load)

    def leaf_count(self) -> int:
        """How many leaves the hub's log holds, read from its file."""
        connection = sqlite3.connect(f"file:{self._network}/hub/hub.sqlite3?mode=ro", uri=True)
        try:
            (count,) = connection.execute("SELECT COUNT(*) FROM leaf").fetchone()
        finally:
            connection.close()
        return int(count)

    def counters(self) -> dict[str, int]:
        """How many records the hub's database has committed so far, in how many syncs."""
        path = self._network / "hub" / "counters.json"
        path.unlink(missing_ok=True)
        self.hub.send(signal.SIGUSR1)
        give_up = time.monotonic() + _STOP_SECONDS
        while not path.exists():
            if (status := self.hub.exit_status()) is not None:
                said = self.hub.log_path.read_text("utf-8", errors="replace").splitlines()[-1:]
                raise RuntimeError(f"the hub ended with status {status}: {' '.join(said)}")
            if time.monotonic() > give_up:
                raise RuntimeError("the hub does not tell its counters")
            time.sleep(0.005)
        counters: dict[str, int] = json.loads(path.read_text("ascii"))
        return counters


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One thing to be measured: a load, and the processes whose time is read, in the order of a call's way.

    ``side`` is the network behind it, None for the floor.
    """

    name: str
    load: Load
    pids: tuple[int, int, int]
    side: Side | None = None


class Stage:
    """The processes of a run. A context manager.

    Three real networks, copies of one: one uses streams, as nodes and hub do by themselves, one an RPC a call on both legs, and
    one an RPC a call to the hub and its stream to the provider. And one whose hub proves nothing, with streams.
    """

    def __init__(self, network: Path, unproven: Path) -> None:
        self._network = network
        self._unproven = unproven
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
        for kind in ("unary", STREAMED_ON, "stream"):
            network = self._network.with_name(f"{self._network.name}-{kind}")
            shutil.rmtree(network, ignore_errors=True)
            shutil.copytree(self._network, network)
            side = Side(self._ends, network, kind)
            pids = (side.load.pid, side.hub.pid, side.provider.pid)
            self.cells.append(Cell(name=kind, load=side.load, pids=pids, side=side))
            self.sizes = side.sizes
        side = Side(self._ends, self._unproven, "stream")
        pids = (side.load.pid, side.hub.pid, side.provider.pid)
        self.cells.append(Cell(name=UNPROVEN, load=side.load, pids=pids, side=side))
        for name, of in BULK.items():
            (shared,) = [cell for cell in self.cells if cell.name == of]
            self.cells.append(replace(shared, name=name))
        load, relay, echo = self._floor()
        for name in ("bare_a", "bare_b"):
            self.cells.append(Cell(name=name, load=load, pids=(load.pid, relay.pid, echo.pid)))

    def _floor(self) -> tuple[Load, PartyProcess, PartyProcess]:
        sizes, floor = self.sizes, [sys.executable, str(_HERE / "floor.py")]
        tax, hub = self._network / "tax", self._network / "hub"
        reply = ["--reply-bytes", str(sizes["answer"])]
        echo = start_party(self._ends, "echo", tax, [*floor, "echo", "--dir", str(tax), *reply])
        grows = ["--more-bytes", str(sizes["permit"] - sizes["request"])]
        grows += ["--reply-bytes", str(sizes["response"] - sizes["answer"])]
        words = [*floor, "relay", "--dir", str(hub), "--echo", echo.endpoint, *grows]
        relay = start_party(self._ends, "relay", hub, words)
        request = ["--request-bytes", str(sizes["request"])]
        words = _load_words("bare", self._network, "--target", relay.endpoint, *request)
        return _load(self._ends, words), relay, echo


def start_party(ends: ExitStack, party: str, folder: Path, command: list[str]) -> PartyProcess:
    """A process that is up, until ``ends`` is closed."""
    process = PartyProcess(party, folder, command)
    process.start()
    ends.callback(process.wait_stopped, _STOP_SECONDS)
    ends.callback(process.send, signal.SIGTERM)
    process.wait_ready()
    return process


def _load_words(kind: str, network: Path, *words: str) -> list[str]:
    return [sys.executable, str(_HERE / "load.py"), kind, "--dir", str(network / "childcare"), *words]


def _load(ends: ExitStack, command: list[str]) -> Load:
    load = Load(command)
    ends.callback(load.close)
    return load


def _first_exchange(load: Load) -> dict[str, int]:
    """Make one exchange, which also shows that everything works, and give the sizes of its messages."""
    sizes: dict[str, int] = load.order({"do": "sizes"})["sizes"]
    return sizes
