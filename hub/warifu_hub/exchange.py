"""One mediated exchange, step by step.

Decides the order of things; the decisions themselves are in ``exchange_rules``, the permissions in ``warifu.permissions``, the
cryptography in ``translate``. The steps carry the design's numbers:

    (3.0) identity: the certificate's institution is the one the inquiry is from
    (3.1) shape and limits, keys in force
    (3.2) enough of the deadline left
    (3.3) a permission row, and the assessments in force: before the person's code or row is touched
    (3.4) replay: the same request_id and bytes get the same answer, other bytes are refused. What was permitted once is
          not permitted again: it ends as what it was, whatever (3.1) to (3.3) would say by now
    (3.5) the inquirer's signature, and its proof that it made the encrypted code itself
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
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeAlias

from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.clock import Clock, day_in_japan, whole_minute
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ExchangeContext
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.proof_policy import PolicyKind
from warifu.exchange.statements import answer_digest, check_answer, check_inquiry, inquiry_digest, sign_permit
from warifu.lockstep import in_lockstep, pause
from warifu.permissions.decision import decide_permission
from warifu.permissions.table import PermissionTable
from warifu.pki import Identity
from warifu.rpc.deadline import kept_back, outcome_within, pass_on
from warifu_hub import leaves
from warifu_hub.exchange_rules import (
    answered_state,
    check_identity,
    check_made_by_inquirer,
    check_shape,
    failed_state,
    fault_of,
    find_keys,
    must_be_same,
)
from warifu_hub.leaves import ReceivedInquiry
from warifu_hub.own_keys import KeysSource
from warifu_hub.room import Room
from warifu_hub.store import ExchangeState, HubStore, StoredExchange
from warifu_hub.translate import Party

__all__ = ["MARGIN_SECONDS", "MediatedExchange", "Mediator", "Providers"]

MARGIN_SECONDS = 0.1
"""What the hub keeps of a deadline for itself: logging the outcome and relaying the answer."""

RELAY_SECONDS = 0.03
"""What is left of it when a caller whose exchange has not ended is told so; the exchange goes on."""

_RELAY_SHARE = 0.03
"""Of the time at hand, where that is more: less than :func:`pass_on` keeps, so that the outcome is there first."""

LONGEST_EXCHANGE_SECONDS = 40.0
"""How long a caller without a deadline is kept waiting."""

SHORTEST_PROVISION_SECONDS = 0.05
"""A provider is not asked when less than this is left for it."""

_NOT_NOW = frozenset({Reason.DEADLINE_TOO_SHORT, Reason.OVERLOADED})
"""Why an exchange is not asked for again at this moment; it stays as it is."""


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
    """An inquiry that passed steps 3.0 to 3.3, now or when it was permitted."""

    asked: ReceivedInquiry
    context: ExchangeContext
    inquiry: SignedInquiry
    encrypted: EncryptedCode
    inquirer: DirectoryEntry
    provider: DirectoryEntry
    permission_row: str
    ask_until: float


_Known: TypeAlias = asyncio.Task[MediatedExchange] | StoredExchange


class Mediator:
    """Mediates exchanges for one hub process.

    ``check_log`` raises LOG_BEHIND while nothing may be logged. Concurrent calls with the same request_id share one exchange,
    also those of another mediator in the same ``room``.
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
        room: Room[MediatedExchange] | None = None,
    ) -> None:
        self._directories = directory
        self._permissions = permissions
        self._keys = keys
        self._store = store
        self._providers = providers
        self._clock = clock
        self._check_log = check_log
        self._random_bytes = random_bytes
        self._room = room or Room[MediatedExchange]()

    @property
    def _directory(self) -> Directory:
        return self._directories.current()

    async def exchange(self, caller: Identity, inquiry: SignedInquiry, left: float | None) -> MediatedExchange:
        """Mediate one exchange for ``caller``, who waits ``left`` seconds (None: no deadline).

        Raises:
            WarifuError: every reason listed at ``HubService.Exchange``. A refusal is in the log before it is raised; if
                it cannot be logged, LOG_UNAVAILABLE is raised instead. Three are not logged: OVERLOADED and LOG_BEHIND,
                for nothing was decided then, and HUB_TIMED_OUT, for the exchange goes on, or may be asked for again, and
                its end is logged when it comes.
        """
        self._check_log()
        now = asyncio.get_running_loop().time
        await self._room.refuse_the_often_refused(caller)
        give_up = now() + (
            LONGEST_EXCHANGE_SECONDS if left is None else left - kept_back(left, RELAY_SECONDS, share=_RELAY_SHARE)
        )
        asked = ReceivedInquiry(
            caller=caller.institution, context=None, digest=inquiry_digest(inquiry), citizen_tag=inquiry.citizen_tag
        )
        try:
            context = ExchangeContext.decode(inquiry.context, where="inquiry.context")
            asked = replace(asked, context=context)
            check_identity(caller, context)  # (3.0)
            found = self._known(context, asked.digest) or await self._new(inquiry, asked, context, left)
        except WarifuError as refusal:
            if refusal.reason is Reason.OVERLOADED:
                raise
            self._room.refused(caller)
            await self._store.append_leaf(leaves.refused_leaf(asked, refusal.reason, self._clock.now()))
            raise
        if isinstance(found, StoredExchange) and found.state.final:
            return _given_before(found)
        if isinstance(found, StoredExchange):
            found = await self._begun_again(inquiry, asked, context, left, found)
        elif isinstance(found, _Admitted):
            found = self._begun(found, None)
        return await outcome_within(found, give_up - now(), otherwise=_still_under_way())

    async def _new(
        self, inquiry: SignedInquiry, asked: ReceivedInquiry, context: ExchangeContext, left: float | None
    ) -> _Admitted | _Known:
        """Steps 3.1 to 3.5 of an inquiry that was never permitted; or its exchange, which another call began meanwhile."""
        self._room.check(
            context, left
        )  # before anything that costs: what cannot end in time takes nothing from what can
        admitted = self._admit(inquiry, asked, context, left)
        await pause()
        under_way = self._task(context, asked.digest)
        if under_way is None:
            context.check_times(self._clock.now(), where="inquiry.context")
            await pause()
            check_inquiry(admitted.inquirer.signing_key, inquiry)  # (3.5)
            await pause()
            check_made_by_inquirer(inquiry, admitted.encrypted, self._directory)
            under_way = self._task(context, asked.digest)
        return under_way or admitted

    def _admit(
        self,
        inquiry: SignedInquiry,
        asked: ReceivedInquiry,
        context: ExchangeContext,
        left: float | None,
        permitted: StoredExchange | None = None,
    ) -> _Admitted:
        """Steps 3.1 to 3.3; with ``permitted`` without 3.3, which was decided when the permit was given."""
        encrypted = check_shape(inquiry, context, self._directory)  # (3.1)
        inquirer, provider = find_keys(context, self._directory)
        timeout = pass_on(left, MARGIN_SECONDS, at_least=SHORTEST_PROVISION_SECONDS)  # (3.2)
        if permitted is None:
            withdrawn = self._store.withdrawn_assessments()
            row = decide_permission(context, inquirer, provider, self._permissions, withdrawn).row_number  # (3.3)
        else:
            row = permitted.permission_row
        return _Admitted(
            asked=asked,
            context=context,
            inquiry=inquiry,
            encrypted=encrypted,
            inquirer=inquirer,
            provider=provider,
            permission_row=row,
            ask_until=asyncio.get_running_loop().time() + timeout,
        )

    def _known(self, context: ExchangeContext, digest: bytes) -> _Known | None:
        """Step 3.4. The exchange under this request_id: under way, or as it is stored. Raises: REQUEST_REUSED."""
        under_way = self._task(context, digest)
        if under_way is not None:
            return under_way
        stored = self._store.find_exchange(context.inquirer, context.request_id)
        if stored is not None:
            must_be_same(stored.inquiry_digest, digest)
        return stored

    def _task(self, context: ExchangeContext, digest: bytes) -> asyncio.Task[MediatedExchange] | None:
        """Step 3.4 of an exchange that is under way: the same bytes share it."""
        found = self._room.find(context.key)
        if found is None:
            return None
        must_be_same(found[0], digest)
        return found[1]

    async def _begun_again(
        self,
        inquiry: SignedInquiry,
        asked: ReceivedInquiry,
        context: ExchangeContext,
        left: float | None,
        stored: StoredExchange,
    ) -> asyncio.Task[MediatedExchange]:
        """Ask again for what was permitted and has not ended. It is no new inquiry, so that it cannot be refused as one.

        Raises: HUB_TIMED_OUT when there is no time or room for it now; ASKED_BEFORE, in the log too, when it cannot be
        asked any more.
        """
        try:
            admitted = self._admit(inquiry, asked, context, left, stored)
            return self._begun(admitted, stored)
        except WarifuError as error:
            if error.reason in _NOT_NOW:
                raise WarifuError(Reason.HUB_TIMED_OUT, where=f"{error.reason.value} {error.where}".rstrip()) from None
            failed = fault_of(stored, error)
        await self._close_failed(asked, stored, failed)
        raise failed

    def _begun(self, admitted: _Admitted, stored: StoredExchange | None) -> asyncio.Task[MediatedExchange]:
        """Begin steps 3.6 to 3.10, once per request_id; they go to their end even when the caller has gone."""
        return self._room.begin(admitted.context, admitted.asked.digest, lambda: self._mediate(admitted, stored))

    async def _mediate(self, admitted: _Admitted, known: StoredExchange | None) -> MediatedExchange:
        recording = asyncio.create_task(
            self._record(admitted, known)
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
        except Exception as fault:  # noqa: BLE001  # a fault of ours is an end of the exchange too
            failed = fault_of(known, fault)
            await self._close_failed(admitted.asked, await recording, failed)
            raise failed from None
        if closed.state is not stored.state:  # a poll that finds a pending answer still pending is no event
            leaf = self._closing_leaf(admitted, closed, answer)
            await self._store.close_exchange(closed, leaf, answered_by=admitted.provider.institution)  # (3.9)
        return MediatedExchange(stored=closed, answer=answer)  # (3.10)

    async def _record(self, admitted: _Admitted, known: StoredExchange | None) -> StoredExchange:
        """Step 3.6. Give the exchange its number and put the permit into the log, durably; once, if it is known."""
        if known is not None and known.state is ExchangeState.UNASKED:
            await self._store.reopen_exchange(known)  # should this process end now, the provider may have been asked
            return replace(known, state=ExchangeState.OPEN)
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
                permit_ms=whole_minute(int(now.timestamp() * 1000)),
            )
            position = await self._store.open_exchange(stored, leaves.permitted_leaf(admitted.asked, stored, now))
            if position is not None:
                return replace(stored, permitted_position=position)

    def _processing_number(self, now: datetime) -> str:
        """Day in Japan and twelve random digits: never a function of the person. A number that is taken is drawn again."""
        return f"{day_in_japan(now):%Y%m%d}{int.from_bytes(self._random_bytes(16)) % 10**12:012d}"

    async def _convert(self, admitted: _Admitted, permit: ProvisionPermit) -> None:
        """Step 3.7. Blind: in goes an encryption of the inquirer's code, out comes one of the provider's.

        The same inquiry always gives the same conversion; its proof is new each time. Whether it is proven in advance, the
        directory says.
        """
        conversion = self._keys.current().translator.conversion(
            context=admitted.inquiry.context,
            encrypted=admitted.encrypted,
            from_=Party.of(admitted.inquirer),
            to=Party.of(admitted.provider),
            to_key=admitted.provider.agency_key,
            proven=self._directory.proof_policy.kind is PolicyKind.ALWAYS,
        )
        converted, permit.conversion_proof = await in_lockstep(conversion)
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
            provider_tag=answer.citizen_tag,
            answer_digest=answer_digest(
                answer, asked=admitted.asked.digest, processing_number=stored.processing_number
            ),
        )

    async def _close_failed(self, asked: ReceivedInquiry, stored: StoredExchange, error: Exception) -> None:
        reason = error.reason if isinstance(error, WarifuError) else Reason.INTERNAL
        failed = replace(stored, state=failed_state(error))
        leaf = leaves.closing_leaf(asked, failed, self._clock.now(), reason=reason)
        await self._store.close_exchange(failed, leaf)


def _left_for_provider(admitted: _Admitted) -> float:
    """Seconds: what steps 3.4 to 3.8 have left of them, and never too few to ask at all, for the permit is given."""
    return max(admitted.ask_until - asyncio.get_running_loop().time(), SHORTEST_PROVISION_SECONDS)


def _given_before(stored: StoredExchange) -> MediatedExchange:
    if not stored.answer:
        raise WarifuError(Reason.ASKED_BEFORE, where="inquiry.context.request_id: the answer is no longer kept")
    return MediatedExchange(stored=stored, answer=SignedAnswer.FromString(stored.answer))
