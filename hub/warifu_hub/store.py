"""What the hub keeps: the log's leaves and the tiles of its tree, exchanges under way, endpoints and withdrawn assessments.

Decides the contract every store of the hub keeps, whatever is behind it; the same tests run over each. A write is
durable when it returns. A store must never hold a My Number, a code, a name or a payload: there is no field for one.
Answers are kept only as the sealed bytes they came as, to be given again to the same request.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from warifu.errors import WarifuError
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.tlog.tiled_tree import HashTile

__all__ = [
    "Assessment",
    "ExchangePositions",
    "ExchangeState",
    "ExchangeStore",
    "HubStore",
    "StoredExchange",
    "UnderWay",
    "Unopened",
    "WithdrawnAssessments",
]

Assessment: TypeAlias = tuple[str, str]
"""One file whose assessment is meant: the institution code that keeps it, and the item it holds."""

WithdrawnAssessments = frozenset[tuple[InstitutionCode, ItemCode]]


class ExchangeState(enum.StrEnum):
    """How far an exchange that was permitted has come.

    FAILED leaves open what the provider did; UNASKED is a failure before anything was asked of it, at any attempt.
    """

    OPEN = "open"
    PENDING = "pending"
    FAILED = "failed"
    UNASKED = "unasked"
    ANSWERED = "answered"
    REFUSED = "refused"

    @property
    def final(self) -> bool:
        """True when the stored answer is given again rather than the provider asked again."""
        return self in (ExchangeState.ANSWERED, ExchangeState.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExchange:
    """One permitted exchange. ``answer`` is a serialized SignedAnswer, empty until there is one."""

    inquirer: InstitutionCode
    request_id: bytes
    inquiry_digest: bytes
    processing_number: str
    permission_row: str
    permit_ms: int
    state: ExchangeState = ExchangeState.OPEN
    answer: bytes = b""
    permitted_position: int = -1


@dataclass(frozen=True, slots=True)
class ExchangePositions:
    """Where the leaves of one exchange are: the one that permitted it, and the newest that says its end, -1 before that."""

    permitted: int
    ended: int


class Unopened(enum.Enum):
    """Why an exchange was not opened, and nothing was written."""

    NUMBER_TAKEN = -1
    """Its processing number is taken: draw another."""

    KNOWN = -2
    """There is one under its request_id: look for it again."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An exchange that another process of this hub has under way. ``inquiry_digest`` is of what it was asked for with.

    ``ended`` waits for its end and gives it as it is kept then, with its answer; None when nobody knows and it is to be looked for
    again. It raises what the exchange failed with.
    """

    inquiry_digest: bytes
    ended: Callable[[], Awaitable[StoredExchange | None]]


class ExchangeStore(Protocol):
    """What mediating needs of the contract: it may lie in another process, and so whatever is read is awaited.

    Every method raises LOG_UNAVAILABLE when the disk refuses, or that process is not there; nothing is half-written. A hub that is
    one process never finds an exchange :class:`UnderWay`: it knows its own.
    """

    async def find_exchange(self, inquirer: InstitutionCode, request_id: bytes) -> StoredExchange | UnderWay | None:
        """The exchange the inquirer made under this request_id."""

    async def open_exchange(self, stored: StoredExchange, leaf: bytes) -> int | Unopened:
        """Store a new exchange and sequence its PERMITTED leaf, together; the leaf's position. It is under way here then.

        Raises also: OVERLOADED, and nothing is written, when too many are under way at all processes together.
        """

    async def reopen_exchange(self, stored: StoredExchange) -> bool:
        """Have a stored exchange under way again. One that was UNASKED is OPEN from now on: its provider may be asked.

        It is no event of the log. False when it went on elsewhere: look for it again. Raises: as :meth:`open_exchange`.
        """

    async def close_exchange(
        self,
        stored: StoredExchange,
        leaf: bytes,
        *,
        answered_by: InstitutionCode | None = None,
        fault: WarifuError | None = None,
    ) -> int:
        """Store the exchange's new state and answer and sequence the leaf that says so, together; the leaf's position.

        ``answered_by`` is the provider where it said something: it then has a record of the exchange. ``fault`` is what it
        failed with, for whoever waits for its end elsewhere; it is not kept.
        """

    async def leave_exchange(self, stored: StoredExchange) -> None:
        """It is not under way any more, and nothing of it changed."""

    async def append_leaf(self, leaf: bytes) -> int:
        """Sequence a leaf that belongs to no stored exchange; its position."""

    async def endpoint(self, institution: InstitutionCode) -> str | None:
        """Where an institution's node listens, if it ever said."""

    def withdrawn_assessments(self) -> WithdrawnAssessments:
        """The files whose assessment is withdrawn, to decide by: it is held, and costs nothing to ask for."""


