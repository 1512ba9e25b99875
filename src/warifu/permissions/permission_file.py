"""The shape of ``permissions.yaml``, and what in it contradicts what.

Decides whether the file can be trusted to be a permission table at all: every name is defined once, every row says
where it comes from, no row gives an ordinance affair more than its statutory model. It knows no institution but those
the file names, and no person.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Set
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from warifu.identifiers import AffairCode, InstitutionCode, ItemCode, ProcedureCode
from warifu.party.config import Fault, FieldPath, parsed_by

__all__ = [
    "AssessmentEntry",
    "AssessmentForm",
    "AssessmentStatus",
    "Evidence",
    "GrantEntry",
    "ItemEntry",
    "KindEntry",
    "LawRowEntry",
    "PermissionFile",
    "ProcedureEntry",
    "RowEntry",
    "contradictions",
]


class Evidence(enum.Enum):
    """How well a statement of the table is founded; defined in the head of ``permissions.yaml``."""

    VERIFIED = "verified"
    PARTIAL = "partial"
    UNVERIFIED = "unverified"


class AssessmentStatus(enum.Enum):
    """Whether a protection assessment (特定個人情報保護評価) is in force (Act, Articles 27 and 28)."""

    IN_FORCE = "in_force"
    WITHDRAWN = "withdrawn"


class AssessmentForm(enum.Enum):
    """The three forms of an assessment: 全項目評価, 重点項目評価, 基礎項目評価."""

    FULL = "full"
    KEY_ITEM = "key_item"
    BASIC = "basic"


Text = Annotated[str, Field(min_length=1, max_length=300)]
KindName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,39}$")]
_ITEM: Final = parsed_by(ItemCode.parse, "an item code: TM and fourteen digits or capitals")
_PROCEDURE: Final = parsed_by(ProcedureCode.parse, "a procedure code: JT and fourteen digits or capitals")
_AFFAIR: Final = parsed_by(AffairCode.parse, "an affair code: JM and fourteen digits or capitals")
_INSTITUTION: Final = parsed_by(InstitutionCode.parse, "an institution code: sixteen digits")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Founded(_Entry):
    """An entry that says how well it is founded, and on which of the file's sources."""

    evidence: Evidence
    sources: list[str] = []


class KindEntry(_Entry):
    """A kind of institution; ``number`` goes into simulated institution codes."""

    number: Annotated[int, Field(ge=1, le=99)]
    english: Text
    japanese: Text
    municipal: bool


class ItemEntry(_Founded):
    """A kind of Specific Personal Information, with the layout (``message``) answers have."""

    code: Annotated[ItemCode, _ITEM]
    english: Text
    japanese: Text
    message: str = ""
    provided_by: Annotated[list[str], Field(min_length=1)]
    consent_by_ordinance: bool = False


class ProcedureEntry(_Founded):
    """A procedure and the affair it belongs to; the names are the affair's."""

    code: Annotated[ProcedureCode, _PROCEDURE]
    affair_code: Annotated[AffairCode, _AFFAIR]
    english: Text
    japanese: Text


class LawRowEntry(_Founded):
    """A row of a table of the Act; ``row`` is empty where its number is not known."""

    row: str = ""


class GrantEntry(_Founded):
    """One provider and one item a row opens; ``consent`` where the person's recorded consent is needed."""

    provider: str
    item: Annotated[ItemCode, _ITEM]
    consent: bool = False


class RowEntry(_Entry):
    """One row: R and two digits for a statutory affair, O and two digits for an ordinance affair."""

    number: Annotated[str, Field(pattern=r"^[RO][0-9]{2,3}$")]
    procedure: Annotated[ProcedureCode, _PROCEDURE]
    inquirers: Annotated[list[str], Field(min_length=1)]
    law_row: LawRowEntry
    old_row: LawRowEntry | None = None
    ordinance: bool = False
    similar_to: str | None = None
    note: str = ""
    grants: Annotated[list[GrantEntry], Field(min_length=1)]


class AssessmentEntry(_Entry):
    """The assessments of the files in which one kind, or one institution, keeps these items."""

    kind: str | None = None
    institution: Annotated[InstitutionCode, _INSTITUTION] | None = None
    form: AssessmentForm
    status: AssessmentStatus
    items: Annotated[list[Annotated[ItemCode, _ITEM]], Field(min_length=1)]


class PermissionFile(_Entry):
    """The whole file."""

    sources: dict[str, Text]
    kinds: dict[KindName, KindEntry]
    items: list[ItemEntry]
    procedures: list[ProcedureEntry]
    rows: list[RowEntry]
    assessments: list[AssessmentEntry]


def contradictions(file: PermissionFile) -> Iterable[Fault]:
    """Everything in ``file`` that contradicts something else in it, located."""
    yield from _twice((("kinds", name, "number"), str(kind.number)) for name, kind in file.kinds.items())
    yield from _twice((("items", n, "code"), item.code) for n, item in enumerate(file.items))
    yield from _twice((("procedures", n, "code"), entry.code) for n, entry in enumerate(file.procedures))
    yield from _twice((("rows", n, "number"), row.number) for n, row in enumerate(file.rows))
    yield from _twice(_openings(file))
    yield from _unknown_names(file)
    yield from _unfounded(file)
    for position, row in enumerate(file.rows):
        yield from _kind_of_row(file, row, ("rows", position))
    yield from _assessment_entries(file)
    yield from _unassessed(file)


def _twice(named: Iterable[tuple[FieldPath, str]]) -> Iterator[Fault]:
    seen: set[str] = set()
    for path, name in named:
        if name in seen:
            yield Fault(path, "says what an entry above says already")
        seen.add(name)


