"""Whether the law permits one exchange: the same decision at the hub and at the provider, each by its own copy of the table.

Decides from a context, both sides' directory entries and the table; and whether a table is the one that the directory
names. What it looks at says of the person only whether a consent is on record, so neither its answer nor the order of its
checks can depend on who is asked about. Pure: values in, values out.
"""

from __future__ import annotations

from collections.abc import Set

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeContext, ExchangeFlags
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.permissions.table import TABLE_FILE, PermissionQuery, PermissionRow, PermissionTable

__all__ = ["check_lawful", "check_table", "decide_permission"]


def decide_permission(
    context: ExchangeContext,
    inquirer: DirectoryEntry,
    provider: DirectoryEntry,
    table: PermissionTable,
    withdrawn: Set[tuple[InstitutionCode, ItemCode]] = frozenset(),
) -> PermissionRow:
    """The row of the law that lets this inquirer ask (Act Art. 19(8), (9), 21(2)).

    ``withdrawn`` are the files whose assessment was withdrawn since the table was written; only the hub is told of them.

    Raises:
        WarifuError: PROCEDURE_UNKNOWN, ITEM_UNKNOWN, EXCHANGE_NOT_PERMITTED, CONSENT_MISSING; ASSESSMENT_NOT_IN_FORCE
            when the assessment of the provider's file or of the inquirer's own is not in force.
    """
    row = table.decide(
        PermissionQuery(
            inquirer_kind=inquirer.kind,
            procedure_code=context.procedure_code,
            provider_kind=provider.kind,
            item_code=context.item_code,
            ordinance=ExchangeFlags.ORDINANCE in context.flags,
            consent=ExchangeFlags.CONSENT in context.flags,
        )
    )
    for side, institution in (("provider", provider), ("inquirer", inquirer)):
        if not _in_force(institution, context, table, withdrawn):
            raise WarifuError(Reason.ASSESSMENT_NOT_IN_FORCE, where=f"inquiry.context.{side}")
    return row


def check_lawful(
    permit: ProvisionPermit, context: ExchangeContext, directory: Directory, table: PermissionTable
) -> None:
    """Refuse a permit that the table forbids, or that names another row than the one that permits it.

    The permit's signatures and keys were found right; ``context`` is its inquiry's. Raises: as :func:`decide_permission`.
    """
    inquirer = directory.entry_for(context.inquirer, context.epoch_from, context.issued_ms)
    provider = directory.entry_for(context.provider, context.epoch_to, context.issued_ms)
    row = decide_permission(context, inquirer, provider, table)
    if permit.permission_row != row.row_number:
        raise WarifuError(Reason.EXCHANGE_NOT_PERMITTED, where="permit.permission_row")


def check_table(digest: bytes, named: bytes, *, where: str = TABLE_FILE) -> None:
    """Refuse a table whose ``digest`` is not the one that a directory ``named``; both 32 bytes. Raises: CONFIG_INVALID."""
    if digest != named:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{where}: not the permission table that the directory names")


def _in_force(
    institution: DirectoryEntry,
    context: ExchangeContext,
    table: PermissionTable,
    withdrawn: Set[tuple[InstitutionCode, ItemCode]],
) -> bool:
    return table.assessment_in_force(
        kind=institution.kind,
        institution=institution.institution,
        item_code=context.item_code,
        withdrawn=withdrawn,
    )
