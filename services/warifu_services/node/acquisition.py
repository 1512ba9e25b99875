"""Acquiring codes (符号取得): from My Numbers the agency holds by law to its own codes for those people.

Decides how people are grouped on their way to the numbering authority, what must verify before a code is believed, and
what becomes of each person. A My Number is here from the moment the business system hands it over until the authority
has it: it is never stored and never logged. The hub never sees it.

    (a) each My Number checked; each person given a one-use acquisition number (取得番号)
    (b) asked of the authority in groups that follow each other closely
    (c) the authority's signature over what was converted and the hub's over what came of it checked
    (d) each code opened once its conversion is proven, filed under its row key, sealed at rest
    (e) the whole request stored in one durable write, then told

Arithmetic runs on worker threads in small pieces, so that the node goes on answering others meanwhile.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Protocol

from warifu.api.authority.v1.authority_service_pb2 import (
    AcquireCodesRequest,
    AcquireCodesResponse,
    Acquisition,
    IssuedCode,
)
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.clock import Clock
from warifu.curve.group import RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ContextKind, ExchangeContext
from warifu.exchange.conversion_proof import IN_A_BATCH, Conversion
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.proof_policy import PolicyKind
from warifu.exchange.statements import check_conversion, check_issue
from warifu.identifiers import MyNumber
from warifu.party.held import Refresh, never_newer, newer_than
from warifu_services.node.filing import CodeFiling
from warifu_services.node.keys import KeysSource, NodeKeys
from warifu_services.node.store import NodeStore, Person

__all__ = ["Acquirer", "AcquisitionSession", "AuthorityPort", "PersonToAcquire"]

_ASKED_AT_ONCE = 250
_REQUESTS_AHEAD = 4
_NUMBER_SIZE = 16
_BEHIND = frozenset({Reason.EPOCH_STALE, Reason.SIGNATURE_INVALID})
"""What a receipt made under a newer version of the directory looks like to a node that holds an older one."""

_REASONS_PER_PERSON = {Reason.NUMBER_MALFORMED.value, Reason.NUMBER_NOT_DESIGNATED.value}


@dataclass(frozen=True, slots=True)
class PersonToAcquire:
    """A person by the business system's own number, and the My Number it holds for them, as text."""

    local_number: str = field(repr=False)
    my_number: str = field(repr=False)


class AcquisitionSession(Protocol):
    """One stream to the authority; answers come in the order asked. Once broken, both methods raise from then on."""

    async def ask(self, request: AcquireCodesRequest) -> None:
        """Send one group. Raises: AUTHORITY_UNREACHABLE, or what the authority said."""

    async def answer(self) -> AcquireCodesResponse:
        """The next answer. Raises: AUTHORITY_UNREACHABLE, or what the authority said."""

    async def close(self) -> None:
        """End the stream."""


class AuthorityPort(Protocol):
    """The numbering authority, however it is reached."""

    def session(self) -> AcquisitionSession:
        """A new stream."""


@dataclass(frozen=True, slots=True)
class _Group:
    """People asked for together: where each stands in its request, and its acquisition number."""

    places: tuple[int, ...]
    numbers: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Request:
    """One request of the business system, under way. ``reasons`` has a place for each person."""

    local_numbers: tuple[str, ...] = field(repr=False)
    reasons: list[Reason | None]
    groups: tuple[_Group, ...]