def _grants(file: PermissionFile) -> Iterator[tuple[RowEntry, GrantEntry, FieldPath]]:
    for r, row in enumerate(file.rows):
        for g, grant in enumerate(row.grants):
            yield row, grant, ("rows", r, "grants", g)


def _openings(file: PermissionFile) -> Iterator[tuple[FieldPath, str]]:
    for row, grant, path in _grants(file):
        for inquirer in row.inquirers:
            yield path, f"{row.procedure} {inquirer} {grant.provider} {grant.item}"


def _unknown_names(file: PermissionFile) -> Iterator[Fault]:
    kinds, items = set(file.kinds), {item.code for item in file.items}
    procedures = {entry.code for entry in file.procedures}
    for n, item in enumerate(file.items):
        yield from _outside(item.provided_by, kinds, ("items", n, "provided_by"), "a kind of this file")
    for n, row in enumerate(file.rows):
        yield from _outside(row.inquirers, kinds, ("rows", n, "inquirers"), "a kind of this file")
        if row.procedure not in procedures:
            yield Fault(("rows", n, "procedure"), "is not a procedure of this file")
    provided_by = {item.code: item.provided_by for item in file.items}
    for _, grant, path in _grants(file):
        if grant.provider not in kinds:
            yield Fault((*path, "provider"), "is not a kind of this file")
        if grant.item not in items:
            yield Fault((*path, "item"), "is not an item of this file")
        elif grant.provider not in provided_by[grant.item]:
            yield Fault((*path, "provider"), "does not provide this item")
    for n, entry in enumerate(file.assessments):
        if entry.kind is not None and entry.kind not in kinds:
            yield Fault(("assessments", n, "kind"), "is not a kind of this file")
        yield from _outside(entry.items, items, ("assessments", n, "items"), "an item of this file")


def _outside(names: Iterable[str], known: Set[str], path: FieldPath, what: str) -> Iterator[Fault]:
    for position, name in enumerate(names):
        if name not in known:
            yield Fault((*path, position), f"is not {what}")


def _unfounded(file: PermissionFile) -> Iterator[Fault]:
    for entry, path in _founded(file):
        for tag in entry.sources:
            if tag not in file.sources:
                yield Fault((*path, "sources"), "names a source this file does not list")
        if entry.evidence is not Evidence.UNVERIFIED and not entry.sources:
            yield Fault((*path, "evidence"), f"is {entry.evidence.value} but no source is named")


def _founded(file: PermissionFile) -> Iterator[tuple[_Founded, FieldPath]]:
    for n, item in enumerate(file.items):
        yield item, ("items", n)
    for n, entry in enumerate(file.procedures):
        yield entry, ("procedures", n)
    for n, row in enumerate(file.rows):
        yield row.law_row, ("rows", n, "law_row")
        if row.old_row is not None:
            yield row.old_row, ("rows", n, "old_row")
    for _, grant, path in _grants(file):
        yield grant, path


def _kind_of_row(file: PermissionFile, row: RowEntry, path: FieldPath) -> Iterator[Fault]:
    if row.ordinance != row.number.startswith("O"):
        yield Fault((*path, "number"), "starts with O for an ordinance affair and with R for any other")
    if row.ordinance:
        yield from _ordinance_row(file, row, path)
        return
    if not row.law_row.row:
        yield Fault((*path, "law_row"), "must give the row of the Act")
    if row.old_row is None:
        yield Fault((*path, "old_row"), "is missing (give its evidence where the number is not known)")
    if row.similar_to is not None:
        yield Fault((*path, "similar_to"), "belongs to ordinance rows only")
    for n, grant in enumerate(row.grants):
        if grant.consent:
            yield Fault((*path, "grants", n, "consent"), "belongs to ordinance rows only")


def _ordinance_row(file: PermissionFile, row: RowEntry, path: FieldPath) -> Iterator[Fault]:
    """Art 19(9): the same items as the similar statutory affair or fewer; local tax with consent only (PPC-GL)."""
    models = [other for other in file.rows if other.number == row.similar_to and not other.ordinance]
    if not models:
        yield Fault((*path, "similar_to"), "must name the statutory row this affair resembles")
    allowed = {(grant.provider, grant.item) for model in models for grant in model.grants}
    needing_consent = {item.code for item in file.items if item.consent_by_ordinance}
    for n, grant in enumerate(row.grants):
        if models and (grant.provider, grant.item) not in allowed:
            yield Fault((*path, "grants", n, "item"), f"is not open to {row.similar_to}, which this row resembles")
        if grant.item in needing_consent and not grant.consent:
            yield Fault((*path, "grants", n, "consent"), "must be true: in an ordinance affair this item needs consent")


def _assessment_entries(file: PermissionFile) -> Iterator[Fault]:
    seen: set[tuple[str, str]] = set()
    for n, entry in enumerate(file.assessments):
        if (entry.kind is None) == (entry.institution is None):
            yield Fault(("assessments", n), "names either a kind or an institution")
        for position, item in enumerate(entry.items):
            pair = (entry.kind or entry.institution or "", item)
            if pair in seen:
                yield Fault(("assessments", n, "items", position), "says what an entry above says already")
            seen.add(pair)


def _unassessed(file: PermissionFile) -> Iterator[Fault]:
    assessed = {(entry.kind, item) for entry in file.assessments for item in entry.items}
    for row, grant, path in _grants(file):
        for kind in dict.fromkeys([*row.inquirers, grant.provider]):
            if kind in file.kinds and (kind, grant.item) not in assessed:
                yield Fault(path, f"touches a file of {kind} that has no assessment below")
