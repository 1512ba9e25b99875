"""Running a network: every party a process of its own, watched and started again when it dies.

Decides in which order parties start (the hub first, for the others are told where it is), how their readiness is known
(the one line each writes), that a party which dies is started again with the same folder, that what ends is renewed
meanwhile, and that all stop when this process does. A party keeps its endpoint; where somebody else has taken it, it
moves, this is said, and the others are told. It plays no part in what the parties say to each other.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import IO

from warifu.clock import Clock, SystemClock
from warifu.curve.suites import group_of
from warifu.errors import Reason, WarifuError
from warifu.party.claim import claim
from warifu.party.folder import PartyFolder
from warifu.party.network_file import NETWORK_FILE, NetworkFile, changing_network_file, read_network_file
from warifu.pki import FileWatch
from warifu_kit.faults.folder import begin_faults, end_faults
from warifu_kit.faults.settings import FaultSettings
from warifu_kit.network.creation import create_network, holds_network
from warifu_kit.network.custody import keep_fresh
from warifu_kit.network.endpoints import fits, free_endpoint
from warifu_kit.network.for_tests import ForTests
from warifu_kit.network.nursery import Nursery, can_fork
from warifu_kit.network.order import ASKED, IN_EXCHANGE, asked_by, starting_order
from warifu_kit.network.party_process import STOP_SECONDS, PartyProcess, party_command
from warifu_kit.network.renewal import Renewals
from warifu_kit.network.witness_process import Witnesses
from warifu_kit.recording.order import end_orders

__all__ = ["Network"]

_HEAD_START_SECONDS = 1.0
_WATCH_SECONDS = 0.1
_RETRY_SECONDS = 0.25
_STARTED_AT_ONCE = 8
_MEMBERS_SECONDS = 0.5
_MOST_RESTARTS = 5
_RESTARTS_COUNT_SECONDS = 60.0
_DEFAULT_SUITE = 2
CommandMaker = Callable[[str, Path, Sequence[str]], list[str]]


class Network:
    """A network in a folder: made if it is not there, started, watched, stopped. A context manager.

    ``on_event`` hears what happens to parties: ("ready", party, endpoint), ("without hub", party, where to look) for
    one that takes calls and found no hub, ("amiss", party, why) for one that is up and does not do its work, ("died",
    party, how), ("restarted", party, endpoint), ("failed", party, why), ("moved", party, from where to where),
    ("joined", party, endpoint), ("left", party, ...), and what :class:`Renewals` tells, by ``clock``. Who joins or
    leaves by ``network.json`` is started or stopped within a second.
    ``described`` is what ``network.json`` says, once the network is started. ``command`` makes the command line of a
    party, for those who run a variant of one. ``suite`` is that of a network to be made, 2 unless told otherwise; one
    that is there already must have it. Parties in ``go_on`` are told, once, to go on though they were restored from an older
    state. With ``witness`` every supervisor's witness runs as well, some seconds after. With ``faults`` parties are
    awkward as these say; without them they take none, which is how this repository's own tests and figures are had. ``without``
    names what of it is not started ("jpki").
    """

    def __init__(
        self,
        path: Path,
        *,
        on_event: Callable[[str, str, str], None] = lambda *_: None,
        command: CommandMaker = party_command,
        suite: int | None = None,
        clock: Clock | None = None,
        go_on: Collection[str] = (),
        witness: bool = False,
        faults: FaultSettings | None = None,
        without: Collection[str] = (),
    ) -> None:
        self.path = path
        self._without = without
        self._with_witness, self.faults = witness, faults
        self._witnesses = Witnesses()
        self._clock = clock or SystemClock()
        self.described: NetworkFile
        self._suite = suite
        self._go_on = go_on
        self.parties: dict[str, PartyProcess] = {}
        self._places: dict[str, str] = {}
        self._moved: set[str] = set()
        self._on_event = on_event
        self._command = command
        self._stopping, self._unwatched, self._stopped = threading.Event(), threading.Event(), threading.Event()
        self._nursery: Nursery | None = None
        self._failure: str | None = None
        self._lock: IO[str] | None = None
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def __enter__(self) -> Network:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start every party and wait until each is ready.

        Raises: PARTY_NOT_STARTED when one does not; PATH_UNUSABLE when the network is up already; CONFIG_INVALID when
        what describes the network does not hold together, or it has another suite than asked for.
        """
        self._nursery = Nursery() if can_fork() else None
        if not holds_network(self.path):
            create_network(self.path, suite=self._suite or _DEFAULT_SUITE)
        self.described = self._checked_description()
        self._claim()
        keep_fresh(self.path, clock=self._clock)
        order = starting_order(self.described, self._without)
        begin_faults(self.path, order, self.faults)
        end_orders(self.path, order)
        with ExitStack() as kept:
            for party in order:
                wanted = self._wanted(party)
                place = self._place(party, wanted, kept)
                if party in ASKED or not fits(place, wanted) or place == wanted:
                    self._places[party] = place  # else the party takes a port itself
            self._begin_all(order)
        self._write_endpoints()
        if self._with_witness:
            self._witnesses = Witnesses.of(self.path, self.described, self._go_on, self._nursery, self._tell)
        self._watcher.start()

    def _begin_all(self, order: Sequence[str]) -> None:
        """Start parties and wait until each is ready; a few at a time, so that none waits for its turn too long."""
        waiting = iter(order)
        for party in islice(waiting, _STARTED_AT_ONCE):
            self._begin(party)
        for party in order:
            self._places[party] = self.parties[party].wait_ready()
            self._on_event("ready", party, self._places[party])
            self._tell_if_without_hub(self.parties[party])
            self._tell_amiss(self.parties[party])
            for following in islice(waiting, 1):
                self._begin(following)

    def _wanted(self, party: str) -> str:
        """Where a party listened last; what its folder says before it ever did. Raises: CONFIG_INVALID."""
        return self.described.parties[party].endpoint or PartyFolder(self.path / party).settings().listen

    def _place(self, party: str, wanted: str, kept: ExitStack) -> str:
        """Where a party is to listen: where it wants to if that is free. Tells of it where it is not.

        Nobody else takes the place before ``kept`` is closed.
        """
        place = free_endpoint(wanted, kept)
        if not fits(place, wanted):
            self._tell("moved", party, f"from {wanted}, which cannot be had, to {place}")
        return place

    def _write_endpoints(self) -> None:
        """Write where parties listen, into the file as it is now: others may have added to it."""
        with changing_network_file(self.path) as write:
            self.described = read_network_file(self.path).listening_at(self._places)
            write(self.described)

    def _claim(self) -> None:
        """Keep others from starting the same network. The system lets go when this process ends, however it ends."""
        try:
            self._lock = claim(self.path / "network.lock")
        except BlockingIOError as error:
            raise WarifuError(Reason.PATH_UNUSABLE, where=f"{self.path}: the network is up already") from error
        except OSError as error:
            raise WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename}: {error.strerror}") from error

    def _checked_description(self) -> NetworkFile:
        """What ``network.json`` says, if every party it names has a folder and this machine has the suite."""
        described = read_network_file(self.path)
        for party in described.parties:
            if not (self.path / party).is_dir():
                where = f"{self.path / NETWORK_FILE}: parties.{party} has no folder {self.path / party}"
                raise WarifuError(Reason.CONFIG_INVALID, where=where)
        if unknown := sorted(set(self._go_on) - set(described.parties)):
            where = f"{self.path}: no party is called {unknown[0]}; there are {', '.join(described.parties)}"
            raise WarifuError(Reason.CONFIG_INVALID, where=where)
        if self._suite not in {None, described.suite}:
            where = f"{self.path}: the network has suite {described.suite}; a network never changes its suite"
            raise WarifuError(Reason.CONFIG_INVALID, where=where)
        group_of(described.suite)
        return described

    def stop(self) -> None:
        """Stop every party: agencies first, the hub last, so that nothing is asked of one that is gone.

        Takes ten seconds at most: whoever does not stop by then is ended by force.
        """
        self._stopping.set()
        self._stop_watching()
        agencies = [process for party, process in self.parties.items() if party not in ASKED]
        central = [self.parties[party] for party in ASKED if party in self.parties]
        for process in agencies:
            process.send(signal.SIGTERM)
        _wait_all_stopped(agencies)
        for process in central:
            process.send(signal.SIGTERM)
            process.has_stopped_within(_HEAD_START_SECONDS)
        _wait_all_stopped(central)
        self._stopped.set()
        if self._watcher.is_alive():
            self._watcher.join()
        if self._nursery is not None:
            self._nursery.close()
        if self._lock is not None:
            end_faults(self.path)
            self._lock.close()

    def check(self) -> None:
        """Raises: PARTY_NOT_STARTED when a party died more than five times within a minute, or nobody watches them."""
        if self._failure:
            raise WarifuError(Reason.PARTY_NOT_STARTED, where=self._failure)
        watched = self._watcher.is_alive() or self._watcher.ident is None
        if not watched and not self._stopping.is_set():
            raise WarifuError(Reason.PARTY_NOT_STARTED, where="nobody watches the parties any more; start them again")

    def endpoint(self, party: str) -> str:
        """Where a party listens."""
        return self.parties[party].endpoint

    def kill(self, party: str) -> None:
        """End a party at once, as a crash would. It is started again like any party that dies."""
        self.parties[party].send(signal.SIGKILL)

    def _begin(self, party: str) -> None:
        told_once = ["--go-on"] if party in self._go_on else []
        process = PartyProcess(party, self.path / party, [*self._command_of(party), *told_once], self._nursery)
        self.parties[party] = process
        process.start()

    def _command_of(self, party: str) -> list[str]:
        """The command that runs a party where it is to listen, told where those are whom it asks."""
        options = [word for each in asked_by(party) for word in (f"--{each}", self._places[each])]
        if party in self._places:
            options += ["--listen", self._places[party]]
        options += ForTests.of(self.described).options(self.path, party)
        if self.faults is not None and self.described.parties[party].role in IN_EXCHANGE:
            options += ["--faults", self.faults.to_json()]
        return self._command(party, self.path / party, options)

    def _stop_watching(self) -> None:
        """Wait until no party is started again any more. One that is just being started is not waited for."""
        while self._watcher.is_alive() and not self._unwatched.wait(_WATCH_SECONDS):
            for process in self.parties.values():
                if not process.is_ready:
                    process.send(signal.SIGKILL)

    def _watch(self) -> None:
        """Start a party again when it has died. Runs until the network has stopped, whatever happens.

        The thread outlives the parties it started, for they are asked to stop when it ends.
        """
        deaths: defaultdict[str, deque[float]] = defaultdict(deque)
        described = FileWatch((self.path / NETWORK_FILE,), _MEMBERS_SECONDS)
        renewals = Renewals(self.path, self._clock, self._tell)
        while not self._stopping.wait(_WATCH_SECONDS):
            renewals.look()
            if described.changed():
                self._follow_members()
            for party, process in list(self.parties.items()):
                if not (self._stopping.is_set() or self._failure) and self._look_after(process, deaths[party]):
                    break  # the hub first again: it may have ended meanwhile, and the others would wait for it in vain
            self._witnesses.look(self._places["hub"])
        self._witnesses.stop()
        self._unwatched.set()
        self._stopped.wait()

    def _follow_members(self) -> None:
        """Start who has joined, and stop who has left, since ``network.json`` was looked at last."""
        try:
            self.described = read_network_file(self.path)
        except WarifuError as error:
            self._tell("refused", NETWORK_FILE, error.where)
            return
        wanted = starting_order(self.described, self._without)
        for party in [each for each in self.parties if each not in wanted]:
            self._leave(party)
        for party in [each for each in wanted if each not in self.parties]:
            if not self._stopping.is_set():
                self._join(party)

    def _join(self, party: str) -> None:
        try:
            with ExitStack() as kept:
                wanted = self._wanted(party)
                place = self._place(party, wanted, kept)
                if place == wanted or not fits(place, wanted):
                    self._places[party] = place
                self._begin(party)
                self._places[party] = self.parties[party].wait_ready()
            self._write_endpoints()
        except WarifuError as error:
            self._tell("failed", party, error.where)
        else:
            self._tell("joined", party, self._places[party])
            self._tell_if_without_hub(self.parties[party])

    def _leave(self, party: str) -> None:
        process = self.parties.pop(party)
        process.is_ready = False
        process.send(signal.SIGTERM)
        process.wait_stopped(STOP_SECONDS)
        self._places.pop(party, None)
        self._tell("left", party, "its folder stays")

    def _look_after(self, process: PartyProcess, deaths: deque[float]) -> bool:
        """Start a party again if it has died, and say so; one that could not be started, each time after a longer pause."""
        status, now = process.exit_status(), time.monotonic()
        if status is None:
            return False
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        while deaths and now - deaths[0] >= _RESTARTS_COUNT_SECONDS:
            deaths.popleft()
        if process.is_ready:
            self._tell("died", process.party, how)
        elif deaths and now - deaths[-1] < _RETRY_SECONDS * 2 ** len(deaths):
            return False
        deaths.append(now)
        if len(deaths) > _MOST_RESTARTS:
            self._failure = f"{process.party} died {len(deaths)} times, last by {how}; see {process.party}/party.log"
            return False
        self._restart(process)
        return True

    def _restart(self, process: PartyProcess) -> None:
        """Start a party again where it listened. Where it cannot have that any more it moves, and the others hear of it."""
        party, process.is_ready = process.party, False
        try:
            with ExitStack() as kept:
                place = self._place(party, self._places[party], kept)
                if place != self._places[party]:
                    self._places[party] = place
                    self._moved.add(party)
                process.restart(self._command_of(party))
            if party in self._moved:
                self._follow(party)
                self._moved.discard(party)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other parties still need a watcher
            why = error.where if isinstance(error, WarifuError) else type(error).__name__
            self._tell("failed", party, why)
        else:
            self._tell("restarted", party, process.endpoint)
            self._tell_if_without_hub(process)
            self._tell_amiss(process)

    def _tell_amiss(self, process: PartyProcess) -> None:
        if process.amiss:
            self._tell("amiss", process.party, process.amiss)

    def _follow(self, moved: str) -> None:
        """Tell the others where one has moved: nodes tell the hub themselves, hub and authority are told on starting."""
        self._write_endpoints()
        told = [each for each in self.parties.values() if moved in asked_by(each.party)]
        for process in told:
            process.is_ready = False
            process.send(signal.SIGTERM)
        for process in told:
            if self._stopping.is_set():
                return
            process.restart(self._command_of(process.party))
            self._tell("told", process.party, f"{moved} is at {self._places[moved]}")

    def _tell_if_without_hub(self, process: PartyProcess) -> None:
        if not process.hub_reached:
            self._tell("without hub", process.party, f"it has not reached the hub; see {process.log_path}")

    def _tell(self, event: str, party: str, detail: str) -> None:
        """Tell the listener; one that fails (its terminal is gone) does not end the watch."""
        with suppress(Exception):
            self._on_event(event, party, detail)


def _wait_all_stopped(processes: Sequence[PartyProcess]) -> None:
    """Wait for all of them together, and end by force whoever takes longer."""
    give_up = time.monotonic() + STOP_SECONDS
    for process in processes:
        process.wait_stopped(max(0.0, give_up - time.monotonic()))
