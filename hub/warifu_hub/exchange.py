"""One mediated exchange, step by step.

Decides the order of things; the decisions themselves are in ``exchange_rules``, the permissions in ``permissions``, the
cryptography in ``translate``. The steps carry the design's numbers:

    (3.0) identity: the certificate's institution is the one the inquiry is from
    (3.1) shape and limits, keys in force
    (3.2) enough of the deadline left
    (3.3) a permission row, and the assessments in force: before the person's code or row is touched
    (3.4) replay: the same request_id and bytes get the same answer, other bytes are refused
    (3.5) the inquirer's signature
    (3.6) processing number given, permit in the log, durably, before anything leaves
    (3.7) blind conversion, rerandomised
    (3.8) permit signed and forwarded to the provider
    (3.9) outcome in the log
    (3.10) answer relayed, still sealed

Exchanges that came together go through each step in lockstep (``warifu.lockstep``). It knows neither gRPC nor how a
request arrived, so unary calls and streams share it. It never sees a My Number, a code or a payload: everything about the person
is in ``encrypted_code`` and ``sealed_query``, which it cannot open.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeAlias

from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.clock import Clock, day_in_japan
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ExchangeContext, ExchangeKey
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.statements import answer_digest, check_answer, check_inquiry, inquiry_digest, sign_permit
from warifu.identifiers import InstitutionCode
from warifu.lockstep import in_lockstep, pause
from warifu.pki import Identity
from warifu.rpc.deadline import outcome_within, pass_on
from warifu.rpc.token_bucket import Buckets, Rate
from warifu_hub import leaves
from warifu_hub.exchange_rules import answered_state, check_identity, check_shape, decide_permission, find_keys
from warifu_hub.leaves import ReceivedInquiry
from warifu_hub.own_keys import KeysSource
from warifu_hub.permissions import PermissionTable
from warifu_hub.store import ExchangeState, HubStore, StoredExchange
from warifu_hub.translate import Party

__all__ = ["MARGIN_SECONDS", "MOST_OF_ONE", "REFUSALS", "MediatedExchange", "Mediator", "Providers"]

MARGIN_SECONDS = 0.1
"""What the hub keeps of a deadline for itself: logging the outcome and relaying the answer."""

RELAY_SECONDS = 0.03
"""What is left of it when a caller whose exchange has not ended is told so; the exchange goes on."""

LONGEST_EXCHANGE_SECONDS = 40.0
"""How long a caller without a deadline is kept waiting."""

SHORTEST_PROVISION_SECONDS = 0.05
"""A provider is not asked when less than this is left for it."""

MOST_UNDER_WAY = 1024
"""Exchanges under way at once; above it callers are told to come back."""

MOST_OF_ONE = MOST_UNDER_WAY // 2
"""Of those, by one inquirer, and at one provider: one that is busy, or has stopped, leaves room for the others."""

REFUSALS = Rate(per_second=20.0, burst=2000)
"""How often an inquirer is refused, each time with a leaf; above it nothing of its is decided, and so nothing logged."""

REFUSALS_PAUSE_SECONDS = 5.0
"""How long it then waits for being told so: whoever asks at once again keeps a place under way, and no more."""


_Sides: TypeAlias = tuple[tuple[str, InstitutionCode], tuple[str, InstitutionCode]]


def _still_under_way() -> WarifuError:
    return WarifuError(Reason.HUB_TIMED_OUT, where="deadline", debug="the exchange goes on")


class Providers(Protocol):
    """Carries a permit to a provider and brings its answer back. Its failures have the provider in their reason."""

    async def provide(self, provider: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        """The provider's answer. Raises: PROVIDER_UNREACHABLE, PROVIDER_TIMED_OUT, PROVIDER_FAILED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediatedExchange:
    """What the inquirer gets: the answer as signed by the provider, and under what it was permitted."""

    stored: StoredExchange
    answer: SignedAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Admitted:
    """An inquiry that passed steps 3.0 to 3.3."""

    asked: ReceivedInquiry
    context: ExchangeContext
    inquiry: SignedInquiry
    encrypted: EncryptedCode
    inquirer: DirectoryEntry
    provider: DirectoryEntry
    permission_row: str
    ask_until: float


