"""In which rows of a network's permission table the party under check is asked, or asks.

Decides which row a check goes by, and who of the table's may not ask though a row would let them: their assessment was withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.party.network_file import NetworkFile
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu.pki import Role

__all__ = ["NotAssessed", "Row", "first_row", "not_assessed", "rows_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """In which row of the table who asks whom; by the names of the parties."""

    inquirer: str
    provider: str
    procedure: ProcedureCode
    item: ItemCode
    number: str


def first_row(path: Path, described: NetworkFile, party: str, *, asks: bool) -> Row:
    """The first row in which the party is asked, or asks, for something. Raises: CONFIG_INVALID when there is none."""
    for row in rows_of(path, described, party, asks=asks):
        return row
    whom = f"{party} may ask no agency of this network" if asks else f"no agency of this network may ask {party}"
    raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: {whom} for anything")


def rows_of(path: Path, described: NetworkFile, party: str, *, asks: bool) -> Iterator[Row]:
    """Every row in which the party is asked, or asks, for something, without consent or ordinance."""
    table = PermissionTable.load(path / "hub" / TABLE_FILE)
    kinds = {
        about.institution_kind: name
        for name, about in described.parties.items()
        if about.role == Role.AGENCY.value and not table.withdraws_from(InstitutionCode(about.institution_code))
    }
    kinds[described.parties[party].institution_kind] = party
    own = described.parties[party].institution_kind
    for row in table.rows:
        for grant in row.grants:
            if row.ordinance or grant.consent_required or grant.provider_kind not in kinds:
                continue
            askers = [kind for kind in row.inquirer_kinds if kind in kinds and kind != grant.provider_kind]
            asking = [kind for kind in askers if not asks or kind == own]
            if asks or grant.provider_kind == own:
                for kind in asking:
                    yield Row(
                        inquirer=party if asks else kinds[kind],
                        provider=kinds[grant.provider_kind] if asks else party,
                        procedure=row.procedure.procedure_code,
                        item=grant.item_code,
                        number=row.row_number,
                    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAssessed:
    """Somebody whom a row would let ask, and whose assessment for the item is withdrawn: ``kind``, and the code."""

    kind: str
    institution: InstitutionCode
    procedure: ProcedureCode
    item: ItemCode
    number: str


def not_assessed(path: Path, provider_kind: str) -> NotAssessed | None:
    """The first such of the table that would ask that kind of provider; None where the table has none."""
    table = PermissionTable.load(path / "hub" / TABLE_FILE)
    kinds = {kind.number: name for name, kind in table.kinds.items()}
    for institution, item in table.withdrawn_files:
        kind = kinds.get(institution.kind_number or 0, "")
        for row in table.rows:
            opened = {(grant.provider_kind, grant.item_code) for grant in row.grants if not grant.consent_required}
            if kind in row.inquirer_kinds and not row.ordinance and (provider_kind, item) in opened:
                procedure = row.procedure.procedure_code
                return NotAssessed(
                    kind=kind, institution=institution, procedure=procedure, item=item, number=row.row_number
                )
    return None
