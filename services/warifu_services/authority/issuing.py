"""Issuing agency codes (機関別符号の取得).

Decides how a My Number that an agency lawfully holds becomes that agency's code, which nobody but the agency can read:

1. the number is looked up, as long as the agency is within its limits (``limits``); one that was not designated here, or was
   retired, is refused in its place;
2. its holder's person id gives the person point P, so that a changed number changes no code;
3. P is encrypted to the agency's joint key with fresh randomness;
4. the batch is signed and the hub converts it blindly; no My Number goes there, not even encrypted;
5. the hub's answer is checked and handed back with its signature, which the agency checks again.

Keeps nothing of who asked for whom: afterwards there is a total, and no more. Must never learn an agency's code, and
cannot: it lacks the hub's factor and the agency's key.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from warifu.api.authority.v1.authority_service_pb2 import ConversionReceipt
from warifu.api.hub.v1.hub_service_pb2 import ConvertIssuedCodesRequest, ConvertIssuedCodesResponse
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode
from warifu.clock import Clock
from warifu.curve.group import RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import encrypt_code, hedged_randomness
from warifu.exchange.context import NO_ITEM, NO_PROCEDURE, ContextKind, ExchangeContext, ExchangeFlags
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.signature import SigningKeySource
from warifu.exchange.statements import sign_issue
from warifu.identifiers import InstitutionCode, MyNumber
from warifu.party.held import Refresh, never_newer, newer_than
from warifu.rpc.deadline import pass_on
from warifu_services.authority.code_conversion import CodeConverter, check_answer
from warifu_services.authority.keys import AuthorityKeys
from warifu_services.authority.limits import AcquisitionLimits
from warifu_services.authority.store import AuthorityStore

__all__ = ["LARGEST_BATCH", "IssuedBatch", "Issuer", "TimeLeft"]

LARGEST_BATCH = 1_000
"""The most codes in one batch, and in one call to the hub."""

TimeLeft: TypeAlias = Callable[[], float | None]
"""Says how many seconds the caller will still wait; None when it set no deadline."""

_VALIDITY = timedelta(minutes=5)
_NO_EPOCH = 0  # the authority's point key has none
_PIECE = 50  # people per piece of work, about 20 ms: another call's piece gets its turn in between
_AHEAD = 1  # batches encrypted while the hub is busy with one before them
_MARGIN_S = 0.05


@dataclass(frozen=True, slots=True, repr=False)
class IssuedBatch:
    """For each number in order its converted code or why there is none; and who vouches for it (empty: no code)."""

    results: list[EncryptedCode | Reason]
    receipt: ConversionReceipt


@dataclass(frozen=True, slots=True, repr=False)
class _Prepared:
    """A batch to be sent to the hub: for each number in order the encrypted person point, or why there is none."""

    entry: DirectoryEntry
    request_id: bytes
    results: list[EncryptedCode | Reason]


class Issuer:
    """Issues codes to the agencies of ``directory``. ``workers`` take the arithmetic, so that the event loop breathes."""

    def __init__(
        self,
        *,
        directory: DirectorySource,
        keys: AuthorityKeys,
        signing_key: SigningKeySource,
        store: AuthorityStore,
        converter: CodeConverter,
        clock: Clock,
        workers: Executor,
        limits: AcquisitionLimits | None = None,
        refresh: Refresh = never_newer,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        """``refresh`` takes a newer version of the directory, where agency or hub go by one already."""
        self._limits = limits or AcquisitionLimits()
        self._directories = directory
        self._group = directory.current().group
        self._keys = keys
        self._signing_key = signing_key
        self._store = store
        self._converter = converter
        self._clock = clock
        self._workers = workers
        self._refresh = refresh
        self._random_bytes = random_bytes

    @property
    def _directory(self) -> Directory:
        return self._directories.current()

    async def issue(self, agency: InstitutionCode, numbers: Sequence[str], time_left: TimeLeft) -> IssuedBatch:
        """Codes of ``agency`` for the holders of ``numbers``: at most 1,000, as text from outside.

        A number that is malformed or not designated is refused in its place. Raises: INSTITUTION_UNKNOWN,
        ACQUISITION_LIMITED, DEADLINE_TOO_SHORT, STORE_UNAVAILABLE, HUB_ANSWER_INVALID and what :class:`CodeConverter` raises.
        """
        return await self._convert(await self._prepare(agency, numbers), time_left)

    async def issue_many(
        self, agency: InstitutionCode, batches: AsyncGenerator[Sequence[str], None], time_left: TimeLeft
    ) -> AsyncGenerator[IssuedBatch, None]:
        """The same for one batch after the other, in order; while the hub converts one, the next is being encrypted.

        An error comes after the batches before it. Raises: as :meth:`issue`, and what ``batches`` raises.
        """
        ready: asyncio.Queue[_Prepared | Exception | None] = asyncio.Queue(_AHEAD)
        feeder = asyncio.create_task(self._prepare_ahead(ready, agency, batches))
        try:
            while (prepared := await ready.get()) is not None:
                if isinstance(prepared, Exception):
                    raise prepared
                yield await self._convert(prepared, time_left)
        finally:
            feeder.cancel()
            await asyncio.wait([feeder])

    async def _prepare_ahead(
        self,
        ready: asyncio.Queue[_Prepared | Exception | None],
        agency: InstitutionCode,
        batches: AsyncGenerator[Sequence[str], None],
    ) -> None:
        try:
            async with aclosing(batches):
                async for numbers in batches:
                    await ready.put(await self._prepare(agency, numbers))
        except Exception as error:  # noqa: BLE001  whoever takes it from the queue raises it, in its turn
            await ready.put(error)
        else:
            await ready.put(None)

    async def _prepare(self, agency: InstitutionCode, numbers: Sequence[str]) -> _Prepared:
        entry, request_id = await self._entry(agency), self._random_bytes(16)
        async with self._limits.turn(agency):
            results = await self._looked_up(entry, request_id, numbers)
            misses = sum(isinstance(result, Reason) for result in results)
            self._limits.count(agency, codes=len(results) - misses, misses=misses)
        return _Prepared(entry, request_id, results)

    async def _looked_up(
        self, entry: DirectoryEntry, request_id: bytes, numbers: Sequence[str]
    ) -> list[EncryptedCode | Reason]:
        loop = asyncio.get_running_loop()
        pieces = await asyncio.gather(
            *(
                loop.run_in_executor(
                    self._workers, self._encrypt, entry, request_id, start, numbers[start : start + _PIECE]
                )
                for start in range(0, len(numbers), _PIECE)
            )
        )
        return [result for piece in pieces for result in piece]

    async def _convert(self, prepared: _Prepared, time_left: TimeLeft) -> IssuedBatch:
        request = self._signed(prepared)
        if not request.encrypted_codes:
            return IssuedBatch(prepared.results, ConversionReceipt())
        answer = await self._converter.convert(request, pass_on(time_left(), _MARGIN_S))
        await self._check_answer(request, answer)
        await self._store.count_issued(len(answer.converted_codes))
        codes = iter(answer.converted_codes)
        results = [result if isinstance(result, Reason) else next(codes) for result in prepared.results]
        return IssuedBatch(results, _receipt(request, answer))

    async def _entry(self, agency: InstitutionCode) -> DirectoryEntry:
        """The agency's entry, also of one that joined just now. Raises: INSTITUTION_UNKNOWN."""
        used = self._directory
        try:
            return used.entry(agency, where="caller")
        except WarifuError:
            if not await newer_than(used, self._directories, self._refresh):
                raise
        return self._directory.entry(agency, where="caller")

    async def _check_answer(self, request: ConvertIssuedCodesRequest, answer: ConvertIssuedCodesResponse) -> None:
        """See that the hub signed it, also with a key that is new. Raises: HUB_ANSWER_INVALID."""
        now_ms = self._clock.unix_ms()
        used = self._directory
        try:
            used.check_hub(now_ms, lambda key: check_answer(key, request, answer))
        except WarifuError:
            if not await newer_than(used, self._directories, self._refresh):
                raise
            self._directory.check_hub(now_ms, lambda key: check_answer(key, request, answer))

    def _signed(self, prepared: _Prepared) -> ConvertIssuedCodesRequest:
        """Dated now, for a batch may have waited until its caller read the ones before it."""
        context = self._context(prepared.entry, prepared.request_id).encode()
        codes = [result for result in prepared.results if not isinstance(result, Reason)]
        signature = sign_issue(self._signing_key.current(), context, codes)
        return ConvertIssuedCodesRequest(context=context, encrypted_codes=codes, authority_signature=signature)

    def _encrypt(
        self, entry: DirectoryEntry, request_id: bytes, start: int, numbers: Sequence[str]
    ) -> list[EncryptedCode | Reason]:
        """One piece of a batch, which begins at place ``start`` of it; runs on a worker."""
        lookups = [self._lookup(number) for number in numbers]
        holders = iter(self._store.holders([lookup for lookup in lookups if lookup is not None]))
        results: list[EncryptedCode | Reason] = []
        for place, lookup in enumerate(lookups, start):
            person_id = None if lookup is None else next(holders)
            if person_id is not None:
                results.append(self._encrypt_person(entry, person_id, request_id + place.to_bytes(4, "big")))
            else:
                results.append(Reason.NUMBER_MALFORMED if lookup is None else Reason.NUMBER_NOT_DESIGNATED)
        return results

    def _encrypt_person(self, entry: DirectoryEntry, person_id: bytes, once: bytes) -> EncryptedCode:
        point = self._keys.point(person_id)
        r = hedged_randomness(self._group, self._keys.hedge_key, point, once, self._random_bytes)
        encrypted = encrypt_code(self._group, point, entry.joint_key, r)
        return EncryptedCode(c1=encrypted.c1, c2=encrypted.c2)

    def _lookup(self, text: str) -> bytes | None:
        try:
            return self._keys.number_lookup(MyNumber.parse(text))
        except WarifuError:
            return None

    def _context(self, entry: DirectoryEntry, request_id: bytes) -> ExchangeContext:
        now = self._clock.unix_ms()
        return ExchangeContext(
            suite=self._group.suite,
            kind=ContextKind.ISSUE,
            request_id=request_id,
            inquirer=self._directory.authority,
            provider=entry.institution,
            item_code=NO_ITEM,
            procedure_code=NO_PROCEDURE,
            flags=ExchangeFlags.NONE,
            issued_ms=now,
            expires_ms=now + _VALIDITY // timedelta(milliseconds=1),
            epoch_from=_NO_EPOCH,
            epoch_to=entry.epoch,
            key_id_to=entry.key_id,
        )


def _receipt(request: ConvertIssuedCodesRequest, answer: ConvertIssuedCodesResponse) -> ConversionReceipt:
    """All that the agency needs to check the hub's conversions itself."""
    return ConversionReceipt(
        context=request.context,
        hub_signature=answer.hub_signature,
        encrypted_codes=request.encrypted_codes,
        authority_signature=request.authority_signature,
        conversion_proofs=answer.conversion_proofs,
    )
