"""What the kit asks a business system for and in whose name, so that a real node could have asked the same.

Decides by the network's own permission table: who asks is of a kind that a row lets ask this kind for the item, in the
procedure that is said. It knows no person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warifu.agency import Agency
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, MunicipalityCode
from warifu.party.network_file import NetworkFile
from warifu.permissions.table import TABLE_FILE, PermissionRow, PermissionTable
from warifu.pki import Role
from warifu_kit.conformance.people import KnownPeople

__all__ = ["Asking", "also_asking", "asking"]

_NO_ROW = "JT99000000000001"
"""The procedure where the table has no row: a kind of agency that it does not name yet."""
_SERIAL, _OTHER_SERIAL = 1, 7
_ELSEWHERE = ("131016", "271004")
"""Municipalities, of which one at least is not the own."""
_MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """``item_code`` is empty where nobody says what may be asked for; ``inquirer`` is an institution code."""

    item_code: str
    procedure_code: str
    inquirer: str


def asking(path: Path, described: NetworkFile, party: str, agency: Agency | None, people: KnownPeople) -> Asking:
    """What ``party`` of the network in ``path`` may be asked for, by the first row of its table that fits ``people``.

    Raises: CONFIG_INVALID when no row opens to anybody what the people's file says.
    """
    own = described.parties[party]
    table = PermissionTable.load(path / party / TABLE_FILE)
    item = people.item_code or (str(next(iter(agency.provides))) if agency is not None else "")
    others = {
        each.institution_kind: str(each.institution_code)
        for name, each in described.parties.items()
        if name != party
        and each.role == Role.AGENCY.value
        and not table.withdraws_from(InstitutionCode(each.institution_code))
    }
    opened = _rows(table, own.institution_kind, item)
    rows = [row for row in opened if people.procedure_code in ("", row.procedure_code)]
    if not rows and (people.procedure_code or people.item_code):
        raise WarifuError(Reason.CONFIG_INVALID, where=_said(own.institution_kind, item, people.procedure_code, opened))
    if not rows:
        return Asking(item_code=item, procedure_code=_NO_ROW, inquirer=next(iter(others.values())))
    row = next((each for each in rows if others.keys() & set(each.inquirer_kinds)), rows[0])
    inquirer = _inquirer(row, others, table, InstitutionCode(own.institution_code))
    return Asking(item_code=item, procedure_code=str(row.procedure_code), inquirer=inquirer)


def also_asking(path: Path, described: NetworkFile, party: str, usual: Asking) -> tuple[Asking, ...]:
    """Who else may ask ``party`` of the network in ``path`` for the same as the ``usual`` one, some of each row of its table.

    They are of kinds that the row names: of this municipality and of another, whether the network has them or not.
    """
    own = described.parties[party]
    table = PermissionTable.load(path / party / TABLE_FILE)
    code = InstitutionCode(own.institution_code)
    rows = [
        (str(row.procedure_code), tuple(row.inquirer_kinds))
        for row in _rows(table, own.institution_kind, usual.item_code)
    ]
    rows = rows or [(usual.procedure_code, (own.institution_kind,))]
    rows.sort(key=lambda row: row[0] != usual.procedure_code)
    found = [
        Asking(item_code=usual.item_code, procedure_code=procedure, inquirer=inquirer)
        for procedure, kinds in rows
        for inquirer in _made_up(table, kinds, code)
    ]
    others = dict.fromkeys(each for each in found if each != usual and each.inquirer != str(code))
    return tuple(others)[:_MOST]


def _made_up(table: PermissionTable, kinds: Sequence[str], own: InstitutionCode) -> list[str]:
    """An institution of the own municipality and one of another, of the first kind that may ask."""
    kind = table.kinds[kinds[0]]
    elsewhere = next(MunicipalityCode(each) for each in _ELSEWHERE if own.municipality != each)
    here, there = (own.municipality, elsewhere) if kind.municipal else (None, None)
    return [
        str(InstitutionCode.build(kind.number, municipality, serial))
        for municipality, serial in ((here, _SERIAL), (there, _OTHER_SERIAL))
    ]


def _rows(table: PermissionTable, kind: str, item: str) -> list[PermissionRow]:
    """Rows that open the item of that kind, those first that need neither an ordinance nor anybody's consent."""
    opened = [
        (row.ordinance or grant.consent_required, row)
        for row in table.rows
        for grant in row.grants
        if (grant.provider_kind, str(grant.item_code)) == (kind, item)
    ]
    return [row for _, row in sorted(opened, key=lambda each: each[0])]


def _inquirer(row: PermissionRow, others: Mapping[str, str], table: PermissionTable, own: InstitutionCode) -> str:
    """A party of a kind that the row names; where the network has none, a made-up institution of such a kind."""
    there = [others[kind] for kind in row.inquirer_kinds if kind in others]
    if there:
        return there[0]
    kind = table.kinds[row.inquirer_kinds[0]]
    return str(InstitutionCode.build(kind.number, own.municipality if kind.municipal else None, _SERIAL))


def _said(kind: str, item: str, procedure: str, opened: Sequence[PermissionRow]) -> str:
    known = ", ".join(sorted({str(row.procedure_code) for row in opened}))
    words = f"people's file: the permission table lets nobody ask {kind} for item_code {item}"
    return f"{words} in procedure_code {procedure}; in these: {known}" if known else words
