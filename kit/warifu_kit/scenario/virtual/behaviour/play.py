"""A whole run in simpy: who comes when, what is the matter when, what is looked at when.

Decides how bulk goes: a file has so many rows under way and no more, as a node asks in bulk. It plays the same workload as the kernel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from warifu.errors import Reason
from warifu_kit.scenario.file.scenario import HUB
from warifu_kit.scenario.virtual.behaviour.bands import Bands
from warifu_kit.scenario.virtual.behaviour.caller import Caller, End
from warifu_kit.scenario.virtual.behaviour.journey import Journey
from warifu_kit.scenario.virtual.behaviour.station import Station
from warifu_kit.scenario.virtual.costs import VISITS, Calibration
from warifu_kit.scenario.virtual.national import TICKS, away
from warifu_kit.scenario.virtual.outcome import ANSWERED, PENDING, REFUSED, UNKNOWN, Outcome
from warifu_kit.scenario.virtual.workload import HELD_BACK, Workload

if TYPE_CHECKING:
    import simpy

    from warifu_kit.scenario.file.scenario import Scenario

__all__ = ["BULK_UNDER_WAY", "play_behaviour"]

BULK_UNDER_WAY = 2 * 192
"""Rows of one file that are under way at once: two messages of 192 (ADR 42)."""

Tell = Callable[[float], None]
"""Told the share of the run that is over."""


def play_behaviour(scenario: Scenario, load: Workload, costs: Calibration, tell: Tell) -> Outcome:
    """Play ``load``; ``tell`` hears of its progress."""
    return _Run(scenario, load, costs, tell).outcome()


class _Run:
    def __init__(self, scenario: Scenario, load: Workload, costs: Calibration, tell: Tell) -> None:
        import numpy as np
        import simpy

        self._scenario, self._load, self._tell = scenario, load, tell
        self._clock = clock = simpy.Environment()
        nodes = [Station(clock, each.name) for each in scenario.institutions]
        stations = [*nodes, Station(clock, HUB, scenario.file.network.hub_workers)]
        self._bands = Bands(scenario, {each.name: each for each in stations})
        count = len(load)
        self._journey = Journey(
            clock=clock,
            load=load,
            visits=[costs.visits[name] for name in VISITS],
            away=away(scenario, costs),
            stations=stations,
            bands=self._bands,
            took=np.zeros((len(VISITS), count), np.float32),
            waited=np.zeros(len(VISITS)),
            worked=np.zeros(len(VISITS)),
        )
        general = scenario.file.general
        self._caller = Caller(
            journey=self._journey, deadline=general.deadline, patience=general.patience, refused=Counter()
        )
        self._done_at, self._attempts = np.zeros(count), np.zeros(count, np.int16)
        self._end, self._reason = np.zeros(count, np.int8), np.zeros(count, np.int16)
        self._reasons: dict[str, int] = {"": 0}
        self._tick = scenario.duration / TICKS
        self._seen = np.zeros((3, TICKS + 1), np.int64)
        self._left = count
        self._over = clock.event()

    def outcome(self) -> Outcome:
        """Run it to its end."""
        self._bands.processes(self._clock)
        self._clock.process(self._arrivals())
        self._clock.process(self._looks())
        if self._left:
            self._clock.run(until=self._over)
        journey = self._journey
        return Outcome(
            engine="behaviour",
            load=self._load,
            done_at=self._done_at,
            end=self._end,
            attempts=self._attempts,
            reason=self._reason,
            reasons=tuple(self._reasons),
            visits=journey.took,
            waited=journey.waited,
            worked=journey.worked,
            seen=self._seen,
            tick=self._tick,
            met=dict(self._bands.met),
            ledger=tuple(self._bands.lines),
            refused_attempts=dict(self._caller.refused),
        )

    def _arrivals(self) -> Generator[simpy.Event, Any, None]:
        clock, files = self._clock, dict[tuple[int, float], Any]()
        for exchange, at in enumerate(self._load.at.tolist()):
            if at > clock.now:
                yield clock.timeout(at - clock.now)
            if not self._load.bulk[exchange]:
                clock.process(self._asks(exchange))
                continue
            key = (int(self._load.stream[exchange]), at)
            if key not in files:
                import simpy

                files[key] = simpy.Resource(clock, BULK_UNDER_WAY)
            clock.process(self._asks_in_bulk(exchange, files[key]))

    def _asks(self, exchange: int) -> Generator[simpy.Event, Any, None]:
        end = yield from self._caller.ask(exchange)
        self._ended(exchange, end)

    def _asks_in_bulk(self, exchange: int, file: simpy.Resource) -> Generator[simpy.Event, Any, None]:
        with file.request() as turn:
            yield turn
            end = yield from self._caller.ask(exchange)
        self._ended(exchange, end)

    def _ended(self, exchange: int, end: End) -> None:
        self._done_at[exchange], self._attempts[exchange] = self._clock.now, end.attempts
        self._end[exchange] = self._kind(exchange, end)
        self._reason[exchange] = self._reasons.setdefault(_named(end.reason), len(self._reasons))
        self._left -= 1
        if not self._left:
            self._over.succeed()

    def _kind(self, exchange: int, end: End) -> int:
        if end.reason is None:
            return PENDING if self._load.person[exchange] == HELD_BACK else ANSWERED
        return UNKNOWN if end.is_unknown else REFUSED

    def _looks(self) -> Generator[simpy.Event, Any, None]:
        hub, nodes = self._journey.hub, self._journey.stations[:-1]
        for tick in range(TICKS + 1):
            if tick:
                yield self._clock.timeout(self._tick)
            self._seen[:, tick] = len(hub.waiting), sum(len(node.waiting) for node in nodes), hub.busy
            self._tell(tick / TICKS)


def _named(reason: Reason | None) -> str:
    return "" if reason is None else reason.value
