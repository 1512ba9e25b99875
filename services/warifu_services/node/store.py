"""What a node keeps: people's codes, replicas, inquiries and provisions under way, and its own exchange records.

Decides the contract every store of a node keeps, whatever is behind it; the same tests run over each. A write is
durable when it returns, and all of one write is stored or none of it. There is no field for a My Number. Codes, what an
open inquiry needs, and who a pending provision is about are stored sealed: the store cannot read them.

Exchange records (情報提供等の記録) hold nothing about the person, so that two agencies' records, put side by side, show
that they dealt with each other and not about whom.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from warifu.agency import Replica
from warifu.errors import Reason
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode

__all__ = [
    "ClerkDecision",
    "ExchangeOutcome",
    "ExchangeRecord",
    "ExchangeSide",
    "KeptInquiry",
    "KeptProvision",
    "NodeStore",
    "Person",
    "PersonFlags",
    "PersonReplicas",
    "expired_before",
]

YEARS_KEPT = 7
"""How long exchange records are kept (Enforcement Order of the My Number Act, Art. 30)."""


def expired_before(now: datetime) -> int:
    """Unix milliseconds; what was requested before then has been kept seven calendar years and may go."""
    now = now.astimezone(UTC)
    day = 28 if (now.month, now.day) == (2, 29) else now.day  # the 29th has no anniversary: keep a day longer
    return int(now.replace(year=now.year - YEARS_KEPT, day=day).timestamp() * 1000)


class PersonFlags(enum.IntFlag):
    """What the agency set for a person."""

    NONE = 0
    AUTO_RESPONSE_DISABLED = 1
    """Answer only after a clerk has confirmed (自動応答不可フラグ)."""
    NON_DISCLOSURE = 2
    """Do not show exchanges about the person (不開示該当フラグ)."""
    SELF_INFO_BLOCKED = 4
    """Give no self-information (自己情報提供不可フラグ)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person and a code of theirs. ``row_key`` is 16 bytes; ``sealed_code`` is the code, sealed at rest.

    ``code_epoch`` says which of the hub's factors made the code.
    """

    local_number: str = field(repr=False)
    row_key: bytes = field(repr=False)
    sealed_code: bytes = field(repr=False)
    code_epoch: int
    flags: PersonFlags = PersonFlags.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReplicas:
    """A person found by row key, with the replicas of one item."""

    local_number: str = field(repr=False)
    flags: PersonFlags
    replicas: tuple[Replica, ...] = field(repr=False)


class ExchangeSide(enum.IntEnum):
    """Which side of an exchange this agency was on. Values as in the contract."""

    INQUIRER = 1
    PROVIDER = 2


class ExchangeOutcome(enum.IntEnum):
    """How an exchange ended, as this side saw it. Values as in the contract."""

    OPEN = 1
    ANSWERED = 2
    PENDING = 3
    REFUSED = 4
    FAILED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRecord:
    """One exchange record (Act Art. 23(1)). Times are Unix milliseconds, of whole minutes; digests 32 bytes.

    Empty or None: not known.
    """

    side: ExchangeSide
    request_id: bytes
    inquirer: InstitutionCode
    provider: InstitutionCode
    procedure_code: ProcedureCode
    item_code: ItemCode
    requested_ms: int
    inquiry_digest: bytes
    non_disclosure: bool
    processing_number: str = ""
    provided_ms: int | None = None
    outcome: ExchangeOutcome = ExchangeOutcome.OPEN
    reason: Reason | None = None
    answer_digest: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptInquiry:
    """An inquiry of ours with its record.

    ``content`` is a keyed digest of what the business system asked. ``sealed_secrets`` is what sending again needs,
    until the inquiry has ended; ``sealed_result`` is what it brought; both sealed at rest, empty when there is none.
    """

    record: ExchangeRecord
    content: bytes
    sealed_secrets: bytes = field(default=b"", repr=False)
    sealed_result: bytes = field(default=b"", repr=False)
    permitted_position: int = 0
    changed_ms: int


class ClerkDecision(enum.IntEnum):
    """What a clerk decided about a pending provision. Values as in the contract; 0 while undecided."""

    UNDECIDED = 0
    RELEASE = 1
    REFUSE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProvision:
    """A provision of ours with its record.

    ``answer`` is the serialized signed answer, empty once it is no longer kept. ``sealed_person`` is the local number,
    sealed at rest, while a clerk has to decide. ``permit`` is the hub's signed word for it, without the inquiry, and
    ``known_ms`` when it came, to the millisecond (0: ``changed_ms``): both are kept with a new provision until the hub's log
    is shown to have it, and not read back with one.
    """

    record: ExchangeRecord
    answer: bytes = field(repr=False)
    permit: bytes = field(default=b"", repr=False, compare=False)
    known_ms: int = field(default=0, compare=False)
    decision: ClerkDecision = ClerkDecision.UNDECIDED
    sealed_person: bytes = field(default=b"", repr=False)
    changed_ms: int

    def ends(self, stored: KeptProvision) -> bool:
        """Whether this is the end of ``stored``, which is pending, under the decision that it has now."""
        pending = ExchangeOutcome.PENDING
        waits, over = stored.record.outcome is pending, self.record.outcome is not pending
        return waits and over and self.decision is stored.decision


class NodeStore(Protocol):
    """The contract. Every writing method raises STORE_UNAVAILABLE when the disk refuses."""

    async def add_people(self, people: Sequence[Person]) -> list[bool]:
        """Store people; the same person again (same local number and row key) is brought up to date, flags kept.

        False in the place of one whose local number is held for another row key, or the other way round.
        """

    def person(self, local_number: str) -> Person | None:
        """The person with that local number."""

    def rotated(self, local_number: str, code_epoch: int) -> Person | None:
        """The person with the code of another code epoch, where one was made ready by :meth:`add_rotated`."""

    def people_behind(self, code_epoch: int, count: int) -> list[Person]:
        """Up to ``count`` people who have codes of earlier epochs than ``code_epoch`` only, with the oldest of theirs.

        In one look at an index: it is asked twice a second, and while a provision waits.
        """

    async def add_rotated(self, people: Sequence[Person]) -> int:
        """Keep another code for each of these known people, beside the one they have; both find them. How many were kept.

        Passed over is who has a code of that epoch already, or whose row key is somebody else's.
        """

    async def settle_codes(self, code_epoch: int, count: int) -> int:
        """Put codes of ``code_epoch`` in place of earlier ones, which are deleted; how many people, ``count`` at most."""

    def code_epochs(self) -> dict[int, int]:
        """How many people have a code of each code epoch."""

    def unknown_people(self, local_numbers: Sequence[str]) -> set[str]:
        """Those of the local numbers that no person has."""

    async def set_flags(self, local_number: str, flags: PersonFlags) -> bool:
        """Replace a person's flags. False when there is no such person."""

    async def put_replicas(self, replicas: Sequence[tuple[str, Replica]]) -> None:
        """Register replicas of known people; one of the same person, item and fiscal year is replaced."""

    def find_by_row_key(self, row_key: bytes, item_code: ItemCode) -> PersonReplicas | None:
        """The person with that row key and the replicas of one item, in one read."""

    def find_by_local_number(self, local_number: str, item_code: ItemCode) -> PersonReplicas | None:
        """The person with this local number, with the replicas of one item."""

    async def begin_inquiry(self, kept: KeptInquiry) -> bool:
        """Store a new inquiry and its record. False, and nothing written, when its request_id was used before."""

    def inquiry(self, request_id: bytes) -> KeptInquiry | None:
        """The inquiry with that request_id, while it is kept."""

    async def put_inquiry(self, kept: KeptInquiry) -> None:
        """Store what became of an inquiry begun before, with its record."""

    def open_inquiries(self) -> list[bytes]:
        """The request_ids of inquiries whose end is not known, oldest first."""

    def provision(self, inquirer: InstitutionCode, request_id: bytes) -> KeptProvision | None:
        """The provision made for that inquiry; its ``answer`` is empty when only the record is left."""

    async def settle_provision(self, kept: KeptProvision, *, missed: bool = False) -> KeptProvision:
        """Store a new provision, or the end of a pending one, with its record; what is stored afterwards.

        Whatever else was stored for that inquiry stays, and is returned; so does a pending one whose decision is another
        by now than the one in ``kept``. ``missed`` counts a miss for the inquirer.

        Raises:
            WarifuError: PERMIT_REUSED when the processing number belongs to another inquiry.
        """

    def pending_provisions(self, after: int, count: int) -> list[tuple[int, KeptProvision]]:
        """Up to ``count`` pending provisions whose records were written after that sequence number, each with its own.

        Those that a clerk decided are among them until the inquirer asks again.
        """

    async def decide(self, processing_number: str, decision: ClerkDecision) -> bool:
        """Store a clerk's decision. False when no such provision is pending."""

    def misses(self, inquirer: InstitutionCode) -> int:
        """How often an inquirer asked about somebody who is not here."""

    def records(self, after: int, count: int) -> list[tuple[int, ExchangeRecord]]:
        """Up to ``count`` records written after the one with sequence number ``after``, each with its own."""

    async def purge(self, *, requested_before_ms: int, changed_before_ms: int) -> None:
        """Delete records by the first bound; answers, results and secrets of what has ended or failed by the second."""

    def close(self) -> None:
        """Finish what is queued and let go of the file."""
