"""``warifu up``: start a network and keep it up; ``warifu new``: only make its folder."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu.printable import shell_command
from warifu_kit.commands.awkward import Awkward, Calm, Knobs, NoFaults, fault_settings, said_of
from warifu_kit.commands.composition import Composition, Members, Permissions, Without, check_same, composed
from warifu_kit.commands.for_tests import (
    Parent,
    Residents,
    Seed,
    SettableClock,
    StopWithParent,
    asked_for,
    check_made_so,
    made_from,
    say_loudly,
    settle,
)
from warifu_kit.commands.proofs import Proofs, say_if_off
from warifu_kit.commands.suites import Suite, suite_text
from warifu_kit.output import say, say_json, say_table, table

if TYPE_CHECKING:
    from warifu_kit.network.for_tests import ForTests
    from warifu_kit.network.network import Network
    from warifu_kit.network.run_file import RunFile

__all__ = ["new", "show_network", "stopping_signals", "up"]

NetworkDir = Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder.")]


def new(
    path: NetworkDir,
    members: Members = None,
    permissions: Permissions = None,
    suite: Suite = "auto",
    proofs: Proofs = None,
    without: Without = None,
    seed: Seed = None,
    clock: SettableClock = False,
) -> None:
    """Make a network in DIR without starting it: keys, certificates, directory, one folder for each party.

    Example: warifu new net --members two-of-each
    """
    asked = composed(members, permissions, suite, proofs, runs_here=False, without=without)
    terms = asked_for(seed, clock)
    _create(path, asked, terms)
    start_it = shell_command("warifu", "up", path)
    made = f"{suite_text(asked.suite)}, proofs {asked.proofs}"
    say(f"made a SIMULATED network in {path}, {made}; start it with: {start_it}")
    say_if_off(asked.proofs)
    say_loudly(terms.loudly())


GoOn = Annotated[
    list[str],
    typer.Option(
        "--go-on", metavar="PARTY", help="Let PARTY go on though it was restored from an older state; may be repeated."
    ),
]


def up(
    path: NetworkDir,
    members: Members = None,
    permissions: Permissions = None,
    suite: Suite = "auto",
    proofs: Proofs = None,
    without: Without = None,
    json: Annotated[
        bool, typer.Option("--json", help="Tell all of it in one line of JSON when it is up, then each event in one.")
    ] = False,
    go_on: GoOn = [],  # noqa: B006  # typer reads it, nobody writes
    spread: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", min=0, max=600, help="Have every agency delay what is submitted to it, at random."
        ),
    ] = None,
    timings: Annotated[
        bool, typer.Option("--timings", help="For load tests: parties tell callers that ask how long each took.")
    ] = False,
    seed: Seed = None,
    clock: SettableClock = False,
    residents: Residents = None,
    stop_with_parent: StopWithParent = False,
    awkward: Awkward = False,
    calm: Calm = False,
    no_faults: NoFaults = False,
    knob: Knobs = [],  # noqa: B006  # typer reads it, nobody writes
) -> None:
    """Start the network in DIR, making it first if need be, and stay up until Ctrl-C.

    Writes DIR/network.json with every endpoint and certificate path. The same DIR again continues with the same data,
    with the members, permission table, suite and proofs it was made with; asking for others is an error. A party that takes
    calls without having reached the hub is shown as such. One that was restored from a backup and is behind what the
    others hold refuses exchanges, and its party.log says so, until it is named once with --go-on.

    Its parties are awkward on purpose, the same way again with the same --seed: calls are delayed, broken off, delivered
    twice. --calm has them do nothing of it but what `warifu fault` asks for.

    Example: warifu up net --members two-of-each

    Example: warifu up net --json --seed 7 --residents 20 --stop-with-parent
    """
    from warifu.exchange.proof_policy import ProofPolicy
    from warifu_kit.network.adapter_watch import AdapterWatch
    from warifu_kit.network.for_tests import ForTests
    from warifu_kit.network.network import Network
    from warifu_kit.network.order import IN_EXCHANGE
    from warifu_kit.network.party_process import party_command

    parent, wished = Parent(), {"awkward": awkward, "calm": calm, "none": no_faults}
    fault_settings(**wished, seed=seed, knobs=knob)  # what cannot be is told before anything is made
    stopping, telling = threading.Event(), _Telling(json)
    for number in stopping_signals():
        signal.signal(number, lambda *_: stopping.set())
    asked = composed(members, permissions, suite, proofs, runs_here=True, without=without)
    named = members is not None, permissions is not None, proofs is not None
    _see_to_it(path, asked, named, asked_for(seed, clock), only_faults=awkward)
    wanted = None if suite == "auto" else int(suite)
    faults = fault_settings(**wished, seed=made_from(path) if seed is None else seed, knobs=knob)

    def command(party: str, folder: Path, options: Sequence[str]) -> list[str]:
        role = network.described.parties[party].role if party in network.described.parties else ""
        words = ["--spread", str(spread)] if spread is not None and role == "agency" else []
        words += ["--timings"] if timings and role in IN_EXCHANGE else []
        return party_command(party, folder, [*options, *words])

    network = Network(
        path,
        on_event=telling.event,
        command=command,
        suite=wanted,
        go_on=go_on,
        witness=True,
        faults=faults,
        without=() if without is None else (without,),
    )
    with network:
        say_if_off(ProofPolicy.parse(network.described.proofs))
        terms = ForTests.of(network.described)
        say_loudly(terms.loudly())
        with telling.kept(path, spread), AdapterWatch(network, telling.event):
            telling.up(network, None if residents is None else settle(path, residents, terms.seed))
            while not (stopping.wait(0.2) or (stop_with_parent and parent.has_ended)):
                network.check()
        telling.stopping()


class _Telling:
    """Tells people, or with ``json`` a program, of a network. A program's first line is about the network as a whole.

    Who ended meanwhile is kept for ``warifu status`` too.
    """

    def __init__(self, json: bool) -> None:
        self._json = json
        self._lock = threading.Lock()
        self._is_up = False
        self._earlier: list[dict[str, str]] = []
        self._run: RunFile | None = None

    @contextmanager
    def kept(self, path: Path, spread_s: float | None) -> Iterator[None]:
        """Keep who ended beside the network in ``path``, which runs, until the context ends."""
        from warifu_kit.network.run_file import RunFile

        with closing(RunFile(path, spread_s)) as run:
            self._run = run
            try:
                yield
            finally:
                with self._lock:  # nobody writes it any more
                    self._run = None

    def event(self, event: str, party: str, detail: str) -> None:
        """Called on the network's own thread too."""
        told = {"event": event, "party": party, "detail": detail}
        with self._lock:
            if event == "died" and self._run is not None:
                self._run.ended(party, detail)
            if self._is_up:
                self._tell(told)
            elif self._json and event != "ready":  # who is ready, the first line says
                self._earlier.append(told)
            elif not self._json and event not in ("ready", "without hub"):  # the list shows these two
                self._tell(told)

    def up(self, network: Network, population: Path | None) -> None:
        from warifu_kit.network.ready import ready_line

        with self._lock:
            if self._json:
                say_json(ready_line(network, population))
            else:
                show_network(network)
            for told in self._earlier:
                self._tell(told)
            self._is_up = True

    def stopping(self) -> None:
        if not self._json:
            say("stopping")

    def _tell(self, told: dict[str, str]) -> None:
        if self._json:
            say_json(told)
        else:
            say(f"{told['party']}: {told['event']} ({told['detail']})")


