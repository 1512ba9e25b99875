"""What a provider answers with: a registered replica, or what the business system says now.

Decides step 4.9, whether an answer waits for a clerk, and of 4.10 which record answers. Of an agency that keeps no
replicas it decides how long it is waited for and what of its word is believed: a record that does not fit its item is
none. Whoever is not here is looked up as whoever is, under a number that nobody has, and whatever comes back is thrown
away. It never sees a code, a signature, a disk or gRPC.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol, TypeVar

from google.protobuf.message import Message

from warifu.agency import (
    Absence,
    Agency,
    Decision,
    Found,
    HeldProvision,
    LiveSource,
    LookUp,
    Pending,
    ProvidedRecord,
    ProvisionQuery,
)
from warifu.clock import whole_minute
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeContext
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.rpc.deadline import pass_on
from warifu.rpc.logging import error_fields, get_logger, raised_at
from warifu_services.node.stand_in import stand_in
from warifu_services.node.store import ClerkDecision, ExchangeOutcome, ExchangeRecord, PersonFlags, PersonReplicas

__all__ = ["ADAPTER_MARGIN_SECONDS", "Answering", "Asked", "FromReplicas", "LiveAnswering", "check_found"]

ADAPTER_MARGIN_SECONDS = 0.1
"""What the node keeps of a deadline for itself after a look-up: sealing, signing and storing."""

LONGEST_LOOK_UP_SECONDS = 30.0
"""How long a look-up may take where nobody says how long they wait."""

_OWN_WORD_S = 0.03
_FIRST_SHAPE = "0000000000"
_DRAWS = 8
_TYPE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,199}", re.ASCII)
_OWN = frozenset({Reason.ADAPTER_UNREACHABLE, Reason.ADAPTER_TIMED_OUT, Reason.ADAPTER_ANSWER_INVALID})
_NOTHING_CAME = _OWN - {Reason.ADAPTER_ANSWER_INVALID}
_DECIDED = {
    Decision.PENDING: ClerkDecision.UNDECIDED,
    Decision.RELEASE: ClerkDecision.RELEASE,
    Decision.REFUSE: ClerkDecision.REFUSE,
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One permitted question. ``person`` is None when nobody here is meant; ``today`` is a day in Japan.

    ``decision`` is what a clerk decided where it waited for one, else None. ``left`` says how many seconds the hub waits still.
    """

    context: ExchangeContext
    processing_number: str
    fiscal_year: int
    today: date
    received_ms: int
    person: PersonReplicas | None
    decision: ClerkDecision | None
    left: Callable[[], float | None]


class Answering(Protocol):
    """Whatever decides what is answered."""

    async def answer(self, asked: Asked) -> tuple[ExchangeOutcome, Found | None]:
        """How the provision ends, and what is in it where it is answered.

        Raises: DEADLINE_TOO_SHORT, ADAPTER_UNREACHABLE, ADAPTER_TIMED_OUT, ADAPTER_ANSWER_INVALID.
        """

    async def decision(self, record: ExchangeRecord, local_number: str, left: float | None) -> ClerkDecision:
        """What a clerk has decided by now about a provision that waits, as far as the business system says so."""


