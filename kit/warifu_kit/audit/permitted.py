"""The exchange log held against the permission table: what a hub permitted that the table forbids.

Decides, for every exchange of a log, whether the table has a row for it, and the row that the log names; whether both
sides' assessments were in force, withdrawals being in the log too; and first whether table and directory are those of
this log: the log says which versions of the directory were published, and each names its table. Pure: leaves and values in,
values out. Whether the log itself was changed is for ``warifu.tlog`` to say.

What a leaf does not say cannot be judged: whether the person's consent is on record where a row needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.curve.suites import group_of
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_entry import verify_entry
from warifu.exchange.directory_header import entries_digest, header_digest
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.permissions.decision import check_table
from warifu.permissions.table import PermissionQuery, PermissionTable

__all__ = ["UNDER_WAY_S", "Forbidden", "PermissionAudit", "audit_permissions"]

UNDER_WAY_S: Final = 60
"""An exchange permitted within so many seconds of a withdrawal may have been decided before it."""

_NOT_PERMITTED = "EXCHANGE_NOT_PERMITTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """An exchange of the log that the table forbids: its leaf, who asked whom for what, and why, from the catalogue."""

    position: int
    processing_number: str
    inquirer: str
    provider: str
    procedure_code: str
    item_code: str
    permission_row: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionAudit:
    """How many exchanges the log says were permitted, and which of them the table forbids, in the order of the log."""

    permitted: int
    forbidden: tuple[Forbidden, ...]


def audit_permissions(
    leaves: Iterable[bytes], table: PermissionTable, directories: Sequence[DirectoryFile]
) -> PermissionAudit:
    """Hold ``leaves``, a whole log, against ``table``; ``directories`` say of which kind institutions are.

    Raises:
        WarifuError: FILE_INVALID when a version of the directory is not one that the log says was published, or no
            version was given; CONFIG_INVALID when one of them names another table, or this machine lacks the library of
            the network's suite; what ``verify_entry`` raises.
    """
    if not directories:
        raise WarifuError(Reason.FILE_INVALID, where="no version of the directory was given")
    for each in directories:
        check_table(table.digest, each.header.permission_table_digest, where="the table")
    audit = _Audit(table, _kinds(directories))
    for position, raw in enumerate(leaves):
        audit.take(position, raw)
    for each in directories:
        _check_published(each, audit.published)
    return PermissionAudit(permitted=len(audit.numbers), forbidden=tuple(audit.forbidden))


def _kinds(directories: Sequence[DirectoryFile]) -> dict[str, str]:
    """Which kind each institution is, by entries whose signatures verify. Most stand in many versions: each is looked at once."""
    seen: set[bytes] = set()
    kinds: dict[str, str] = {}
    for version in directories:
        group, hub_key = group_of(version.header.suite), version.header.hub_signing_key
        for message in (*version.entries, *(each.entry for each in version.dated_entries)):
            encoded = hub_key + message.SerializeToString(deterministic=True)
            if encoded not in seen:
                seen.add(encoded)
                entry = verify_entry(message, group, hub_key, f"version {version.header.version}")
                kinds[entry.institution] = entry.kind
    return kinds


def _check_published(version: DirectoryFile, published: Mapping[int, bytes]) -> None:
    """See that the log says that this very version was published, and that its entries are those it was signed with."""
    header, where = version.header, f"version {version.header.version} of the directory"
    if published.get(header.version) != header_digest(header):
        raise WarifuError(Reason.FILE_INVALID, where=f"{where}: not the one that the log says was published")
    if entries_digest(version.entries, version.dated_entries) != header.entries_digest:
        raise WarifuError(Reason.FILE_INVALID, where=f"{where}: not with the entries that it was published with")


@dataclass(slots=True)
class _Audit:
    """What is known so far, leaf by leaf; ``withdrawn`` says since when, in seconds."""

    table: PermissionTable
    kinds: Mapping[str, str]
    withdrawn: dict[tuple[InstitutionCode, ItemCode], int] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    forbidden: list[Forbidden] = field(default_factory=list)
    published: dict[int, bytes] = field(default_factory=dict)

    def take(self, position: int, raw: bytes) -> None:
        try:
            leaf = ExchangeLeaf.FromString(raw)
        except DecodeError:
            self._forbid(position, ExchangeLeaf(), "LOG_INVALID")
            return
        if leaf.event == log_pb2.LEAF_EVENT_DIRECTORY_PUBLISHED:
            self.published[leaf.directory_version] = leaf.directory_digest
        elif leaf.event == log_pb2.LEAF_EVENT_ASSESSMENT_WITHDRAWN:
            self.withdrawn[InstitutionCode(leaf.provider), ItemCode(leaf.item_code)] = leaf.event_time.seconds
        elif leaf.event == log_pb2.LEAF_EVENT_ASSESSMENT_REINSTATED:
            self.withdrawn.pop((InstitutionCode(leaf.provider), ItemCode(leaf.item_code)), None)
        elif leaf.processing_number and leaf.processing_number not in self.numbers:
            self.numbers.add(leaf.processing_number)
            self._judge(position, leaf)

    def _judge(self, position: int, leaf: ExchangeLeaf) -> None:
        """The first leaf of an exchange, which says that it was permitted."""
        try:
            reason = self._fault(leaf) if leaf.event == log_pb2.LEAF_EVENT_PERMITTED else _NOT_PERMITTED
        except WarifuError as error:
            reason = error.reason.value
        if reason is not None:
            self._forbid(position, leaf, reason)

    def _fault(self, leaf: ExchangeLeaf) -> str | None:
        item = ItemCode.parse(leaf.item_code, "item_code")
        kinds = [self.kinds.get(institution) for institution in (leaf.inquirer, leaf.provider)]
        if None in kinds:
            return Reason.INSTITUTION_UNKNOWN.value
        named = next((row for row in self.table.rows if row.row_number == leaf.permission_row), None)
        query = PermissionQuery(
            inquirer_kind=str(kinds[0]),
            procedure_code=ProcedureCode.parse(leaf.procedure_code, "procedure_code"),
            provider_kind=str(kinds[1]),
            item_code=item,
            ordinance=named is not None and named.ordinance,
            consent=True,  # no leaf says whether it is on record
        )
        if self.table.decide(query) is not named:
            return _NOT_PERMITTED
        withdrawn = {file for file, since in self.withdrawn.items() if leaf.event_time.seconds > since + UNDER_WAY_S}
        for institution, kind in zip((leaf.provider, leaf.inquirer), reversed(kinds), strict=True):
            code = InstitutionCode.parse(institution, "institution")
            if not self.table.assessment_in_force(
                kind=str(kind), institution=code, item_code=item, withdrawn=withdrawn
            ):
                return Reason.ASSESSMENT_NOT_IN_FORCE.value
        return None

    def _forbid(self, position: int, leaf: ExchangeLeaf, reason: str) -> None:
        self.forbidden.append(
            Forbidden(
                position=position,
                processing_number=leaf.processing_number,
                inquirer=leaf.inquirer,
                provider=leaf.provider,
                procedure_code=leaf.procedure_code,
                item_code=leaf.item_code,
                permission_row=leaf.permission_row,
                reason=reason,
            )
        )
