"""``warifu keys``: rotating keys and codes of a network, while it is up or down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from warifu.printable import shell_command
from warifu_kit.commands.interrupted import completed_again
from warifu_kit.commands.member import tell_taken
from warifu_kit.output import Terminal, say

__all__ = ["app"]

app = typer.Typer(name="keys", help="Rotate keys and codes while the network runs.", no_args_is_help=True)

NetworkDir = Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder.")]
Party = Annotated[str, typer.Argument(metavar="PARTY", help="hub, authority, or an agency.")]
_OF = {
    "hub": ("opening_key", "signing_key", "log_key"),
    "authority": ("signing_key",),
    "agency": ("agency_key", "sealing_key", "signing_key", "codes"),
}
"""What can be rotated of a party, by its role."""


_LONGEST_OVERLAP = 525_600
"""The longest that former keys may stay good, in minutes: a year."""


@app.callback()
def _keys() -> None:
    """Rotate keys and codes while the network runs."""


@app.command()
def rotate(
    path: NetworkDir,
    party: Party,
    agency_key: Annotated[bool, typer.Option("--agency-key", help="An agency's encryption key.")] = False,
    sealing_key: Annotated[bool, typer.Option("--sealing-key", help="An agency's HPKE key.")] = False,
    signing_key: Annotated[bool, typer.Option("--signing-key", help="Anybody's signing key.")] = False,
    codes: Annotated[bool, typer.Option("--codes", help="Every code of an agency; no My Number is needed.")] = False,
    opening_key: Annotated[bool, typer.Option("--opening-key", help="The hub's share of every joint key.")] = False,
    log_key: Annotated[bool, typer.Option("--log-key", help="The key that signs the hub's log.")] = False,
    overlap: Annotated[
        float | None,
        typer.Option(
            metavar="MINUTES",
            min=0,
            max=_LONGEST_OVERLAP,
            help="How long former keys stay good. [default: 20]",
        ),
    ] = None,
    wait: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for everybody.")] = 60.0,
) -> None:
    """Give PARTY new keys, or an agency new codes, in a new version of the directory.

    Nothing under way fails: former keys stay good for what was begun under them. Codes need the agency's node to be up;
    the same command again continues a rotation of codes that was interrupted before "version N of the directory has it".

    Example: warifu keys rotate net tax --agency-key --signing-key

    Example: warifu keys rotate net tax --codes

    Example: warifu keys rotate net hub --opening-key
    """
    asked = {
        "agency_key": agency_key,
        "sealing_key": sealing_key,
        "signing_key": signing_key,
        "codes": codes,
        "opening_key": opening_key,
        "log_key": log_key,
    }
    wanted = [name for name, given in asked.items() if given]
    _check(path, party, wanted)
    with completed_again():
        for step in _steps(path, party, wanted, overlap, wait):
            version = step()
            say(f"version {version} of the directory has it")
            _tell(path, version, wait)


def _check(path: Path, party: str, wanted: list[str]) -> None:
    """Refuse what PARTY has not got. Raises: CONFIG_INVALID; typer.BadParameter."""
    from warifu.errors import Reason, WarifuError
    from warifu.party.network_file import read_network_file

    parties = read_network_file(path).parties
    if party not in parties:
        where = f"{path}: no party is called {party}; there are {', '.join(parties)}"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    role = parties[party].role
    options = [f"--{name.replace('_', '-')}" for name in _OF.get(role, ())]
    foreign = [f"--{name.replace('_', '-')}" for name in wanted if name not in _OF.get(role, ())]
    if foreign or not wanted:
        of = f"{party} has {', '.join(options)}" if options else f"a {role} has nothing to rotate"
        raise typer.BadParameter(f"say what to rotate; {of}", param_hint=foreign[0] if foreign else "PARTY")


def _steps(path: Path, party: str, wanted: list[str], overlap: float | None, wait: float) -> list[Callable[[], int]]:
    """What is to be done, one version of the directory each."""
    from warifu_kit.network import rotation

    good = rotation.OVERLAP if overlap is None else timedelta(minutes=overlap)
    steps: list[Callable[[], int]] = []
    if "codes" in wanted:  # first: keys wait for codes that are being rotated, so that the same command goes on
        steps.append(lambda: _rotate_codes(path, party, good, wait))
    of_entry = {name: True for name in ("agency_key", "sealing_key", "signing_key") if name in wanted}
    if of_entry and party not in ("hub", "authority"):
        which = rotation.AgencyKeys(**of_entry)
        steps.append(lambda: rotation.rotate_agency_keys(path, party, which, overlap=good))
    elif "signing_key" in wanted:
        steps.append(lambda: rotation.rotate_signing_key(path, party, overlap=good))
    if "opening_key" in wanted:
        steps.append(lambda: rotation.rotate_opening_key(path, overlap=good))
    if "log_key" in wanted:
        steps.append(lambda: rotation.rotate_log_key(path))
    return steps


def _rotate_codes(path: Path, party: str, overlap: timedelta, wait: float) -> int:
    """Announce, wait for the node to make every code ready, put in force. Ends the command where it is not up."""
    from rich.progress import Progress

    from warifu_kit.network.joining import is_up
    from warifu_kit.network.rotation import announce_codes, put_codes_in_force, wait_codes_ready

    version = announce_codes(path, party)
    again = shell_command("warifu", "keys", "rotate", path, party, "--codes")
    if not (is_up(path) or _answers(path, party)):
        say(f"announced in version {version}; start the network and go on with: {again}", err=True)
        raise typer.Exit(1)
    say(f"announced in version {version}; {party} makes its new codes ready", err=True)
    terminal = Terminal(stderr=True)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task(f"codes of {party}", total=None)
        ready = wait_codes_ready(path, party, wait, lambda done, total: bar.update(task, completed=done, total=total))
    if not ready:
        say(f"the codes of {party} are not ready after {wait:.0f} s; go on with: {again}", err=True)
        raise typer.Exit(1)
    return put_codes_in_force(path, party, overlap=overlap)


def _answers(path: Path, party: str) -> bool:
    """Whether the node takes calls though nobody keeps the network up from this folder: on a host of its own."""
    from warifu.errors import WarifuError
    from warifu_kit.network.rotation import wait_codes_ready

    try:
        wait_codes_ready(path, party, 0)
    except WarifuError:
        return False
    return True


def _tell(path: Path, version: int, wait: float) -> None:
    from warifu_kit.network.joining import is_up

    if is_up(path):
        tell_taken(path, version, wait)
    else:
        say(f"the network is down: everybody goes by it when it starts ({shell_command('warifu', 'up', path)})")