class FromReplicas:
    """:class:`Answering` from what is registered. Whoever decides in a clerk's place tells the node."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency

    async def answer(self, asked: Asked) -> tuple[ExchangeOutcome, Found | None]:
        """See the contract."""
        outcome = _outcome(asked.person, asked.decision)
        if outcome is not ExchangeOutcome.ANSWERED:
            return outcome, None
        query = ProvisionQuery(
            item_code=asked.context.item_code,
            fiscal_year=asked.fiscal_year,
            procedure_code=asked.context.procedure_code,
            inquirer=asked.context.inquirer,
            today=asked.today,
            replicas=asked.person.replicas if asked.person else (),
        )
        answer = await self._agency.answer(query)
        return outcome, answer if asked.person else Absence.NOT_HELD

    async def decision(self, record: ExchangeRecord, local_number: str, left: float | None) -> ClerkDecision:
        """See the contract."""
        return ClerkDecision.UNDECIDED


class LiveAnswering:
    """:class:`Answering` by asking ``source`` each time; ``agency`` says what a record of its kind is.

    ``unknown`` says which of some local numbers no person here has.
    """

    def __init__(self, agency: Agency, source: LiveSource, unknown: Callable[[Sequence[str]], set[str]]) -> None:
        self._agency = agency
        self._source = source
        self._unknown = unknown
        self._shape = _FIRST_SHAPE
        self._fault: WarifuError | None = None

    def amiss(self) -> str | None:
        """Why the last question to the business system had no answer; None when it had one, or none was asked."""
        return str(self._fault) if self._fault is not None else None

    def reached(self) -> None:
        """The business system is there, by its own word: an answer that did not come is past, one that was wrong is not."""
        if self._fault is not None and self._fault.reason in _NOTHING_CAME:
            self._fault = None

    async def answer(self, asked: Asked) -> tuple[ExchangeOutcome, Found | None]:
        """See the contract."""
        outcome = _outcome(asked.person, asked.decision)
        if outcome is ExchangeOutcome.PENDING:
            outcome = _outcome(asked.person, await self._decision_at_once(asked))
        if outcome is not ExchangeOutcome.ANSWERED:
            return outcome, None
        if asked.context.item_code not in self._agency.provides:
            return outcome, Absence.NOT_HELD
        released = asked.decision is not None or _is_flagged(asked.person)
        found = await self._look_up(asked, released=released)
        if asked.person is None:
            return outcome, Absence.NOT_HELD
        return (ExchangeOutcome.PENDING, None) if isinstance(found, Pending) else (outcome, found)

    async def decision(self, record: ExchangeRecord, local_number: str, left: float | None) -> ClerkDecision:
        """See the contract. A business system that does not say has not decided: the provision waits on."""
        about = record.item_code, record.procedure_code, record.inquirer
        return await self._decision(record.processing_number, local_number, about, record.requested_ms, left)

    async def _decision_at_once(self, asked: Asked) -> ClerkDecision | None:
        """A decision that there is already about a flagged person's provision that has just come; None for none."""
        context, person = asked.context, asked.person
        about = context.item_code, context.procedure_code, context.inquirer
        number = person.local_number if person is not None else ""
        decided = await self._decision(asked.processing_number, number, about, asked.received_ms, asked.left())
        return None if decided is ClerkDecision.UNDECIDED else decided

    async def _decision(
        self,
        processing_number: str,
        local_number: str,
        about: tuple[ItemCode, ProcedureCode, InstitutionCode],
        received_ms: int,
        left: float | None,
    ) -> ClerkDecision:
        item_code, procedure_code, inquirer = about
        try:
            held = HeldProvision(
                processing_number=processing_number,
                local_number=local_number,
                item_code=item_code,
                procedure_code=procedure_code,
                inquirer=inquirer,
                received=datetime.fromtimestamp(whole_minute(received_ms) / 1000, UTC),
                seconds=_seconds(left),
            )
            decided = await self._within(self._source.decide(held), held.seconds)
            if decided not in _DECIDED:
                raise _invalid(f"{type(decided).__name__} is no decision")
        except WarifuError as error:
            self._note(error)
            return ClerkDecision.UNDECIDED
        self._fault = None
        return _DECIDED[decided]

    async def _look_up(self, asked: Asked, *, released: bool) -> Found | Pending:
        """What the business system says. Raises: as :meth:`Answering.answer`."""
        look_up = LookUp(
            local_number=self._number(asked.person),
            item_code=asked.context.item_code,
            fiscal_year=asked.fiscal_year,
            procedure_code=asked.context.procedure_code,
            inquirer=asked.context.inquirer,
            today=asked.today,
            processing_number=asked.processing_number,
            released=released,
            seconds=_seconds(asked.left()),
        )
        try:
            found = await self._within(self._source.look_up(look_up), look_up.seconds)
            _check(self._agency, look_up, found)
        except WarifuError as error:
            self._note(error)
            raise
        self._fault = None
        return found

    def _number(self, person: PersonReplicas | None) -> str:
        """The local number to look up; for nobody one in the shape of the last that was, and that nobody here has."""
        if person is not None:
            self._shape = person.local_number
            return person.local_number
        for _ in range(_DRAWS):
            drawn = stand_in(self._shape, secrets.randbelow)
            if self._unknown([drawn]):
                return drawn
        return stand_in(self._shape, secrets.randbelow, longer=len(_FIRST_SHAPE))  # all of that shape are people's

    async def _within(self, answer: Awaitable[T], seconds: float) -> T:
        try:
            async with asyncio.timeout(seconds + _OWN_WORD_S):  # a link says by itself what it waited for
                return await answer
        except WarifuError as error:
            if error.reason in _OWN:
                raise
            raise _invalid(f"it failed with {error.reason.value}") from None
        except TimeoutError:
            raise WarifuError(Reason.ADAPTER_TIMED_OUT, where=f"adapter: no answer within {seconds:.3g} s") from None
        except Exception as error:  # noqa: BLE001  # whatever a business system's own code raises, the exchange goes on
            get_logger("node").error("adapter_failed", error=type(error).__name__, at=raised_at(error))
            raise _invalid(f"it failed with {type(error).__name__}") from None

    def _note(self, error: WarifuError) -> None:
        if error.reason in _OWN:
            self._fault = error
            get_logger("node").warning("adapter_did_not_answer", **error_fields(error))


