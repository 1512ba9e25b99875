"""``--members``, ``--permissions``, ``--suite``, ``--proofs``: what a network to be made is to consist of.

Decides, before anything is made, whether what is asked for can be had, and whether a network that is there already is
that one: the same command again continues it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from warifu_kit.commands.proofs import chosen_proofs
from warifu_kit.commands.suites import Suite, chosen_suite

if TYPE_CHECKING:
    from warifu.exchange.proof_policy import ProofPolicy
    from warifu_kit.network.one_party import Member

__all__ = ["Composition", "Members", "Permissions", "Without", "check_same", "composed"]

Members = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|NAME",
        help="Who is in a new network: your members.yaml, or four-agencies (the default), two-of-each, prefecture.",
    ),
]
Permissions = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The permission table of a new network. [default: the one that comes with it]"),
]
Without = Annotated[
    Literal["jpki"] | None,
    typer.Option(
        "--without", help="Leave out what stands beside the exchange: jpki, who certifies people and relies on it."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What a network is made of: its parties, its permission table, its suite (1 or 2), what its hub proves.

    ``beside`` are the parties that no list of members has, and that take no part in an exchange.
    """

    members: tuple[Member, ...]
    beside: tuple[Member, ...] = ()
    permissions: Path
    suite: int
    proofs: ProofPolicy


def composed(
    members: str | None,
    permissions: Path | None,
    suite: Suite,
    proofs: str | None = None,
    *,
    runs_here: bool,
    without: str | None = "jpki",
) -> Composition:
    """What the options ask for, less what it is to be ``without``. ``runs_here``: every agency is to run on this machine, so its kind must be installed.

    Raises: CONFIG_INVALID, with every fault of either file as ``file:line field message``.
    """
    from warifu.permissions.table import DEFAULT_TABLE, PermissionTable
    from warifu_kit.network.creation import DEFAULT_MEMBERS, JPKI_MEMBERS

    beside = () if without == "jpki" else JPKI_MEMBERS
    if members is None and permissions is None:  # what comes with the kit fits together
        return Composition(
            members=DEFAULT_MEMBERS,
            beside=beside,
            permissions=DEFAULT_TABLE,
            suite=chosen_suite(suite),
            proofs=chosen_proofs(proofs, None),
        )
    from warifu.agency import installed_kinds
    from warifu_kit.network.members import DEFAULT_LIST, load_members

    table = PermissionTable.load(permissions or DEFAULT_TABLE)
    listed = load_members(members or DEFAULT_LIST, table.kinds, installed_kinds() if runs_here else None)
    wanted = listed.suite if suite == "auto" and listed.suite is not None else chosen_suite(suite)
    return Composition(
        members=listed.members,
        beside=beside,
        permissions=permissions or DEFAULT_TABLE,
        suite=wanted,
        proofs=chosen_proofs(proofs, listed.proofs),
    )


def check_same(path: Path, composition: Composition, *, members: bool, permissions: bool, proofs: bool = False) -> None:
    """See that the network in ``path`` has the ``members``, ``permissions`` and ``proofs`` asked for, if they are.

    It may have more members: who joined later stays. Raises: CONFIG_INVALID, naming what differs.
    """
    from warifu.errors import Reason, WarifuError
    from warifu.party.network_file import read_network_file
    from warifu.permissions.table import TABLE_FILE

    described = read_network_file(path)
    there = described.parties
    if proofs and described.proofs != str(composition.proofs):
        where = f"{path}: was made with proofs {described.proofs}; a network never changes that"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    if members:
        for member in composition.members:
            about = there.get(member.party)
            if about is None or (about.institution_kind, about.institution_code) != (member.kind, member.institution):
                where = f"{path}: was made with other members: {member.party} is not in it, or is another institution"
                raise WarifuError(Reason.CONFIG_INVALID, where=where)
    table = path / "hub" / TABLE_FILE
    if permissions and table.read_bytes() != composition.permissions.read_bytes():
        where = f"{path}: was made with another permission table: {table}"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