def _see_to_it(
    path: Path, asked: Composition, named: tuple[bool, bool, bool], terms: ForTests, *, only_faults: bool
) -> None:
    """Make the network in ``path`` as it is asked for, or see that the one there is such a one.

    ``named``: whether members, permissions and proofs were. With ``only_faults`` the seed is, in one that is there, not that of
    its keys.
    """
    from warifu_kit.network.creation import holds_network

    if holds_network(path):
        check_same(path, asked, members=named[0], permissions=named[1], proofs=named[2])
        check_made_so(path, replace(terms, seed=None) if only_faults else terms)
    else:
        _create(path, asked, terms)


def _create(path: Path, asked: Composition, terms: ForTests) -> None:
    from warifu_kit.network.creation import create_network

    create_network(
        path,
        members=(*asked.members, *asked.beside),
        permissions=asked.permissions,
        suite=asked.suite,
        proofs=asked.proofs,
        for_tests=terms,
    )


def stopping_signals() -> list[signal.Signals]:
    """A closed terminal stops the network too, unless it was started with ``nohup``."""
    hang_up = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
    return [signal.SIGINT, signal.SIGTERM, *hang_up]


def show_network(network: Network) -> None:
    """List the parties of a network that is up, and say where to look for those that have not reached the hub."""
    from warifu_kit.network.for_tests import ForTests

    shown = table(
        ("party", "institution", "endpoint", "process", "hub"),
        title="SIMULATED My Number network: never real My Numbers",
    )
    for party, process in network.parties.items():
        institution = network.described.parties[party].institution_code
        hub = "" if party == "hub" else "reached" if process.hub_reached else "NOT REACHED"
        shown.add_row(party, institution, process.endpoint, str(process.pid), hub)
    say_table(shown)
    for party, process in network.parties.items():
        if not process.hub_reached:
            say(f"{party} has not reached the hub and goes on trying; why: {shell_command('tail', process.log_path)}")
    for each in ForTests.of(network.described).loudly():
        say(f"WARNING: {each}")
    for each in said_of(network.faults, network.path):
        say(each)
    say(f"calculates in {suite_text(network.described.suite)}; conversions proven: {network.described.proofs}")
    say(f"described in {network.path / 'network.json'}; Ctrl-C stops everything")