class Mediator:
    """Mediates exchanges for one hub process.

    ``check_log`` raises LOG_BEHIND while nothing may be logged. ``random_bytes`` gives processing numbers their randomness. Concurrent calls with the same request_id share one
    exchange.
    """

    def __init__(
        self,
        *,
        directory: DirectorySource,
        permissions: PermissionTable,
        keys: KeysSource,
        store: HubStore,
        providers: Providers,
        clock: Clock,
        check_log: Callable[[], None] = lambda: None,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._directories = directory
        self._permissions = permissions
        self._keys = keys
        self._store = store
        self._providers = providers
        self._clock = clock
        self._check_log = check_log
        self._random_bytes = random_bytes
        self._under_way: dict[ExchangeKey, tuple[bytes, asyncio.Task[MediatedExchange]]] = {}
        self._sides: Counter[tuple[str, InstitutionCode]] = Counter()
        self._refusals = Buckets(REFUSALS)

    @property
    def _directory(self) -> Directory:
        return self._directories.current()

    async def exchange(self, caller: Identity, inquiry: SignedInquiry, left: float | None) -> MediatedExchange:
        """Mediate one exchange for ``caller``, who waits ``left`` seconds (None: no deadline).

        Raises:
            WarifuError: every reason listed at ``HubService.Exchange``. A refusal is in the log before it is raised; if
                it cannot be logged, LOG_UNAVAILABLE is raised instead. Three are not logged: OVERLOADED and LOG_BEHIND,
                for nothing was decided then, and HUB_TIMED_OUT, for the exchange goes on and its end is logged when it
                comes.
        """
        self._check_log()
        now = asyncio.get_running_loop().time
        if self._refusals.level(caller, now()) < 1.0:
            await asyncio.sleep(REFUSALS_PAUSE_SECONDS)
            raise WarifuError(Reason.OVERLOADED, where="refusals")
        give_up = now() + (LONGEST_EXCHANGE_SECONDS if left is None else left - RELAY_SECONDS)
        asked = ReceivedInquiry(caller=caller.institution, context=None, digest=inquiry_digest(inquiry))
        try:
            context = ExchangeContext.decode(inquiry.context, where="inquiry.context")
            asked = ReceivedInquiry(caller=caller.institution, context=context, digest=asked.digest)
            admitted = self._admit(caller, inquiry, asked, context, left)
            await pause()
            stored, under_way = self._known(admitted), self._task(admitted)  # (3.4)
            if stored is not None and stored.state.final:
                return _given_before(stored)
            if stored is None:
                await pause()
                check_inquiry(admitted.inquirer.signing_key, inquiry)  # (3.5)
                under_way = under_way or self._task(admitted)  # one may have begun since (3.4)
        except WarifuError as refusal:
            self._refusals.take(caller, now())
            await self._store.append_leaf(leaves.refused_leaf(asked, refusal.reason, self._clock.now()))
            raise
        work = under_way or self._begun(admitted, stored)
        return await outcome_within(work, give_up - now(), otherwise=_still_under_way())

    def _admit(
        self,
        caller: Identity,
        inquiry: SignedInquiry,
        asked: ReceivedInquiry,
        context: ExchangeContext,
        left: float | None,
    ) -> _Admitted:
        check_identity(caller, context)  # (3.0)
        encrypted = check_shape(inquiry, context, self._directory)  # (3.1)
        inquirer, provider = find_keys(context, self._directory)
        timeout = pass_on(left, MARGIN_SECONDS, at_least=SHORTEST_PROVISION_SECONDS)  # (3.2)
        withdrawn = self._store.withdrawn_assessments()
        permission = decide_permission(context, inquirer, provider, self._permissions, withdrawn)  # (3.3)
        return _Admitted(
            asked=asked,
            context=context,
            inquiry=inquiry,
            encrypted=encrypted,
            inquirer=inquirer,
            provider=provider,
            permission_row=permission.row_number,
            ask_until=asyncio.get_running_loop().time() + timeout,
        )

    def _known(self, admitted: _Admitted) -> StoredExchange | None:
        """Step 3.4. The exchange already stored under this request_id, if it is the same; a new one must be fresh."""
        context = admitted.context
        stored = self._store.find_exchange(context.inquirer, context.request_id)
        if stored is not None:
            _must_be_same(stored.inquiry_digest, admitted)
        elif context.key not in self._under_way:
            context.check_times(self._clock.now(), where="inquiry.context")
        return stored

    def _task(self, admitted: _Admitted) -> asyncio.Task[MediatedExchange] | None:
        """Step 3.4 likewise, for an exchange that is under way: the same bytes share it."""
        found = self._under_way.get(admitted.context.key)
        if found is None:
            return None
        _must_be_same(found[0], admitted)
        return found[1]

    def _begun(self, admitted: _Admitted, stored: StoredExchange | None) -> asyncio.Task[MediatedExchange]:
        """Begin steps 3.6 to 3.10, once per request_id; they go to their end even when the caller has gone."""
        parties = (("inquirer", admitted.inquirer.institution), ("provider", admitted.provider.institution))
        for side in parties:
            if self._sides[side] >= MOST_OF_ONE:
                raise WarifuError(Reason.OVERLOADED, where=side[0])
        if len(self._under_way) >= MOST_UNDER_WAY:
            raise WarifuError(Reason.OVERLOADED)
        key = admitted.context.key
        task = asyncio.create_task(self._mediate(admitted, stored))
        self._under_way[key] = (admitted.asked.digest, task)
        self._sides.update(parties)
        task.add_done_callback(lambda ended: self._ended(key, parties, ended))
        return task

    def _ended(self, key: ExchangeKey, parties: _Sides, task: asyncio.Task[MediatedExchange]) -> None:
        del self._under_way[key]
        for side in parties:
            self._sides[side] -= 1
            if not self._sides[side]:
                del self._sides[side]
        if not task.cancelled():
            task.exception()  # seen here, so that an exchange whose caller has gone does not warn

    async def _mediate(self, admitted: _Admitted, stored: StoredExchange | None) -> MediatedExchange:
        recording = asyncio.create_task(
            self._record(admitted, stored)
        )  # (3.6): the disk works on it while the hub converts
        await pause()  # a task begins only when this one pauses
        try:
            permit = ProvisionPermit(inquiry=admitted.inquiry)
            await self._convert(admitted, permit)  # (3.7)
            stored = await recording  # nothing leaves before this is on disk
            await pause()
            await self._sign(admitted, permit, stored)  # (3.8)
            answer = await self._providers.provide(admitted.provider, permit, _left_for_provider(admitted))
            await pause()
            closed = self._closed(admitted, stored, answer)
        except Exception as error:  # a fault of ours is an end of the exchange too
            await self._failed(admitted, await recording, error)
            raise
        if closed.state is not stored.state:  # a poll that finds a pending answer still pending is no event
            leaf = self._closing_leaf(admitted, closed, answer)
            await self._store.close_exchange(closed, leaf, answered_by=admitted.provider.institution)  # (3.9)
        return MediatedExchange(stored=closed, answer=answer)  # (3.10)

    async def _record(self, admitted: _Admitted, known: StoredExchange | None) -> StoredExchange:
        """Step 3.6. Give the exchange its number and put the permit into the log, durably; once, if it is known."""
        if known is not None:
            return known
        now = self._clock.now()
        while True:
            stored = StoredExchange(
                inquirer=admitted.context.inquirer,
                request_id=admitted.context.request_id,
                inquiry_digest=admitted.asked.digest,
                processing_number=self._processing_number(now),
                permission_row=admitted.permission_row,
                permit_ms=int(now.timestamp() * 1000),
            )
            position = await self._store.open_exchange(stored, leaves.permitted_leaf(admitted.asked, stored, now))
            if position is not None:
                return replace(stored, permitted_position=position)

    def _processing_number(self, now: datetime) -> str:
        """Day in Japan and twelve random digits: never a function of the person. A number that is taken is drawn again."""
        return f"{day_in_japan(now):%Y%m%d}{int.from_bytes(self._random_bytes(16)) % 10**12:012d}"

    async def _convert(self, admitted: _Admitted, permit: ProvisionPermit) -> None:
        """Step 3.7. Blind: in goes an encryption of the inquirer's code, out comes one of the provider's.

        The same inquiry always gives the same conversion, so a request made again gets the same permit.
        """
        conversion = self._keys.current().translator.conversion(
            context=admitted.inquiry.context,
            encrypted=admitted.encrypted,
            from_=Party.of(admitted.inquirer),
            to=Party.of(admitted.provider),
            to_key=admitted.provider.agency_key,
        )
        converted = await in_lockstep(conversion)
        permit.converted_code.CopyFrom(EncryptedCodeMessage(c1=converted.c1, c2=converted.c2))

    async def _sign(self, admitted: _Admitted, permit: ProvisionPermit, stored: StoredExchange) -> None:
        """Step 3.8. The permit is the hub's word that this exchange is in its log."""
        permit.processing_number = stored.processing_number
        permit.permission_row = stored.permission_row
        permit.permit_time.CopyFrom(leaves.timestamp_ms(stored.permit_ms))
        signing_key, to = self._keys.current().signing_key, admitted.provider.institution
        signing = sign_permit.paced(signing_key, permit, admitted.asked.digest, to=to)
        await in_lockstep(signing)

    def _closed(self, admitted: _Admitted, stored: StoredExchange, answer: SignedAnswer) -> StoredExchange:
        """The exchange as the answer leaves it, once the answer is shown to be the provider's and to this exchange."""
        state = answered_state(answer)
        try:
            check_answer(
                admitted.provider.signing_key,
                answer,
                asked=admitted.asked.digest,
                processing_number=stored.processing_number,
            )
        except WarifuError as error:
            raise WarifuError(Reason.PROVIDER_ANSWER_INVALID, where=error.where) from error
        return replace(stored, state=state, answer=answer.SerializeToString())

    def _closing_leaf(self, admitted: _Admitted, stored: StoredExchange, answer: SignedAnswer) -> bytes:
        return leaves.closing_leaf(
            admitted.asked,
            stored,
            self._clock.now(),
            reason=Reason.RELEASE_REFUSED if stored.state is ExchangeState.REFUSED else None,
            answer_digest=answer_digest(
                answer, asked=admitted.asked.digest, processing_number=stored.processing_number
            ),
        )

    async def _failed(self, admitted: _Admitted, stored: StoredExchange, error: Exception) -> None:
        reason = error.reason if isinstance(error, WarifuError) else Reason.INTERNAL
        failed = replace(stored, state=ExchangeState.FAILED)
        leaf = leaves.closing_leaf(admitted.asked, failed, self._clock.now(), reason=reason)
        await self._store.close_exchange(failed, leaf)


def _left_for_provider(admitted: _Admitted) -> float:
    """Seconds: what steps 3.4 to 3.8 have left of them, and never too few to ask at all, for the permit is given."""
    return max(admitted.ask_until - asyncio.get_running_loop().time(), SHORTEST_PROVISION_SECONDS)


def _must_be_same(digest: bytes, admitted: _Admitted) -> None:
    if digest != admitted.asked.digest:
        raise WarifuError(Reason.REQUEST_REUSED, where="inquiry.context.request_id")


def _given_before(stored: StoredExchange) -> MediatedExchange:
    if not stored.answer:
        raise WarifuError(Reason.REQUEST_REUSED, where="inquiry.context.request_id", debug="answer no longer kept")
    return MediatedExchange(stored=stored, answer=SignedAnswer.FromString(stored.answer))
