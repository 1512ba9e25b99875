"""One attempt at an exchange, from the inquirer's node over the hub to the provider and back.

Decides what an attempt ends with: nothing for an answer, or a reason of the catalogue, by the same rules as the parties: who cannot be
reached was not asked, who broke off or is silent may have done it, the hub keeps how an exchange ended and tells it again, and two
attempts at the same time share one. What a party had under way when it crashed it does not go on with; whoever waits for it learns
that when the next word would have come.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from warifu.errors import Reason
from warifu.rpc.deadline import pass_on
from warifu_kit.faults.plan import BrokenOff, Plan, Refusal, Unanswered
from warifu_kit.scenario.virtual.behaviour.station import Station
from warifu_kit.scenario.virtual.costs import VISITS
from warifu_kit.scenario.virtual.workload import NOT_HELD

if TYPE_CHECKING:
    import simpy

    from warifu_kit.scenario.virtual.behaviour.bands import Bands
    from warifu_kit.scenario.virtual.costs import Visit
    from warifu_kit.scenario.virtual.workload import Floats, Workload

    Steps: TypeAlias = Generator[simpy.Event, Any, Reason | None]

__all__ = ["Attempt", "Journey"]

_ASKS, _PERMITS, _ANSWERS, _RELAYS, _OPENS = range(len(VISITS))
_MARGIN_S = 0.1


@dataclass(frozen=True, slots=True)
class Attempt:
    """The ``number``th attempt at ``exchange``, from 1; ``until``: when its caller gives up."""

    exchange: int
    number: int
    until: float


@dataclass(slots=True, kw_only=True)
class Journey:
    """All there is to travel through. ``stations``: the institutions' nodes by position, then the hub."""

    clock: simpy.Environment
    load: Workload
    visits: list[Visit]
    away: list[float]
    stations: list[Station]
    bands: Bands
    took: Floats
    waited: Floats
    worked: Floats
    _ended: dict[int, Reason | None] = field(default_factory=dict)
    _under_way: dict[tuple[int, int], simpy.Event] = field(default_factory=dict)

    @property
    def hub(self) -> Station:
        """The hub."""
        return self.stations[-1]

    def attempt(self, attempt: Attempt) -> Steps:
        """The whole way. Returns the reason it failed with; None for an answer."""
        node = self.stations[int(self.load.inquirer[attempt.exchange])]
        if self._is_down(node, attempt):
            return Reason.NOT_CONNECTED
        life = node.life
        if not (yield from self._served(node, _ASKS, attempt)):
            return Reason.NODE_UNREACHABLE
        failed = yield from self._asked_of_hub(node, attempt)
        if node.life != life or not (yield from self._served(node, _OPENS, attempt)):
            return Reason.NODE_UNREACHABLE
        return failed

    def _asked_of_hub(self, node: Station, attempt: Attempt) -> Steps:
        if self.bands.has_expired(node.name, attempt.exchange, attempt.number):
            return Reason.CALLER_NOT_IN_DATE
        if self.bands.has_expired(self.hub.name, attempt.exchange, attempt.number):
            return Reason.PEER_NOT_TRUSTED
        until = self._passed_on(attempt.until)
        if self.bands.is_cut_off(node.name, attempt.exchange, attempt.number):
            return (yield from self._silence(until, Reason.HUB_TIMED_OUT))
        if self._is_down(self.hub, attempt):
            return Reason.HUB_UNREACHABLE
        plan = self.bands.plan(self.hub.name, attempt.exchange, attempt.number) or Plan()
        failed: Reason | None = None
        if plan.wait_ms:
            yield self.clock.timeout(plan.wait_ms / 1e3)
        if plan.deliveries:
            failed = yield from self._at_hub(attempt, until)
        return (yield from self._end(plan, failed, until, Reason.HUB_UNREACHABLE, Reason.HUB_TIMED_OUT))

    def _at_hub(self, attempt: Attempt, until: float) -> Steps:
        exchange, life = attempt.exchange, self.hub.life
        if not (yield from self._served(self.hub, _PERMITS, attempt)):
            return Reason.HUB_UNREACHABLE
        if exchange in self._ended:
            return self._ended[exchange]
        if (exchange, life) in self._under_way:
            joined: Reason | None = yield self._under_way[exchange, life]
            return joined
        shared = self._under_way[exchange, life] = self.clock.event()
        failed = yield from self._asked_of_provider(attempt, until)
        if self.hub.life != life or not (yield from self._served(self.hub, _RELAYS, attempt)):
            failed = Reason.HUB_UNREACHABLE
        elif failed is None or failed is Reason.RECORD_NOT_HELD:
            self._ended[exchange] = failed
        del self._under_way[exchange, life]
        shared.succeed(failed)
        return failed

    def _asked_of_provider(self, attempt: Attempt, until: float) -> Steps:
        exchange = attempt.exchange
        node = self.stations[int(self.load.provider[exchange])]
        until = self._passed_on(until)
        if self.bands.is_cut_off(node.name, exchange, attempt.number):
            return (yield from self._silence(until, Reason.PROVIDER_TIMED_OUT))
        if self._is_down(node, attempt) or self.bands.has_expired(node.name, exchange, attempt.number):
            return Reason.PROVIDER_UNREACHABLE
        plan = self.bands.plan(node.name, exchange, attempt.number) or Plan()
        if plan.wait_ms:
            yield self.clock.timeout(plan.wait_ms / 1e3)
        for _ in range(plan.deliveries - 1):
            node.serve(lambda waiting: self._seconds(_ANSWERS, exchange, waiting))
        failed: Reason | None = None
        if plan.deliveries and not (yield from self._served(node, _ANSWERS, attempt)):
            failed = Reason.PROVIDER_FAILED
        elif self.load.person[exchange] == NOT_HELD:
            failed = Reason.RECORD_NOT_HELD
        failed = yield from self._end(plan, failed, until, Reason.PROVIDER_FAILED, Reason.PROVIDER_TIMED_OUT)
        if failed is None and self.clock.now > until:
            return Reason.PROVIDER_TIMED_OUT
        return failed

    def _end(self, plan: Plan, failed: Reason | None, until: float, broken: Reason, silent: Reason) -> Steps:
        """What the caller of a party learns. What a provider refuses with is, to an inquirer, the provider's failure."""
        match plan.end:
            case None:
                return failed
            case Refusal(reason):
                return broken if silent is Reason.PROVIDER_TIMED_OUT else reason
            case BrokenOff():
                return broken
            case Unanswered():
                return (yield from self._silence(until, silent))

    def _silence(self, until: float, reason: Reason) -> Steps:
        yield self.clock.timeout(max(0.0, until - self.clock.now))
        return reason

    def _passed_on(self, until: float) -> float:
        left = until - self.clock.now
        return self.clock.now + (pass_on(left, _MARGIN_S, at_least=0.0) if left > 2 * _MARGIN_S else 0.0)

    def _is_down(self, station: Station, attempt: Attempt) -> bool:
        if not station.is_up:
            self.bands.found_down(station.name, attempt.exchange, attempt.number)
        return not station.is_up

    def _seconds(self, visit: int, exchange: int, waiting: int) -> float:
        return self.visits[visit].seconds(waiting) * float(self.load.work[visit, exchange])

    def _served(self, station: Station, visit: int, attempt: Attempt) -> Generator[simpy.Event, Any, bool]:
        """Have a visit's work done and wait for the disk and the way on. False where the party broke off."""
        exchange, life = attempt.exchange, station.life
        work = station.serve(lambda waiting: self._seconds(visit, exchange, waiting))
        if not (yield work.over):
            return False
        self.took[visit, exchange] = self.clock.now - work.came_at
        self.waited[visit] += work.waited
        self.worked[visit] += work.worked
        yield self.clock.timeout(self.away[visit] + station.disk)
        return station.life == life
