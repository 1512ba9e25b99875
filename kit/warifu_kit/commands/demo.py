"""``warifu demo``: the main job, from nothing to a report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu.printable import shell_command
from warifu_kit.commands.composition import Composition, Members, Permissions, Without, composed
from warifu_kit.commands.proofs import Proofs, say_if_off
from warifu_kit.commands.residents_file import Encoding, ResidentsFile, people_of
from warifu_kit.commands.suites import Suite, suite_text
from warifu_kit.output import Terminal, say

if TYPE_CHECKING:
    from datetime import date

    from warifu_kit.demo.result import DemoResult
    from warifu_kit.people.residents import Resident

__all__ = ["demo"]

_SEEDS = 1_000_000
_INTERRUPTED = 130

Count = Annotated[int, typer.Option("--residents", min=1, max=100_000, help="How many residents to make up.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Decides who they are. [default: drawn and printed]")]
Json = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results there as well.")]
Dir = Annotated[
    Path | None, typer.Option("--dir", metavar="DIR", help="Keep the network there; DIR must be new or empty.")
]
Concurrency = Annotated[int, typer.Option(min=1, max=1024, help="Inquiries under way at once.")]


def demo(
    residents: Count = 200,
    seed: Seed = None,
    residents_file: ResidentsFile = None,
    encoding: Encoding = "auto",
    json: Json = None,
    dir_: Dir = None,
    concurrency: Concurrency = 48,
    members: Members = None,
    permissions: Permissions = None,
    suite: Suite = "auto",
    proofs: Proofs = None,
    without: Without = None,
) -> None:
    """Start a whole network, run two procedures for every applicant, issue a card and use it, check everything, report, stop.

    Exit status 0: all of it holds. 1: something does not, and it is named.

    Example: warifu demo --residents 2000 --seed 7 --json result.json

    Example: warifu demo --residents-file people.csv
    """
    import secrets

    from warifu_kit.demo.agencies import agencies_of, homes
    from warifu_kit.demo.report import print_report
    from warifu_kit.demo.result import write_json

    _end_as_interrupted()
    _check_writable(json)
    seed = secrets.randbelow(_SEEDS) if seed is None else seed
    composition = composed(members, permissions, suite, proofs, runs_here=True, without=without)
    people, on = people_of(residents_file, encoding, seed, residents, lambda: homes(agencies_of(composition.members)))
    with _network_folder(dir_) as folder:
        result = _demonstrate(people, seed, on, folder.path, concurrency, residents_file, composition)
        print_report(Terminal(), result)
        if json is not None:
            write_json(json, result)
        folder.failed = not result.holds
    raise typer.Exit(0 if result.holds else 1)


def _demonstrate(
    people: list[Resident],
    seed: int,
    on: date,
    folder: Path,
    concurrency: int,
    residents_file: Path | None,
    composition: Composition,
) -> DemoResult:
    from warifu_kit.demo.progress import teller
    from warifu_kit.demo.run import DemoRequest, plan_of, run_demo

    request = DemoRequest(
        residents=tuple(people),
        seed=seed,
        on=on,
        folder=folder,
        concurrency=concurrency,
        residents_file=residents_file,
        members=composition.members,
        beside=composition.beside,
        permissions=composition.permissions,
        suite=composition.suite,
        proofs=composition.proofs,
    )
    plan = plan_of(request)
    with teller(Terminal(stderr=True)) as telling:
        telling.note(
            f"SIMULATED My Number network: {len(people)} residents, seed {seed}, {suite_text(composition.suite)}"
        )
        say_if_off(composition.proofs)
        return run_demo(request, plan, telling)


class _Folder:
    """Where the network lies. ``failed`` until the demonstration says otherwise."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failed = True


@contextmanager
def _network_folder(kept: Path | None) -> Iterator[_Folder]:
    """The folder asked for, or a temporary one that goes at the end unless there is something to look at in it."""
    import shutil
    import tempfile

    if kept is not None:
        yield from _kept_folder(kept)
        return
    outer = Path(tempfile.mkdtemp(prefix="warifu-demo-"))
    folder = _Folder(outer / "network")
    try:
        yield folder
    except KeyboardInterrupt:
        folder.failed = False
        say("stopped", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        if folder.failed and folder.path.exists():
            say(f"the network and its logs are in {folder.path}", err=True)
        else:
            shutil.rmtree(outer, ignore_errors=True)


def _kept_folder(path: Path) -> Iterator[_Folder]:
    from warifu.errors import Reason, WarifuError

    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        where = f"{path}: not empty; the demonstration makes a network of its own"
        raise WarifuError(Reason.PATH_UNUSABLE, where=where)
    try:
        yield _Folder(path)
    except KeyboardInterrupt:
        say(f"stopped; the network is in {path}", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    verify_it = shell_command("warifu", "log", "verify", "--key", path / "log.vkey", path / "log-copy")
    say(f"the network is in {path}; verify its log: {verify_it}")


def _check_writable(json: Path | None) -> None:
    """Find out now, not after the work, that the results have nowhere to go."""
    from warifu.errors import Reason, WarifuError

    if json is not None and (json.is_dir() or not json.absolute().parent.is_dir()):
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{json}: there is no such folder, or it is one")


def _end_as_interrupted() -> None:
    """Have SIGTERM and a closed terminal end the command as Ctrl-C does: network down, temporary folder gone.

    A closed terminal does not when the command was started with ``nohup``.
    """
    import os
    import signal

    def hung_up(*_: object) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)  # what is still said on the way out has no reader
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, hung_up)