def check_found(agency: Agency, asked: LookUp, found: ProvidedRecord) -> None:
    """Refuse a record that is none of the item and the year asked for. Raises: ADAPTER_ANSWER_INVALID."""
    expected = agency.provided(asked.item_code).record_type
    if not _TYPE_NAME.fullmatch(found.record_type):
        raise _invalid("record_type names no message type")
    if expected is not Message and found.record_type != expected.DESCRIPTOR.full_name:  # Message itself: of any type
        raise _invalid("record_type is not the item's")
    try:
        year = agency.year_of(agency.check_record(asked.item_code, found.record))
    except WarifuError as error:
        raise _invalid(f"{error.where} does not fit the item", error.debug) from None
    if asked.fiscal_year and year not in {None, asked.fiscal_year}:
        raise _invalid("record is of another fiscal year")


def _check(agency: Agency, asked: LookUp, found: object) -> None:
    if isinstance(found, ProvidedRecord):
        check_found(agency, asked, found)
    elif found is Pending.CLERK and asked.released:
        raise _invalid("pending, though a clerk has released it")
    elif not isinstance(found, Absence | Pending):
        raise _invalid(f"{type(found).__name__} is no answer")


def _invalid(words: str, debug: str = "") -> WarifuError:
    return WarifuError(Reason.ADAPTER_ANSWER_INVALID, where=f"adapter: {words}", debug=debug)


def _seconds(left: float | None) -> float:
    return pass_on(left, ADAPTER_MARGIN_SECONDS, at_most=LONGEST_LOOK_UP_SECONDS)


def _is_flagged(person: PersonReplicas | None) -> bool:
    return person is not None and PersonFlags.AUTO_RESPONSE_DISABLED in person.flags


def _outcome(person: PersonReplicas | None, decision: ClerkDecision | None) -> ExchangeOutcome:
    """Step 4.9. What a clerk decided holds; without that, whoever is flagged waits for one."""
    if decision is not None:
        return ExchangeOutcome.ANSWERED if decision is ClerkDecision.RELEASE else ExchangeOutcome.REFUSED
    return ExchangeOutcome.PENDING if _is_flagged(person) else ExchangeOutcome.ANSWERED