class HubStore(ExchangeStore, Protocol):
    """The contract. Every writing method raises LOG_UNAVAILABLE when the disk refuses; nothing is half-written."""

    async def find_exchange(self, inquirer: InstitutionCode, request_id: bytes) -> StoredExchange | None:
        """As above, and never one :class:`UnderWay`; it does not wait."""

    def exchange_positions(self, inquirer: InstitutionCode, request_id: bytes) -> ExchangePositions | None:
        """Where the leaves of the exchange under this request_id are. One indexed read."""

    def leaf_count(self) -> int:
        """How many leaves are sequenced."""

    def leaves(self, first: int, count: int) -> list[bytes]:
        """Up to ``count`` leaves from position ``first``, in order."""

    async def publish_checkpoint(self, signed_note: bytes, tiles: Sequence[HashTile] = ()) -> None:
        """Keep the newest published checkpoint, and the tiles of the log that changed since; together.

        A tile takes the place of the one of its level and number. What is called later is kept later.
        """

    def published_checkpoint(self) -> bytes | None:
        """The newest published checkpoint."""

    def put_tiles(self, tiles: Sequence[HashTile]) -> None:
        """Keep tiles, and wait for the disk here: for a hub that is starting, never for one that serves."""

    def tile(self, level: int, number: int) -> bytes | None:
        """The hashes of one tile, 32 bytes each. One indexed read."""

    def tiled_size(self) -> int:
        """How many leaves have their hashes in tiles, as the last tile of level 0 says."""

    async def suspect_tile(self, number: int) -> None:
        """Keep the number of a tile of level 0 that does not fit the log, in place of any other: see ``suspected_tile``."""

    def suspected_tile(self) -> int | None:
        """The tile of level 0 to be looked at first when the hub starts."""

    async def put_endpoint(self, institution: InstitutionCode, endpoint: str) -> None:
        """Remember where an institution's node listens."""

    async def set_assessment(
        self, institution: InstitutionCode, item_code: ItemCode, *, withdrawn: bool, leaf: bytes
    ) -> int:
        """Store a change of an assessment and sequence the leaf that says so, together; the leaf's position."""

    def withdrawn_after(self, after: Assessment, count: int) -> list[Assessment]:
        """Up to ``count`` of them after that one, ordered by institution and item. Two empty texts come before all."""

    async def put_directory_header(self, version: int, header: bytes, leaf: bytes) -> int:
        """Store the header of a new version of the directory and sequence its leaf, together; the leaf's position.

        Raises: LOG_INVALID, and nothing written, when the log has a version of that number.
        """

    def directory_headers(self, after: int, count: int) -> list[tuple[bytes, int]]:
        """Up to ``count`` headers of the versions after ``after``, in order, each with its leaf's position."""

    def newest_directory_header(self) -> bytes | None:
        """The header of the newest version in the log."""

    async def forget_answers(self, before_ms: int) -> int:
        """Drop the stored answers of exchanges permitted before ``before_ms``; how many. Leaves are never dropped.

        Costs what there is to drop, however many exchanges there are.
        """

    def close(self) -> None:
        """Finish what is queued and let go of the file."""
