"""Where locust and this load test meet: its options, its users, its events, its workers.

Decides which process does what: a worker makes calls, a master asks its workers, locust alone does both. Locust's users are
hands: as many calls can be open as there are of them, and the arrivals say whose call each makes next.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import gevent  # type: ignore[import-untyped]  # publishes no types
from locust import User, constant, events, task
from locust.runners import MasterRunner, WorkerRunner

from warifu.errors import WarifuError
from warifu.printable import printable
from warifu_loadtest.deciding.mix import parsed_mix
from warifu_loadtest.deciding.peer import Peer
from warifu_loadtest.deciding.tally import End
from warifu_loadtest.driving.crew import Alone, Crew, Workers, serve_master
from warifu_loadtest.driving.options import asked, named
from warifu_loadtest.driving.peer import compared
from warifu_loadtest.driving.process import Process
from warifu_loadtest.driving.run import Run
from warifu_loadtest.driving.visit import CALL_SECONDS
from warifu_loadtest.report.writing import show, write
from warifu_loadtest.shapes import SHAPES
from warifu_loadtest.users import USERS

__all__ = ["Hand"]

_END_S = 3 * CALL_SECONDS
_NOT_READY_S = 0.1
_EXIT_MISSED = 1


class _Here:
    """What this process is."""

    process: Process | None = None
    crew: Crew | None = None
    run: Run | None = None


class Hand(User):
    """Makes the calls of one arrival after the other, as whichever user the arrival is of."""

    wait_time = constant(0)

    @task
    def next(self) -> None:
        """Take the next arrival."""
        if _Here.process is None:
            gevent.sleep(_NOT_READY_S)
        else:
            _Here.process.work()


@events.init.add_listener  # type: ignore[untyped-decorator]  # locust types no hooks
def get_ready(environment: Any, **_: object) -> None:
    """Look at the network, and end at once, with a sentence, where it cannot be called."""
    environment.stop_timeout = environment.stop_timeout or CALL_SECONDS + 1
    if environment.parsed_options.headless:
        logging.getLogger("locust.stats_logger").setLevel(logging.ERROR)  # rounded, and shown better below
    runner, options = environment.runner, environment.parsed_options
    if isinstance(runner, MasterRunner):
        _Here.crew = Workers(runner)
        return
    try:
        wanted = parsed_mix(options.mix, {user: kind.share for user, kind in USERS.items()})
        _Here.process = Process(options.network, named(options.agencies), wanted, _tell(environment))
    except WarifuError as error:
        sys.exit(f"loadtest: {printable(str(error))}")
    if isinstance(runner, WorkerRunner):
        serve_master(runner, _Here.process)
    else:
        _Here.crew = Alone(_Here.process)


def _tell(environment: Any) -> Any:
    """Locust's own figures, for its web page: what was meant is no failure there either."""

    def tell(end: End, took_us: int, sample: str) -> None:
        environment.events.request.fire(
            request_type=end.user,
            name=end.rpc if end.meant else f"{end.rpc} {end.reason}",
            response_time=took_us / 1000,
            response_length=0,
            exception=None if end.meant else RuntimeError(sample),
            context={},
        )

    return tell


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def start(environment: Any, **_: object) -> None:
    """Have a run begin once all hands are there; in a worker nothing, for its master says what it does."""
    if _Here.crew is not None:
        gevent.spawn(_go, environment, _Here.crew)


def _go(environment: Any, crew: Crew) -> None:
    runner, options = environment.runner, environment.parsed_options
    while runner.state != "running":
        gevent.sleep(0.05)
    crew.gather()
    wanted = asked(options, crew.able)
    shape = SHAPES[options.shape](wanted)
    run = _Here.run = Run(crew, shape, wanted, options.seed, lambda cut: _beside(options.rate, cut))
    told = run.go(lambda words: sys.stderr.write(f"{printable(words)}\n"))
    faults = told.missed()
    environment.process_exit_code = _EXIT_MISSED if faults else 0
    if options.out:
        write(told, Path(options.out))
    show(told)
    run.over.set()
    if options.headless:
        runner.quit()
    else:
        runner.stop()


def _beside(rate: float, cut: Any) -> Peer | None:
    """What ghz sees; nothing where other processes make the calls, which have the certificates."""
    return compared(_Here.process, rate, cut) if _Here.process is not None else None


@events.test_stopping.add_listener  # type: ignore[untyped-decorator]
def end_early(**_: object) -> None:
    """Somebody ends the run: what has come so far is reported first."""
    run = _Here.run
    if run is not None and not run.over.is_set():
        run.end(_END_S)


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def end_first(**_: object) -> None:
    """The same before locust decides with which status it ends."""
    end_early()
