"""The faults of the moment: each from when to when, at whom, and which calls meet it.

Decides from the seed which calls meet a fault that only a share of them meets; the draw is the kit's own, a function of the seed,
party, RPC, exchange and attempt. Whatever is met is counted, and written down for the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from warifu_kit.faults.draws import Draws, FaultedCall
from warifu_kit.faults.ledger_line import LedgerLine
from warifu_kit.faults.plan import Plan
from warifu_kit.scenario.file.scenario import HUB
from warifu_kit.scenario.virtual.behaviour.station import Station

if TYPE_CHECKING:
    from collections.abc import Mapping

    import simpy

    from warifu_kit.scenario.file.scenario import Scenario
    from warifu_kit.scenario.file.shape import FaultEntry

__all__ = ["AT_HUB", "AT_PROVIDER", "Bands"]

AT_HUB: Final = "HubService.Exchange"
"""The calls that a fault of calls at the hub is at."""

AT_PROVIDER: Final = "AgencyService.Provide"
"""And one at an agency."""

_MOST_LINES: Final = 100_000


class Bands:
    """What is the matter now."""

    def __init__(self, scenario: Scenario, stations: Mapping[str, Station]) -> None:
        self._seed = scenario.seed
        self._entries = scenario.faults
        self._stations = stations
        self._now: dict[int, FaultEntry] = {}
        self.met: Counter[int] = Counter()
        self.lines: list[dict[str, Any]] = []

    def processes(self, clock: simpy.Environment) -> None:
        """Have every fault begin and end by itself."""
        for number, entry in enumerate(self._entries):
            clock.process(self._process(clock, number, entry))

    def _process(self, clock: simpy.Environment, number: int, entry: FaultEntry) -> Generator[simpy.Event, Any, None]:
        yield clock.timeout(entry.at)
        self._now[number] = entry
        self._settle(entry.who)
        if entry.what.condition == "crash":
            self._stations[entry.who].crash()
        yield clock.timeout(entry.lasting)
        del self._now[number]
        self._settle(entry.who)

    def _settle(self, who: str) -> None:
        """A party's condition is what all its faults of the moment come to."""
        station = self._stations[who]
        station.slowness, station.disk = 1.0, 0.0
        crashed = False
        for entry in self._of(who):
            if entry.what.condition == "overload":
                station.slowness /= 1.0 - entry.what.amount
            elif entry.what.condition == "slow_disk":
                station.disk += entry.what.amount
            crashed = crashed or entry.what.condition == "crash"
        if not crashed:
            station.restart()

    def _of(self, who: str) -> list[FaultEntry]:
        return [entry for entry in self._now.values() if entry.who == who]

    def found_down(self, who: str, exchange: int, attempt: int) -> None:
        """A call came to ``who`` in a crash."""
        self._meets(who, "crash", exchange, attempt)

    def is_cut_off(self, who: str, exchange: int, attempt: int) -> bool:
        """Whether nothing passes between ``who`` and the hub."""
        return self._meets(who, "partition", exchange, attempt)

    def has_expired(self, who: str, exchange: int, attempt: int) -> bool:
        """Whether the certificate of ``who`` is out of date."""
        return self._meets(who, "certificate_expired", exchange, attempt)

    def plan(self, who: str, exchange: int, attempt: int) -> Plan | None:
        """What is done to a call of an exchange that ``who`` serves; None for nothing. The first fault that is met."""
        if not self._now:
            return None
        for number, entry in self._now.items():
            if entry.who == who and entry.what.chain and self._is_met(number, entry, exchange, attempt):
                self._write(number, entry, exchange, attempt)
                return entry.what.plan
        return None

    def _meets(self, who: str, condition: str, exchange: int, attempt: int) -> bool:
        for number, entry in self._now.items():
            if (
                entry.who == who
                and entry.what.condition == condition
                and self._is_met(number, entry, exchange, attempt)
            ):
                return True
        return False

    def _is_met(self, number: int, entry: FaultEntry, exchange: int, attempt: int) -> bool:
        if entry.share < 1.0:
            draws = Draws(self._seed, self._call(entry, exchange, attempt))
            if draws.share("scenario", str(number)) >= entry.share:
                return False
        self.met[number] += 1
        return True

    @staticmethod
    def _call(entry: FaultEntry, exchange: int, attempt: int) -> FaultedCall:
        rpc = AT_HUB if entry.who == HUB else AT_PROVIDER
        request_id = exchange.to_bytes(16, "big")
        return FaultedCall(party=entry.who, rpc=rpc, exchange=request_id, attempt=attempt, shown=request_id.hex())

    def _write(self, number: int, entry: FaultEntry, exchange: int, attempt: int) -> None:
        if len(self.lines) >= _MOST_LINES:
            return
        call = self._call(entry, exchange, attempt)
        line = LedgerLine(
            seed=self._seed,
            party=call.party,
            rpc=call.rpc,
            exchange=call.shown,
            attempt=attempt,
            by=f"faults[{number}]",
            faults=entry.what.text,
            done="; ".join(f"the call {fault.done}" for fault in entry.what.chain),
        )
        self.lines.append(asdict(line))
