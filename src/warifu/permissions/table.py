"""The permission table: may this kind of inquirer ask that kind of provider for this item in this procedure?

Decides from kinds, codes and two flags alone. It is never told who is asked about, so neither its answer nor the order
of its checks can depend on a person. Loading reads one file; everything after that is a pure function of the table.

Law: Act Art. 19(8) and the Act's appended table for statutory affairs, Art. 19(9) for ordinance affairs, Art. 21(2) and
28(6) for protection assessments. The table is a partial reconstruction: every row carries its evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from warifu.canonical import digest
from warifu.errors import Reason, WarifuError
from warifu.identifiers import AffairCode, InstitutionCode, ItemCode, ProcedureCode
from warifu.party.config import parse_raw, read_raw
from warifu.permissions.permission_file import (
    AssessmentForm,
    AssessmentStatus,
    Evidence,
    GrantEntry,
    LawRowEntry,
    PermissionFile,
    RowEntry,
    contradictions,
)
from warifu.saved_text import without_mark

__all__ = [
    "DEFAULT_TABLE",
    "TABLE_FILE",
    "AssessmentForm",
    "AssessmentStatus",
    "Evidence",
    "Grant",
    "InstitutionKind",
    "Item",
    "LawRow",
    "PermissionQuery",
    "PermissionRow",
    "PermissionTable",
    "Procedure",
    "table_digest",
]

TABLE_FILE: Final = "permissions.yaml"
"""The table in the folder of the hub, and of every agency."""

DEFAULT_TABLE: Final = Path(__file__).with_name(TABLE_FILE)
"""The table that comes with warifu."""

_LABEL: Final = b"warifu-v1/permission-table"

_WEAKEST: Final = (Evidence.UNVERIFIED, Evidence.PARTIAL, Evidence.VERIFIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionKind:
    """A kind of institution. ``number`` (1 to 99) goes into simulated institution codes."""

    name: str
    number: int
    english: str
    japanese: str
    municipal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A kind of Specific Personal Information; ``message`` names the layout, empty where there is none yet."""

    item_code: ItemCode
    english: str
    japanese: str
    message: str
    provided_by: frozenset[str]
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """A procedure and the affair (事務) it belongs to."""

    procedure_code: ProcedureCode
    affair_code: AffairCode
    english: str
    japanese: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class LawRow:
    """A row of a table of the Act; ``row`` is empty where its number is not known."""

    row: str
    evidence: Evidence
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One (provider kind, item) that a row opens, how well that is founded, and whether it needs consent."""

    provider_kind: str
    item_code: ItemCode
    consent_required: bool
    evidence: Evidence
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionRow:
    """One row of the table: who may ask in which procedure, and for what."""

    row_number: str
    procedure: Procedure
    inquirer_kinds: tuple[str, ...]
    grants: tuple[Grant, ...]
    law_row: LawRow
    old_row: LawRow | None
    ordinance: bool
    similar_to: str | None
    note: str

    @property
    def affair(self) -> str:
        """The affair's English name."""
        return self.procedure.english

    @property
    def affair_code(self) -> AffairCode:
        """The affair's code."""
        return self.procedure.affair_code

    @property
    def procedure_code(self) -> ProcedureCode:
        """The procedure's code."""
        return self.procedure.procedure_code

    @property
    def evidence(self) -> Evidence:
        """The weakest evidence of its grants: what may be claimed for the row as a whole."""
        return min((grant.evidence for grant in self.grants), key=_WEAKEST.index)

    @property
    def consent_required(self) -> bool:
        """True when at least one of its grants needs the person's recorded consent."""
        return any(grant.consent_required for grant in self.grants)

    def describe(self) -> str:
        """The row in one line, with its evidence; what people are shown wherever a row is shown."""
        old = f", old row {self.old_row.row or '?'} ({self.old_row.evidence.value})" if self.old_row else ""
        return (
            f"{self.row_number} {self.affair} ({self.procedure.japanese}): law row {self.law_row.row} "
            f"({self.law_row.evidence.value}){old}; provider and item {self.evidence.value}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionQuery:
    """What a party asks the table. ``ordinance``: under Art. 19(9); ``consent``: the person's consent is recorded."""

    inquirer_kind: str
    procedure_code: ProcedureCode
    provider_kind: str
    item_code: ItemCode
    ordinance: bool = False
    consent: bool = False


_Query = tuple[ProcedureCode, bool, str, str, ItemCode]


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionTable:
    """A loaded, consistent permission table. Immutable; safe to share between threads.

    ``digest`` (32 bytes) stands for its file: the directory names the table of a network by it.
    """

    kinds: Mapping[str, InstitutionKind]
    items: Mapping[ItemCode, Item]
    procedures: Mapping[ProcedureCode, Procedure]
    rows: tuple[PermissionRow, ...]
    sources: Mapping[str, str]
    digest: bytes
    _grants: Mapping[_Query, tuple[PermissionRow, Grant]]
    _assessments: Mapping[tuple[str, ItemCode], AssessmentStatus]

    @classmethod
    def load(cls, path: Path = DEFAULT_TABLE) -> PermissionTable:
        """The table in ``path``.

        Raises: CONFIG_INVALID naming file, line and field of every fault; no party starts on such a table.
        """
        raw = read_raw(path)
        return _built(parse_raw(raw, str(path), PermissionFile, contradictions), table_digest(raw))

    def decide(self, query: PermissionQuery) -> PermissionRow:
        """The row that permits ``query``.

        Raises, in this order: PROCEDURE_UNKNOWN, ITEM_UNKNOWN, EXCHANGE_NOT_PERMITTED, CONSENT_MISSING.
        """
        if query.procedure_code not in self.procedures:
            raise WarifuError(Reason.PROCEDURE_UNKNOWN, where="procedure_code")
        if query.item_code not in self.items:
            raise WarifuError(Reason.ITEM_UNKNOWN, where="item_code")
        granted = self._grants.get(
            (query.procedure_code, query.ordinance, query.inquirer_kind, query.provider_kind, query.item_code)
        )
        if granted is None:
            raise WarifuError(Reason.EXCHANGE_NOT_PERMITTED)
        row, grant = granted
        if grant.consent_required and not query.consent:
            raise WarifuError(Reason.CONSENT_MISSING)
        return row

    @property
    def withdrawn_files(self) -> tuple[tuple[InstitutionCode, ItemCode], ...]:
        """Files of single institutions whose assessment the table withdraws, in the order of the table."""
        return tuple(
            (InstitutionCode(holder), item)
            for (holder, item), status in self._assessments.items()
            if status is AssessmentStatus.WITHDRAWN and holder not in self.kinds
        )

    def withdraws_from(self, institution: InstitutionCode) -> bool:
        """Whether the table withdraws the assessment of a file of that institution."""
        return any(institution == holder for holder, _ in self.withdrawn_files)

    def assessment_in_force(
        self,
        *,
        kind: str,
        institution: InstitutionCode,
        item_code: ItemCode,
        withdrawn: Set[tuple[InstitutionCode, ItemCode]] = frozenset(),
    ) -> bool:
        """Whether the assessment of the file in which ``institution`` keeps ``item_code`` is in force.

        Ask it for both sides of an exchange: the provider's file, and the inquirer's that takes the answer.
        ``withdrawn`` is what the supervisor has withdrawn since the table was written; a file nobody assessed is not
        in force. Source: Act Art. 21(2), 28(6).
        """
        if (institution, item_code) in withdrawn:
            return False
        of_kind = self._assessments.get((kind, item_code))
        return self._assessments.get((institution, item_code), of_kind) is AssessmentStatus.IN_FORCE


def table_digest(raw: bytes) -> bytes:
    """32 bytes that stand for a table's file, ``raw``: what an editor does to any text, a mark and ends of lines, counts not."""
    return digest(_LABEL, without_mark(raw).replace(b"\r\n", b"\n"))


def _built(file: PermissionFile, file_digest: bytes) -> PermissionTable:
    procedures = {entry.code: _procedure(file, position) for position, entry in enumerate(file.procedures)}
    rows = tuple(_row(entry, procedures[entry.procedure]) for entry in file.rows)
    grants: dict[_Query, tuple[PermissionRow, Grant]] = {
        (row.procedure_code, row.ordinance, inquirer, grant.provider_kind, grant.item_code): (row, grant)
        for row in rows
        for inquirer in row.inquirer_kinds
        for grant in row.grants
    }
    assessments: dict[tuple[str, ItemCode], AssessmentStatus] = {
        (entry.kind or entry.institution or "", item): entry.status
        for entry in file.assessments
        for item in entry.items
    }
    return PermissionTable(
        kinds=MappingProxyType({name: _kind(file, name) for name in file.kinds}),
        items=MappingProxyType({entry.code: _item(file, position) for position, entry in enumerate(file.items)}),
        procedures=MappingProxyType(procedures),
        rows=rows,
        sources=MappingProxyType(dict(file.sources)),
        digest=file_digest,
        _grants=MappingProxyType(grants),
        _assessments=MappingProxyType(assessments),
    )


def _kind(file: PermissionFile, name: str) -> InstitutionKind:
    entry = file.kinds[name]
    return InstitutionKind(
        name=name, number=entry.number, english=entry.english, japanese=entry.japanese, municipal=entry.municipal
    )


def _item(file: PermissionFile, position: int) -> Item:
    entry = file.items[position]
    return Item(
        item_code=entry.code,
        english=entry.english,
        japanese=entry.japanese,
        message=entry.message,
        provided_by=frozenset(entry.provided_by),
        evidence=entry.evidence,
    )


def _procedure(file: PermissionFile, position: int) -> Procedure:
    entry = file.procedures[position]
    return Procedure(
        procedure_code=entry.code,
        affair_code=entry.affair_code,
        english=entry.english,
        japanese=entry.japanese,
        evidence=entry.evidence,
    )


def _law_row(entry: LawRowEntry) -> LawRow:
    return LawRow(row=entry.row, evidence=entry.evidence, sources=tuple(entry.sources))


def _grant(entry: GrantEntry) -> Grant:
    return Grant(
        provider_kind=entry.provider,
        item_code=entry.item,
        consent_required=entry.consent,
        evidence=entry.evidence,
        sources=tuple(entry.sources),
    )


def _row(entry: RowEntry, procedure: Procedure) -> PermissionRow:
    return PermissionRow(
        row_number=entry.number,
        procedure=procedure,
        inquirer_kinds=tuple(entry.inquirers),
        grants=tuple(_grant(grant) for grant in entry.grants),
        law_row=_law_row(entry.law_row),
        old_row=_law_row(entry.old_row) if entry.old_row else None,
        ordinance=entry.ordinance,
        similar_to=entry.similar_to,
        note=entry.note,
    )
