"""``warifu fault``: ask the parties of a network that is up for faults, and see what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu_kit.output import say, say_json, say_table, table

if TYPE_CHECKING:
    from warifu_kit.faults.rule import Rule

__all__ = ["app"]

app = typer.Typer(
    name="fault",
    help="Ask parties for faults, in a network that `warifu up` started.",
    no_args_is_help=True,
)

NetworkDir = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a network that is up.")]
Json = Annotated[bool, typer.Option("--json", help="One line of JSON for each.")]


@app.command()
def add(
    path: NetworkDir,
    party: Annotated[str, typer.Argument(metavar="PARTY", help="The party that serves the calls, such as hub or tax.")],
    rpc: Annotated[str, typer.Argument(metavar="RPC", help="Of which calls: Service.Method.")],
    faults: Annotated[
        str, typer.Argument(metavar="FAULTS", help="What is done, such as delay:200ms+refuse:OVERLOADED.")
    ],
    times: Annotated[int, typer.Option(metavar="N", min=0, help="To the next N calls; 0 to all of them.")] = 1,
    exchange: Annotated[
        str, typer.Option(metavar="REQUEST_ID", help="To calls about this exchange only, 32 hexadecimal digits.")
    ] = "",
) -> None:
    """Do FAULTS to the next calls of RPC at PARTY.

    With --exchange also to what its node asks its business system in that exchange (AdapterService.LookUp,
    AdapterService.GetClerkDecision), which says the processing number alone: the node was brought the permit.

    Example: warifu fault add net tax AgencyService.Provide refuse:STORE_UNAVAILABLE --times 3
    """
    from warifu_kit.faults.asking import ask_for

    rule = ask_for(path, party, rpc=rpc, faults=faults, times=times, exchange=exchange.lower())
    say(f"{party}: rule {rule.number}, {_aim(rule)}: {rule.faults}")


@app.command("list")
def list_(path: NetworkDir, json: Json = False) -> None:
    """List what parties were asked for, and how often each rule was used.

    Example: warifu fault list net
    """
    found = list(_rules(path))
    if json:
        for party, rule, used in found:
            fields = {"rule": rule.number, "rpc": rule.rpc, "faults": rule.faults, "times": rule.times}
            say_json({"party": party, **fields, "exchange": rule.exchange, "used": used})
    elif not found:
        say("no party was asked for a fault")
    else:
        for party, rule, used in found:
            about = [f"    about {rule.exchange}"] if rule.exchange else []
            say(f"{party}, rule {rule.number}, used {used}: {rule.faults}", f"    {_calls(rule)}", *about)


@app.command()
def clear(
    path: NetworkDir,
    party: Annotated[str | None, typer.Argument(metavar="[PARTY]", help="Only this party's rules.")] = None,
) -> None:
    """Take back what parties were asked for. What is drawn by a seed goes on.

    Example: warifu fault clear net
    """
    from warifu_kit.faults.asking import party_folders
    from warifu_kit.faults.rules import clear_rules

    cleared = sum(clear_rules(folder) for folder in party_folders(path, party).values())
    say(f"took back {cleared} rule{'' if cleared == 1 else 's'}")


@app.command()
def done(path: NetworkDir, json: Json = False) -> None:
    """Say what was done to calls, from the fault ledger of every party.

    Example: warifu fault done net
    """
    from dataclasses import asdict

    from warifu_kit.faults.asking import every_folder
    from warifu_kit.faults.ledger import MOST_BYTES, ledger_size, read_ledger

    lines = (line for folder in every_folder(path).values() for line in read_ledger(folder))
    if json:
        for line in lines:
            say_json(asdict(line))
        return
    counted = Counter((line.party, line.rpc, line.by, fault) for line in lines for fault in _kinds(line.faults))
    shown = table(("party", "RPC", "asked for by", "fault", "calls"))
    for (party, rpc, by, fault), calls in sorted(counted.items()):
        shown.add_row(party, rpc, by, fault, str(calls))
    say_table(shown)
    for party in [each for each, folder in every_folder(path).items() if ledger_size(folder) >= MOST_BYTES]:
        say(
            f"{party}: its ledger is full ({MOST_BYTES // 2**20} MiB), and it does nothing more to calls until the next start"
        )


def _kinds(faults: str) -> set[str]:
    return {each.partition(":")[0] for each in faults.split("+")}


def _aim(rule: Rule) -> str:
    return _calls(rule) + (f" about {rule.exchange}" if rule.exchange else "")


def _calls(rule: Rule) -> str:
    calls = "all calls" if not rule.times else "the next call" if rule.times == 1 else f"the next {rule.times} calls"
    return f"{calls} of {rule.rpc}"


def _rules(path: Path) -> Iterator[tuple[str, Rule, int]]:
    """Every rule of every party, and how often it was used."""
    from warifu_kit.faults.asking import party_folders
    from warifu_kit.faults.ledger import uses_of_rules
    from warifu_kit.faults.rules import read_rules

    for party, folder in party_folders(path).items():
        used = uses_of_rules(folder)
        for rule in read_rules(folder):
            yield party, rule, used[rule.number]
