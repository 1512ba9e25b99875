"""``warifu check``: whether an adapter or a node keeps the contract, rule by rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu.errors import Reason, WarifuError
from warifu_kit.commands.network_changes import network_changes
from warifu_kit.output import say, say_error, say_json

if TYPE_CHECKING:
    from warifu_kit.conformance.case import Case, Finished
    from warifu_kit.conformance.node_checking import Staging
    from warifu_kit.conformance.outcome import Outcome

__all__ = ["app"]

app = typer.Typer(name="check", help="Hold an adapter or a node to the contract.", no_args_is_help=True)

NetworkDir = Annotated[Path | None, typer.Argument(metavar="DIR", help="The network's folder.")]
Party = Annotated[str, typer.Argument(metavar="PARTY", help="The agency whose it is, such as tax.")]
Target = Annotated[str, typer.Option(metavar="HOST:PORT", help="Where it listens.")]
People = Annotated[Path | None, typer.Option(metavar="FILE", help="Made-up people that it knows, as YAML.")]
Only = Annotated[
    list[str] | None,
    typer.Option(metavar="CASE|SUBJECT", help="These cases alone, such as adapter.dates; may be given again."),
]
ListAll = Annotated[bool, typer.Option("--list", help="List the cases and end.")]
JUnit = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result as JUnit's XML.")]
AsJson = Annotated[
    str | None, typer.Option("--json", metavar="FILE|-", help="Write the result as JSON; - is the output.")
]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write one page with all the evidence.")]
Expected = Annotated[Path | None, typer.Option(metavar="FILE", help="Cases that may fail, one a line.")]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", min=1, help="How long all cases together may take.")]

Start = Annotated[
    str, typer.Option(metavar="COMMAND", help="Start the node so; {hub}, {authority}, {dir} and {clock} are replaced.")
]
HubListen = Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the hub is to listen.")]
AuthorityListen = Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the numbering authority is to listen.")]
Wait = Annotated[float, typer.Option(metavar="SECONDS", min=1, help="How long to wait for the node.")]

AwkwardOption = Annotated[
    bool,
    typer.Option(
        "--awkward",
        help="Make calls late, twice, anew after giving up, with a field of no contract: all within the rules.",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, max=2**63 - 1, help="Have the same calls awkward again; with --awkward."),
]

_NOT_RUN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outputs:
    """Where a result goes beside the terminal. ``json`` "-" is standard output."""

    junit: Path | None
    json: str | None
    html: Path | None

    def check(self, network: Path, *read: Path | None) -> None:
        """Refuse files that cannot be written, or whose content is needed, before anything is run. Raises: PATH_UNUSABLE.

        Those are files in a folder that there is not, for two results, of ``network``, or of those that are ``read``.
        """
        told = Path(self.json) if self.json is not None and self.json != "-" else None
        files = [file for file in (self.junit, self.html, told) if file is not None]
        named = [file.resolve() for file in files]
        if len(set(named)) < len(named):
            raise WarifuError(Reason.PATH_UNUSABLE, where=f"{named[-1]}: named for more than one result")
        needed = {file.resolve() for file in read if file is not None}
        for file in files:
            if why := _why_not(file, network.resolve(), needed):
                raise WarifuError(Reason.PATH_UNUSABLE, where=f"{file}: {why}")


def _why_not(file: Path, network: Path, needed: set[Path]) -> str:
    """Why no result is written there; empty where one is."""
    reasons = {
        "standard output is for --json alone": str(file) == "-",
        "there is no such folder": not file.absolute().parent.is_dir(),
        "is a folder": file.is_dir(),
        "is read, and would be written over": file.resolve() in needed,
        "is in the network's folder, whose files are the network's": file.resolve().is_relative_to(network),
    }
    return next((why for why, holds in reasons.items() if holds), "")


@app.command()
def adapter(
    path: NetworkDir = None,
    party: Party = "",
    target: Target = "",
    people: People = None,
    only: Only = None,
    list_: ListAll = False,
    junit: JUnit = None,
    json: AsJson = None,
    html: Html = None,
    expected_failures: Expected = None,
    timeout: Timeout = 55.0,
    awkward: AwkwardOption = False,
    seed: Seed = None,
) -> None:
    """Be the node of PARTY in front of its business system at HOST:PORT, and say which rules it keeps.

    The network in DIR need not be up. The basics come first; a target that does not answer them, or so slowly that most cases
    would not be begun in the time, is asked no more. Every case says its rule, what was sent, what came back and how to mend it.

    Exit status 0: all passed or were skipped. 1: a case failed, or one passed that was to fail. 2: not run: wrong command line,
    or the target cannot be reached as itself. 3: nothing failed, and something could not be told, or most cases were skipped, as
    they are without --people: little was looked at then.

    Example: warifu check adapter net tax --target 127.0.0.1:7500 --people people.yaml
    """
    import asyncio

    from warifu_kit.conformance.adapter_under_check import AdapterUnderCheck
    from warifu_kit.conformance.checking import check_adapter
    from warifu_kit.conformance.people import NOBODY
    from warifu_kit.conformance.people_file import read_people

    try:
        cases = _chosen("adapter", only or [])
        if list_:
            _list(cases, json)
            return
        if path is None or not party or not target:
            say("warifu: say DIR, PARTY and --target HOST:PORT", err=True)
            raise typer.Exit(_NOT_RUN)
        outputs = _Outputs(junit=junit, json=json, html=html)
        outputs.check(path, people, expected_failures)
        expected = _expected("adapter", expected_failures)
        known = read_people(people) if people is not None else NOBODY
        about = AdapterUnderCheck.of(path, party, target, known)
        outcome = asyncio.run(
            check_adapter(
                about,
                cases,
                ended=_teller(json, expected),
                expected=expected,
                within_s=timeout,
                seed=_seed(awkward, seed),
            )
        )
    except WarifuError as error:
        say_error(error)
        raise typer.Exit(_NOT_RUN) from None
    try:
        _tell(outcome, outputs)
    except OSError as error:  # what the cases came to was not told: not the same as that one failed
        say_error(WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename or 'the result'}: {error.strerror}"))
        raise typer.Exit(_NOT_RUN) from None
    raise typer.Exit(outcome.exit_status)


@app.command()
def node(
    path: NetworkDir = None,
    party: Party = "",
    start: Start = "",
    hub_listen: HubListen = "127.0.0.1:0",
    authority_listen: AuthorityListen = "127.0.0.1:0",
    wait: Wait = 60.0,
    write_people: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write whom the node is to know, for one that serves no NodeService."),
    ] = None,
    only: Only = None,
    list_: ListAll = False,
    junit: JUnit = None,
    json: AsJson = None,
    html: Html = None,
    expected_failures: Expected = None,
    timeout: Timeout = 55.0,
    awkward: AwkwardOption = False,
    seed: Seed = None,
) -> None:
    """Be the hub, the numbering authority and an inquirer around the node of PARTY, and say which rules it keeps as a provider.

    The network in DIR must be one that was made for the check, and not be up: its hub and authority run in this process, and the
    node comes to them as to any. Permits are then brought to it, honest ones and others.

    Exit status 0: all passed or were skipped. 1: a case failed, or one passed that was to fail. 2: not run: wrong command line,
    or the node does not come. 3: nothing failed, and something could not be told, or most cases were skipped.

    Example: warifu check node net tax --start "warifu agency tax --dir {dir} --hub {hub} --authority {authority}"
    """
    from warifu_kit.conformance.node_checking import Staging

    staging = Staging(
        changes=network_changes(),
        hub_at=hub_listen,
        authority_at=authority_listen,
        wait_s=wait,
        start=start,
        write_people=write_people,
        seed=_seed(awkward, seed),
        within_s=timeout,
    )
    outputs = _Outputs(junit=junit, json=json, html=html)
    _check_node("node", path, party, staging, only or [], list_, outputs, expected_failures)


@app.command()
def inquirer(
    path: NetworkDir = None,
    party: Party = "",
    start: Start = "",
    hub_listen: HubListen = "127.0.0.1:0",
    authority_listen: AuthorityListen = "127.0.0.1:0",
    wait: Wait = 60.0,
    only: Only = None,
    list_: ListAll = False,
    junit: JUnit = None,
    json: AsJson = None,
    html: Html = None,
    expected_failures: Expected = None,
    timeout: Timeout = 55.0,
    awkward: AwkwardOption = False,
    seed: Seed = None,
) -> None:
    """Be the business system, the hub and a provider around the node of PARTY, and say which rules it keeps as an inquirer.

    As `warifu check node`, but the node is made to ask, by its NodeService, and what it asks comes to a hub that is not always
    honest. The exit status is the same.

    Example: warifu check inquirer net childcare --start "warifu agency childcare --dir {dir} --hub {hub} --authority {authority}"
    """
    from warifu_kit.conformance.node_checking import Staging

    staging = Staging(
        changes=network_changes(),
        hub_at=hub_listen,
        authority_at=authority_listen,
        wait_s=wait,
        start=start,
        asks=True,
        seed=_seed(awkward, seed),
        within_s=timeout,
    )
    outputs = _Outputs(junit=junit, json=json, html=html)
    _check_node("inquirer", path, party, staging, only or [], list_, outputs, expected_failures)


def _check_node(
    kind: str,
    path: Path | None,
    party: str,
    staging: Staging,
    only: list[str],
    list_: bool,
    outputs: _Outputs,
    expected_failures: Path | None,
) -> None:
    import asyncio

    from warifu_kit.conformance.node_checking import check_node

    try:
        cases = _chosen(kind, only)
        if list_:
            _list(cases, outputs.json)
            return
        if path is None or not party:
            say("warifu: say DIR and PARTY", err=True)
            raise typer.Exit(_NOT_RUN)
        outputs.check(path, expected_failures, staging.write_people)
        expected = _expected(kind, expected_failures)
        checking = check_node(
            path,
            party,
            staging,
            cases,
            said=lambda words: say(words, err=True),
            ended=_teller(outputs.json, expected),
            expected=expected,
        )
        outcome = asyncio.run(checking)
    except WarifuError as error:
        say_error(error)
        raise typer.Exit(_NOT_RUN) from None
    try:
        _tell(outcome, outputs)
    except OSError as error:  # what the cases came to was not told: not the same as that one failed
        say_error(WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename or 'the result'}: {error.strerror}"))
        raise typer.Exit(_NOT_RUN) from None
    raise typer.Exit(outcome.exit_status)


def _seed(awkward: bool, seed: int | None) -> int | None:
    """Of what the kit does on purpose: the one that is said, else any; None where it does nothing."""
    from warifu_kit.faults.settings import any_seed

    if seed is not None and not awkward:
        raise typer.BadParameter("means something with --awkward only", param_hint="--seed")
    return (any_seed() if seed is None else seed) if awkward else None


def _chosen(party: str, only: list[str]) -> list[Case]:
    from warifu_kit.conformance.registry import cases_of, chosen

    return chosen(cases_of(party), only)


def _expected(party: str, path: Path | None) -> frozenset[str]:
    from warifu_kit.conformance.outcome import expected_failures
    from warifu_kit.conformance.registry import cases_of

    known = frozenset(case.case_id for case in cases_of(party))
    return expected_failures(path, known) if path is not None else frozenset()


def _list(cases: list[Case], json: str | None) -> None:
    if json is not None:
        for case in cases:
            say_json({"case": case.case_id, "title": case.title, "rule": case.rule, "place": case.place})
        return
    from warifu_kit.conformance.output.table import case_lines

    say(*(line for case in cases for line in case_lines(case)))


def _teller(json: str | None, expected: frozenset[str]) -> Callable[[Finished], None]:
    """Tells each end as it comes, but for what was not begun: on standard error where the output is for machines."""
    from warifu_kit.conformance.output.table import progress_line

    def tell(finished: Finished) -> None:
        if finished.begun:
            say(progress_line(finished, expected), err=json == "-")

    return tell


def _tell(outcome: Outcome, outputs: _Outputs) -> None:
    from json import dumps

    from warifu.clock import SystemClock
    from warifu_kit.conformance.output.junit import as_junit
    from warifu_kit.conformance.output.page import as_page
    from warifu_kit.conformance.output.table import summary_lines
    from warifu_kit.conformance.output.told_json import as_json

    if outputs.junit is not None:
        outputs.junit.write_bytes(as_junit(outcome))
    if outputs.html is not None:
        outputs.html.write_text(as_page(outcome, ended=SystemClock().now()), "utf-8")
    if outputs.json == "-":
        say_json(as_json(outcome))
        return
    if outputs.json is not None:
        Path(outputs.json).write_text(dumps(as_json(outcome), indent=2) + "\n", "utf-8")
    say(*summary_lines(outcome))
