"""``warifu member``: agencies that join and leave a network, while it is up or down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu.printable import shell_command
from warifu_kit.commands.interrupted import completed_again
from warifu_kit.output import say, say_json, say_table, table

if TYPE_CHECKING:
    from warifu_kit.network.one_party import Member

__all__ = ["app", "tell_taken"]

app = typer.Typer(
    name="member", help="Let agencies join a network, and leave it, while it is up or down.", no_args_is_help=True
)

NetworkDir = Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder.")]
Wait = Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long to wait until everybody goes by it.")]


@app.command()
def add(
    path: NetworkDir,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A members.yaml that lists agencies, instead of options.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The party's name, which is its folder's.")] = None,
    kind: Annotated[str | None, typer.Option(help="A kind of the permission table, such as tax.")] = None,
    municipality_code: Annotated[
        str | None, typer.Option(metavar="CODE", help="Whom a municipal office serves: six digits.")
    ] = None,
    institution_name: Annotated[str | None, typer.Option(metavar="NAME", help="What people read.")] = None,
    institution_code: Annotated[
        str | None, typer.Option(metavar="CODE", help="Sixteen digits; made if left out.")
    ] = None,
    listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Where it listens.")] = None,
    adapter: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where its business system answers instead of replicas.")
    ] = None,
    wait: Wait = 30.0,
) -> None:
    """Let an agency join the network in DIR: keys, certificates, a new version of the directory.

    A network that is up starts it, and every party takes the version, without a restart. The same command again
    completes what was interrupted.

    Example: warifu member add net --name tax-naha --kind tax --municipality-code 472018

    Example: warifu member add net offices.yaml
    """
    fields = {
        "name": name,
        "kind": kind,
        "municipality_code": municipality_code,
        "institution_name": institution_name,
        "institution_code": institution_code,
        "listen": listen,
        "adapter": adapter,
    }
    given = {field: value for field, value in fields.items() if value is not None}
    if (file is None) == (not given):
        raise typer.BadParameter("give either FILE, or --name and --kind", param_hint="FILE")
    with completed_again():
        for member in _joining(path, file or given):
            _add(path, member, wait)


@app.command()
def remove(path: NetworkDir, party: Annotated[str, typer.Argument(metavar="PARTY")], wait: Wait = 30.0) -> None:
    """Let an agency leave the network in DIR: its certificates are taken back, and the directory lacks it from now on.

    Every party refuses it within a second or two. Its folder stays, and the records in it.

    Example: warifu member remove net tax-naha
    """
    from warifu_kit.network.joining import is_up, remove_member

    with completed_again():
        version = remove_member(path, party)
        say(f"{party} has left: version {version} of the directory; its folder {path / party} stays")
        if is_up(path):
            tell_taken(path, version, wait)


@app.command("list")
def list_(
    path: NetworkDir, as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False
) -> None:
    """List who is in the network in DIR, and who has left it.

    Example: warifu member list net
    """
    from warifu.party.network_file import read_network_file

    described = read_network_file(path)
    both = ((True, described.parties), (False, described.former_parties))
    told = [
        {
            "party": name,
            "kind": about.institution_kind,
            "institution_code": str(about.institution_code),
            "endpoint": about.endpoint,
            "member": member,
        }
        for member, parties in both
        for name, about in parties.items()
    ]
    if as_json:
        say_json({"parties": told})
        return
    shown = table(("party", "kind", "institution", "endpoint", ""), title=f"SIMULATED network {described.network}")
    for each in told:
        note = "" if each["member"] else "has left"
        cells = (each["party"], each["kind"], each["institution_code"], each["endpoint"] or "-", note)
        shown.add_row(*map(str, cells))
    say_table(shown)


def _joining(path: Path, source: Path | dict[str, str]) -> tuple[Member, ...]:
    from warifu.agency import installed_kinds
    from warifu.party.network_file import read_network_file
    from warifu.permissions.table import TABLE_FILE, PermissionTable
    from warifu_kit.network.members import joining
    from warifu_kit.network.one_party import HUB

    described = read_network_file(path)
    permissions = PermissionTable.load(path / HUB / TABLE_FILE)
    there = described.parties | described.former_parties
    taken = [about.institution_code for about in there.values()]
    return joining(source, permissions.kinds, installed_kinds(), taken)


def _add(path: Path, member: Member, wait: float) -> None:
    from warifu.party.network_file import read_network_file
    from warifu_kit.network.joining import add_member, is_up, wait_up
    from warifu_kit.network.versions import newest_version

    there = read_network_file(path).parties.get(member.party)
    if there is not None and (there.institution_kind, there.institution_name) == (member.kind, member.name):
        version = newest_version(path).header.version
        say(f"{member.party} is in already, as {there.institution_code}")
    else:
        version = add_member(path, member)
        say(f"{member.party} is in: version {version} of the directory")
        say(
            f"it knows nobody yet; give it people with: {shell_command('warifu', 'populate', path)} --seed ANOTHER_THAN_BEFORE"
        )
    if not is_up(path):
        say(f"the network is down; start it with: {shell_command('warifu', 'up', path)}")
        return
    endpoint = wait_up(path, member.party, wait)
    if endpoint is None:
        say(f"{member.party} is not up after {wait:.0f} s; see {path / member.party / 'party.log'}", err=True)
        raise typer.Exit(1)
    say(f"{member.party} listens at {endpoint}")
    tell_taken(path, version, wait)


def tell_taken(path: Path, version: int, wait: float) -> None:
    """Say who goes by the version; exit status 1 when somebody does not in time."""
    from warifu.party.network_file import read_network_file
    from warifu_kit.network.joining import wait_taken
    from warifu_kit.network.order import IN_EXCHANGE

    running = [name for name, about in read_network_file(path).parties.items() if about.role in IN_EXCHANGE]
    behind = wait_taken(path, version, running, wait)
    if behind:
        say(f"not yet by version {version} after {wait:.0f} s: {', '.join(behind)}", err=True)
        raise typer.Exit(1)
    say(f"all {len(running)} parties go by version {version}")