class Acquirer:
    """Acquires codes for one agency."""

    def __init__(
        self,
        *,
        keys: KeysSource,
        directory: DirectorySource,
        store: NodeStore,
        authority: AuthorityPort,
        clock: Clock,
        workers: Executor,
        refresh: Refresh = never_newer,
        codes_ready: Callable[[], Awaitable[None]] | None = None,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        """``refresh`` takes a newer version of the directory; ``codes_ready`` waits until codes are rotated."""
        self._keys_source = keys
        self._directories = directory
        self._store = store
        self._authority = authority
        self._clock = clock
        self._workers = workers
        self._refresh = refresh
        self._codes_ready = codes_ready
        self._random_bytes = random_bytes

    @property
    def _keys(self) -> NodeKeys:
        return self._keys_source.current()

    @property
    def _directory(self) -> Directory:
        return self._directories.current()

    async def acquire(
        self, requests: AsyncIterator[Sequence[PersonToAcquire]]
    ) -> AsyncGenerator[list[tuple[str, Reason | None]], None]:
        """For each request, each person's local number with None, or with why there is no code.

        NUMBER_MALFORMED, NUMBER_NOT_DESIGNATED and CODE_ALREADY_HELD are told in the person's place.

        Raises:
            WarifuError: AUTHORITY_UNREACHABLE; HUB_ANSWER_INVALID when what came back does not verify;
                STORE_UNAVAILABLE; whatever ``requests`` raises. What was told before stays acquired.
        """
        session = self._authority.session()
        ahead: asyncio.Queue[_Request | Exception | None] = asyncio.Queue(_REQUESTS_AHEAD)
        feeder = asyncio.create_task(self._feed(requests, session, ahead))
        try:
            while (request := await ahead.get()) is not None:
                if isinstance(request, Exception):
                    raise request
                yield await self._finish(request, session)
        finally:
            feeder.cancel()
            await asyncio.gather(feeder, return_exceptions=True)
            await session.close()

    async def _feed(
        self,
        requests: AsyncIterator[Sequence[PersonToAcquire]],
        session: AcquisitionSession,
        ahead: asyncio.Queue[_Request | Exception | None],
    ) -> None:
        try:
            async for people in requests:
                request, messages = self._prepare(people)  # (a)
                await ahead.put(request)
                for message in messages:
                    await session.ask(message)  # (b)
        except Exception as error:  # noqa: BLE001  # whoever takes from the queue raises it, after what went before
            await ahead.put(error)
        await ahead.put(None)

    def _prepare(self, people: Sequence[PersonToAcquire]) -> tuple[_Request, list[AcquireCodesRequest]]:
        reasons = [_number_fault(person.my_number) for person in people]
        good = [place for place, reason in enumerate(reasons) if reason is None]
        groups, messages = [], []
        for start in range(0, len(good), _ASKED_AT_ONCE):
            places = tuple(good[start : start + _ASKED_AT_ONCE])
            numbers = tuple(self._random_bytes(_NUMBER_SIZE) for _ in places)
            groups.append(_Group(places, numbers))
            asked = zip(numbers, places, strict=True)
            messages.append(
                AcquireCodesRequest(
                    acquisitions=[
                        Acquisition(acquisition_number=number, my_number=people[place].my_number)
                        for number, place in asked
                    ]
                )
            )
        local_numbers = tuple(person.local_number for person in people)
        return _Request(local_numbers, reasons, tuple(groups)), messages

    async def _finish(self, request: _Request, session: AcquisitionSession) -> list[tuple[str, Reason | None]]:
        people: dict[int, Person] = {}
        for group in request.groups:
            people |= await self._opened(request, group, await session.answer())
        if people and self._codes_ready is not None:
            await self._codes_ready()  # whoever is here is known by the codes of this epoch, too
        held = await self._store.add_people(list(people.values()))  # (e)
        for place, is_held in zip(people, held, strict=True):
            if not is_held:
                request.reasons[place] = Reason.CODE_ALREADY_HELD
        return list(zip(request.local_numbers, request.reasons, strict=True))

    async def _opened(self, request: _Request, group: _Group, answer: AcquireCodesResponse) -> dict[int, Person]:
        """Steps c and d for one group: the people whose codes came; the others' reasons are noted."""
        issued = answer.issued_codes
        if tuple(code.acquisition_number for code in issued) != group.numbers:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="issued_codes.acquisition_number")
        places = []
        for place, code in zip(group.places, issued, strict=True):
            if code.WhichOneof("result") == "converted_code":
                places.append(place)
            else:
                request.reasons[place] = _told(code)
        if not places:
            return {}
        entry = await self._check_receipt(answer)
        numbers = [request.local_numbers[place] for place in places]
        return dict(zip(places, await self._filed(entry, numbers, answer), strict=True))

    async def _check_receipt(self, answer: AcquireCodesResponse) -> DirectoryEntry:
        """Step c. Authority and hub vouch for exactly these codes, for this agency, just now; the entry they are for.

        Authority and hub may have a newer version of the directory than this node, which then takes it.
        """
        receipt = answer.receipt
        codes = [code.converted_code for code in answer.issued_codes if code.HasField("converted_code")]
        try:
            context = ExchangeContext.decode(receipt.context, where="receipt.context")
            used = self._directory
            try:
                entry = self._believed(context, answer, codes)
            except WarifuError as error:
                if error.reason not in _BEHIND or not await newer_than(used, self._directories, self._refresh):
                    raise
                entry = self._believed(context, answer, codes)
            context.check_times(self._clock.now(), where="receipt.context")
        except WarifuError as error:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where=error.where, debug=error.reason.value) from error
        return entry

    def _believed(
        self, context: ExchangeContext, answer: AcquireCodesResponse, codes: Sequence[EncryptedCodeMessage]
    ) -> DirectoryEntry:
        """This agency's entry that the codes were issued to, if the authority and the hub signed them.

        Raises: REQUEST_MALFORMED, EPOCH_STALE, SIGNATURE_INVALID.
        """
        receipt, entry = answer.receipt, self._addressed(context)
        self._directory.check_authority(
            context.issued_ms,
            lambda key: check_issue(key, receipt.authority_signature, receipt.context, receipt.encrypted_codes),
        )
        self._directory.check_hub(
            context.issued_ms,
            lambda key: check_conversion(key, receipt.hub_signature, receipt.context, codes, receipt.conversion_proofs),
        )
        return entry

    def _addressed(self, context: ExchangeContext) -> DirectoryEntry:
        """This agency's entry that a context names. Raises: REQUEST_MALFORMED, EPOCH_STALE."""
        own, where = self._keys.own.institution, "receipt.context"
        if (context.kind, context.inquirer, context.provider) != (ContextKind.ISSUE, self._directory.authority, own):
            raise WarifuError(Reason.REQUEST_MALFORMED, where=where)
        entry = self._directory.entry_for(own, context.epoch_to, context.issued_ms, epoch_where=where)
        if context.key_id_to != entry.key_id:
            raise WarifuError(Reason.EPOCH_STALE, where=where)
        return entry

    async def _filed(
        self, entry: DirectoryEntry, local_numbers: Sequence[str], answer: AcquireCodesResponse
    ) -> list[Person]:
        """Step d, on the worker threads. Raises: HUB_ANSWER_INVALID, CONVERSION_NOT_PROVEN."""
        conversions, proofs = self._conversions(answer), answer.receipt.conversion_proofs
        starts = range(0, len(conversions), IN_A_BATCH)
        proven = self._directory.proof_policy.kind is not PolicyKind.OFF
        if proven and len(proofs) != len(starts):
            raise WarifuError(Reason.CONVERSION_NOT_PROVEN, where="receipt.conversion_proofs")
        loop, keys = asyncio.get_running_loop(), self._keys.provider.of_epoch(entry.epoch)
        filing = CodeFiling(self._directory.group, keys, self._keys.at_rest)
        opened = filing.open_proven if proven else filing.open_unproven
        pieces = [
            loop.run_in_executor(self._workers, opened, local_numbers[start:end], conversions[start:end], proof)
            for start, proof in zip(starts, proofs if proven else [b""] * len(starts), strict=True)
            for end in (start + IN_A_BATCH,)
        ]
        return [person for piece in await asyncio.gather(*pieces) for person in piece]

    def _conversions(self, answer: AcquireCodesResponse) -> list[Conversion]:
        """Each code before and after the hub. Raises: HUB_ANSWER_INVALID."""
        given = answer.receipt.encrypted_codes
        made = [code.converted_code for code in answer.issued_codes if code.HasField("converted_code")]
        if len(given) != len(made):
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="receipt.encrypted_codes")
        group, context = self._directory.group, answer.receipt.context
        try:
            return [
                Conversion(
                    context=context,
                    encrypted=EncryptedCode.from_wire(group, before.c1, before.c2, where="receipt.encrypted_codes"),
                    converted=EncryptedCode.from_wire(group, after.c1, after.c2, where="issued_codes"),
                )
                for before, after in zip(given, made, strict=True)
            ]
        except WarifuError as error:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where=error.where, debug=error.reason.value) from error


def _number_fault(my_number: str) -> Reason | None:
    try:
        MyNumber.parse(my_number)
    except WarifuError as error:
        return error.reason
    return None


def _told(code: IssuedCode) -> Reason:
    """Why the authority issued no code. Raises: HUB_ANSWER_INVALID when it says nothing, or what it may not say."""
    if code.failure.reason not in _REASONS_PER_PERSON:
        raise WarifuError(Reason.HUB_ANSWER_INVALID, where="issued_codes.failure")
    return Reason(code.failure.reason)
