"""The processes that make the calls of a stage: locust alone, or a master's workers.

Decides how a stage is handed to them and how long one may take to say what it saw. A worker that says nothing is lost, and
named. Messages hold plain values only.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import gevent  # type: ignore[import-untyped]  # publishes no types
from gevent.event import Event  # type: ignore[import-untyped]

from warifu_loadtest.deciding.mix import shared_out
from warifu_loadtest.deciding.stage import Outcome, Part, Stage, put_together
from warifu_loadtest.driving.process import Process
from warifu_loadtest.driving.visit import CALL_SECONDS

__all__ = ["Alone", "Crew", "Workers", "serve_master"]

_WHO, _CAN, _STAGE, _CUT, _PART = "warifu_who", "warifu_can", "warifu_stage", "warifu_cut", "warifu_part"
_GRACE_S = 2 * CALL_SECONDS + 10.0  # calls that are open end, and then the part is sent
_SOON_S = 0.05
_ANSWER_S, _AGAIN_S = 30.0, 0.5


class Crew(Protocol):
    """Whoever makes the calls."""

    def gather(self) -> None:
        """Learn who is there, before the first stage."""

    @property
    def able(self) -> frozenset[str]:
        """The users that at least one process can be."""

    @property
    def facts(self) -> Sequence[Mapping[str, str]]:
        """What each process runs on."""

    def run(self, number: int, stage: Stage, seed: str, cut: Event) -> Outcome:
        """Do one stage, to its end or until ``cut`` is set."""


class Alone:
    """This process, for all."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.able = frozenset(process.able)
        self.facts: Sequence[Mapping[str, str]] = ()

    def gather(self) -> None:
        """See the contract."""
        self.facts = [self._process.facts()]

    def run(self, number: int, stage: Stage, seed: str, cut: Event) -> Outcome:
        """See the contract."""
        told = {"rates": stage.rates, "seconds": stage.seconds, "seed": f"{seed}/{number}"}
        return put_together(stage, [self._process.run(told, cut)])


class Workers:
    """A master's workers, each with its part."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._can: dict[str, Mapping[str, Any]] = {}
        self._parts: dict[str, Part] = {}
        self._number = 0
        runner.register_message(_CAN, self._told_can)
        runner.register_message(_PART, self._told_part)

    @property
    def able(self) -> frozenset[str]:
        """See the contract."""
        return frozenset(user for can in self._can.values() for user in can["users"])

    @property
    def facts(self) -> Sequence[Mapping[str, str]]:
        """See the contract."""
        return [can["facts"] for _, can in sorted(self._can.items())]

    def gather(self) -> None:
        """See the contract."""
        self._can = {}
        give_up = time.monotonic() + _ANSWER_S
        while not self._all_can() and time.monotonic() < give_up:
            self._runner.send_message(_WHO)  # again, for a worker that still looks at the network hears nothing
            self._wait(self._all_can, _AGAIN_S)

    def run(self, number: int, stage: Stage, seed: str, cut: Event) -> Outcome:
        """See the contract."""
        self._number, self._parts = number, {}
        there = self._there()
        able = {worker: can["users"] for worker, can in self._can.items() if worker in there}
        for worker, rates in shared_out(stage.rates, able).items():
            told = {"number": number, "rates": rates, "seconds": stage.seconds, "seed": f"{seed}/{number}/{worker}"}
            self._runner.send_message(_STAGE, told, client_id=worker)
        if not self._wait(lambda: cut.is_set() or self._all_told(able), stage.seconds):
            self._wait(lambda: cut.is_set() or self._all_told(able), _GRACE_S)
        if cut.is_set():
            self._runner.send_message(_CUT)
            self._wait(lambda: self._all_told(able), _GRACE_S)
        return put_together(stage, self._parts.values(), sorted((there | set(able)) - set(self._parts)))

    def _all_can(self) -> bool:
        """Whether everybody who is there has said what it can; whoever is gone, as all may be, says nothing more."""
        return self._there() <= set(self._can)

    def _there(self) -> set[str]:
        return {client.id for client in self._runner.clients.all if client.state != "missing"}

    def _all_told(self, able: Mapping[str, Any]) -> bool:
        """Whether everybody who is still there has told its part."""
        return set(able) & self._there() <= set(self._parts)

    def _wait(self, over: Any, seconds: float) -> bool:
        give_up = time.monotonic() + seconds
        while not over():
            if time.monotonic() > give_up:
                return False
            gevent.sleep(_SOON_S)
        return True

    def _told_can(self, msg: Any, **_: object) -> None:
        self._can[msg.node_id] = msg.data

    def _told_part(self, msg: Any, **_: object) -> None:
        if msg.data["number"] == self._number:
            self._parts[msg.node_id] = Part.read(msg.data["part"])


def serve_master(runner: Any, process: Process) -> None:
    """Have a worker do what its master's :class:`Workers` asks for."""
    cut = Event()

    def who(**_: object) -> None:
        runner.send_message(_CAN, {"users": process.able, "facts": process.facts()})

    def stage(msg: Any, **_: object) -> None:
        cut.clear()
        part = process.run(msg.data, cut)
        runner.send_message(_PART, {"number": msg.data["number"], "part": part.told()})

    runner.register_message(_WHO, who, concurrent=True)
    runner.register_message(_STAGE, stage, concurrent=True)
    runner.register_message(_CUT, lambda **_: cut.set())
