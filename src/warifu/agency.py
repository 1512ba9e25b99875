"""The adapter contract: what a kind of agency must say about itself to take part in the network.

Decides which items an agency of a kind provides, which records are fit to be registered for them, and which registered
replica answers an inquiry. A new kind is one class derived from :class:`Agency` and one line under the entry-point
group ``warifu.agencies``; a third party's package registers the same way as ours.

An agency is asked about *a person already found*: it is handed that person's replicas, and no local number. One that keeps no
replicas says so, and looks the person up by local number each time. Neither ever sees a code, a My Number or a signature.

    class LibraryAgency(Agency):
        kind = "library"
        provides = {LOANS: Provided(record_type=LoanRecord, certificate="Certificate of loans", certificate_ja="貸出証明書")}
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib.metadata import EntryPoint, entry_points
from typing import ClassVar, Protocol, TypeAlias

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from warifu.clock import day_in_japan
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode

__all__ = [
    "AGENCY_GROUP",
    "LARGEST_RECORD",
    "REPLACING_GROUP",
    "Absence",
    "Agency",
    "Decision",
    "Found",
    "HeldProvision",
    "LiveSource",
    "LookUp",
    "Pending",
    "Provided",
    "ProvidedRecord",
    "ProvisionQuery",
    "Replica",
    "day_in_japan",
    "find_agency",
    "installed_kinds",
    "provided_items",
]

AGENCY_GROUP = "warifu.agencies"
"""The entry-point group in which a package names its kinds of agency."""

REPLACING_GROUP = "warifu.agencies.replacing"
"""The entry-point group in which a package names a kind that it has instead of the package that brought it."""

LARGEST_RECORD = 1_000_000
"""Bytes in the largest record that can be registered: sealed, it must fit what the hub carries (1 MiB)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """One item that a kind provides: its message type, and the certificate nobody need bring any more (Art. 22(2))."""

    record_type: type[Message]
    certificate: str
    certificate_ja: str

    @property
    def replaced_certificate(self) -> str:
        """The certificate in both languages, for people to read."""
        return f"{self.certificate} ({self.certificate_ja})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One registered record (副本) of a person. ``record`` is the serialized message; both days are included."""

    item_code: ItemCode
    fiscal_year: int
    publication_start: date
    publication_end: date | None
    record: bytes = field(repr=False)

    def is_published(self, today: date) -> bool:
        """Whether it may be provided on that day."""
        return self.publication_start <= today and (self.publication_end is None or today <= self.publication_end)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionQuery:
    """What is asked, with the person's replicas of that item. ``fiscal_year`` 0 asks for the newest."""

    item_code: ItemCode
    fiscal_year: int
    procedure_code: ProcedureCode
    inquirer: InstitutionCode
    today: date
    replicas: Sequence[Replica] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProvidedRecord:
    """The record that answers a query: the full name of its message type, and its bytes."""

    record_type: str
    record: bytes = field(repr=False)


class Absence(enum.Enum):
    """Why there is no record to give. The value is the catalogue's reason."""

    NOT_HELD = Reason.RECORD_NOT_HELD
    NOT_PUBLISHED = Reason.RECORD_NOT_PUBLISHED


Found: TypeAlias = ProvidedRecord | Absence


class Pending(enum.Enum):
    """Why there is no answer yet."""

    CLERK = "a clerk decides first"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """What is asked about one person of an agency that keeps no replicas. ``fiscal_year`` 0 asks for the newest.

    ``released`` says that a clerk has released the answer: it is not pending any more. ``seconds`` is how long somebody waits.
    The same question comes again, with the same ``processing_number``, when the exchange is asked again.
    """

    local_number: str = field(repr=False)
    item_code: ItemCode
    fiscal_year: int
    procedure_code: ProcedureCode
    inquirer: InstitutionCode
    today: date
    processing_number: str
    released: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldProvision:
    """A provision that waits for a clerk, since ``received``, to the minute."""

    processing_number: str
    local_number: str = field(repr=False)
    item_code: ItemCode
    procedure_code: ProcedureCode
    inquirer: InstitutionCode
    received: datetime
    seconds: float


class Decision(enum.Enum):
    """What a clerk has decided about a provision."""

    PENDING = "pending"
    RELEASE = "release"
    REFUSE = "refuse"


class LiveSource(Protocol):
    """Whoever looks people up for a node that keeps no replicas: an :class:`Agency` itself, or a business system behind it."""

    async def look_up(self, asked: LookUp) -> Found | Pending:
        """See :meth:`Agency.look_up`."""

    async def decide(self, held: HeldProvision) -> Decision:
        """See :meth:`Agency.decide`."""


class Agency:
    """One kind of agency. Derive from it, set ``kind`` and ``provides``; the rest has defaults.

    ``kind`` is 1 to 32 of ``a-z`` and underscore, as the permission table names kinds. Made without arguments.
    One that sets ``keeps_replicas`` to False replaces :meth:`look_up` instead of :meth:`answer`.
    """

    kind: ClassVar[str]
    provides: ClassVar[Mapping[ItemCode, Provided]]
    keeps_replicas: ClassVar[bool] = True

    def check_record(self, item_code: ItemCode, record: bytes, where: str = "record") -> Message:
        """Refuse a record that does not fit its item; the message that a fit one is.

        A field the layout does not have is refused as well: what the law leaves out of an item must not travel in it.

        Raises:
            WarifuError: ITEM_UNKNOWN when this kind does not provide the item; REQUEST_MALFORMED at ``where``.
        """
        message = self.provided(item_code, where).record_type()
        if len(record) > LARGEST_RECORD:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=where, debug=f"{len(record)} bytes")
        try:
            message.ParseFromString(record)
        except DecodeError:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=where, debug="does not parse") from None
        if len(UnknownFieldSet(message)):
            raise WarifuError(Reason.REQUEST_MALFORMED, where=where, debug="a field the item does not have")
        fault = self.fault_in(message)
        if fault is not None:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{where}.{fault}")
        return message

    def fault_in(self, message: Message) -> str | None:
        """The name of a field whose value cannot be right; None when there is nothing to say. For kinds to replace."""
        return None

    def year_of(self, message: Message) -> int | None:
        """The fiscal year a record says it is of, which its replica must have too; None for one of no year."""
        return None

    def provided(self, item_code: ItemCode, where: str = "item_code") -> Provided:
        """What this kind says about an item. Raises: ITEM_UNKNOWN when it does not provide it."""
        try:
            return self.provides[item_code]
        except KeyError:
            raise WarifuError(Reason.ITEM_UNKNOWN, where=where) from None

    async def answer(self, query: ProvisionQuery) -> Found:
        """The record that answers the query, or why there is none.

        By default the newest published replica: of the fiscal year asked for, or of the latest year. An agency that
        computes its answers replaces this. It may wait; the inquirer's deadline runs on.
        """
        return self.newest_published(query)

    async def look_up(self, asked: LookUp) -> Found | Pending:
        """The record asked for, looked up now, or why there is none. For kinds that keep no replicas to replace.

        Asked about local numbers that nobody has, too: "not held" must take as long as a record does. What does not fit the
        item, takes too long or fails is no answer: the exchange fails, and may be asked again.
        """
        raise NotImplementedError

    async def decide(self, held: HeldProvision) -> Decision:
        """What a clerk has decided about a provision that waits; asked of kinds that keep no replicas.

        By default nothing: whoever decides tells the node (``DecideProvision``).
        """
        return Decision.PENDING

    def newest_published(self, query: ProvisionQuery) -> Found:
        """The replica with the latest fiscal year, then the latest first day, that may be provided today."""
        held = [r for r in query.replicas if query.fiscal_year in (0, r.fiscal_year)]
        published = [r for r in held if r.is_published(query.today)]
        if not published or query.item_code not in self.provides:
            return Absence.NOT_PUBLISHED if held else Absence.NOT_HELD
        newest = max(published, key=lambda r: (r.fiscal_year, r.publication_start))
        record_type = self.provides[query.item_code].record_type.DESCRIPTOR.full_name
        return ProvidedRecord(record_type, newest.record)


def find_agency(kind: str, points: Iterable[EntryPoint] | None = None) -> Agency:
    """The agency of a kind, from whatever packages are installed: the one that replaces it, where one says that it does.

    Raises:
        WarifuError: CONFIG_INVALID, listing the known kinds, when no package has it; also when two packages do, or what
            one names is no agency of that kind.
    """
    known = _points(points)
    named = [point for point in known if point.name == kind]
    if not named:
        kinds = ", ".join(sorted({point.name for point in known})) or "none"
        raise WarifuError(Reason.CONFIG_INVALID, where=f"agency kind {kind!r} is not known; known kinds: {kinds}")
    return _loaded(_chosen(kind, named))


def installed_kinds(points: Iterable[EntryPoint] | None = None) -> list[str]:
    """The kinds of agency that some installed package has; none of them is loaded for it."""
    return sorted({point.name for point in _points(points)})


def provided_items(points: Iterable[EntryPoint] | None = None) -> dict[ItemCode, Provided]:
    """Every item that some installed kind provides: how an inquirer knows which certificate an answer replaces."""
    known = _points(points)
    chosen = [_chosen(kind, [each for each in known if each.name == kind]) for kind in installed_kinds(known)]
    return {item: provided for point in chosen for item, provided in _loaded(point).provides.items()}


def _points(points: Iterable[EntryPoint] | None) -> list[EntryPoint]:
    if points is not None:
        return list(points)
    return [*entry_points(group=AGENCY_GROUP), *entry_points(group=REPLACING_GROUP)]


def _chosen(kind: str, named: Sequence[EntryPoint]) -> EntryPoint:
    """Which of the entry points that have a kind is taken. Raises: CONFIG_INVALID, saying how to replace one."""
    replacing = [point for point in named if point.group == REPLACING_GROUP]
    original = [point for point in named if point.group != REPLACING_GROUP]
    if len(replacing) == 1 and len(original) == 1:
        return replacing[0]
    if len(original) == 1 and not replacing:
        return original[0]
    values = ", ".join(sorted(point.value for point in replacing or original))
    if len(replacing) > 1:
        fault = f"is replaced twice ({values}): remove one of the packages"
    elif replacing:
        fault = f"replaces a kind that no package has ({values}): name it under {AGENCY_GROUP}"
    else:
        fault = f"is registered twice ({values}): one that replaces the other is named under {REPLACING_GROUP}"
    raise WarifuError(Reason.CONFIG_INVALID, where=f"agency kind {kind!r} {fault}")


def _loaded(point: EntryPoint) -> Agency:
    where = f"agency kind {point.name!r} ({point.value})"
    try:
        loaded = point.load()
    except (ImportError, AttributeError) as error:
        raise WarifuError(Reason.CONFIG_INVALID, where=where, debug=type(error).__name__) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Agency)) or getattr(loaded, "kind", None) != point.name:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{where} names no agency of that kind")
    return loaded()
