"""One inquiry of ours, from the business system's question to its answer.

Decides the order in which an inquirer acts and what becomes of an inquiry; how it is built and opened is in
``warifu.exchange.inquiry``. Nothing is sent that is not stored, and nothing is handed over that is not recorded. An inquiry is
built once: retries send the same bytes, so the hub gives the same answer, also after either side restarted.

    (2.1) the person's code, or CODE_NOT_ACQUIRED and nothing is sent
    (2.2) the inquiry built, and stored with its record, durably
    (2.3) sent; while the hub cannot be reached, sent again
    (5.1) the answer verified and opened
    (5.2) the end stored, durably; what sending again needed is erased

It knows no gRPC: the hub is a :class:`HubPort`. It never sees a My Number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Protocol

from warifu.agency import Absence
from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import LONGEST_VALIDITY
from warifu.exchange.directory import DirectorySource
from warifu.lockstep import pause
from warifu.rpc.backlog import Backlog
from warifu.rpc.deadline import outcome_within, pass_on
from warifu.rpc.logging import EventLog, error_fields, get_logger, raised_at
from warifu_services.node.gossip import SILENT, Gossip
from warifu_services.node.inquiry_book import InquiryBook, InquiryRequest, InquiryResult, OpenInquiry
from warifu_services.node.inquiry_end import (
    as_told,
    asked_before,
    believed,
    ended_well,
    ended_with,
    is_at_the_door,
    may_be_provided,
)
from warifu_services.node.keys import KeysSource
from warifu_services.node.spread import AT_ONCE, Spread
from warifu_services.node.standing import LEVEL, Level
from warifu_services.node.store import ExchangeOutcome, NodeStore

__all__ = ["LONGEST_WAIT_SECONDS", "MOST_WAITED_FOR", "HubPort", "Inquirer"]

MARGIN_SECONDS = 0.05
"""What the node keeps of a deadline for itself: verifying, and storing the end."""

RELAY_SECONDS = 0.02
"""What is left of it when a caller whose inquiry has not ended is told so; the inquiry goes on."""

MOST_WAITED_FOR = 256
"""Inquiries that somebody waits for, at a time: as many as keep three processes busy; more would wait, and then end together."""

LONGEST_WAIT_SECONDS = 30.0
"""How long FetchAnswer may be asked to wait."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0
_SHORTEST_ATTEMPT_S = 0.05
_LONGEST_ATTEMPT_S = 30.0
_BACKGROUND_S = LONGEST_VALIDITY.total_seconds()
_RESUMED_AT_ONCE = 16
_SHARES = frozenset({"", "inquirer", "provider"})
"""Where a hub says that it is overloaded of the exchanges under way, which end: then there is room again."""

_NOTHING_LEARNT = frozenset({Reason.HUB_UNREACHABLE, Reason.HUB_TIMED_OUT})


class _NotLetInError(WarifuError):
    """An inquiry that was sent before did not come through the hub's door this time."""


class HubPort(Protocol):
    """The hub, however it is reached."""

    async def exchange(self, inquiry: SignedInquiry, timeout: float) -> ExchangeResponse:
        """What came of one exchange.

        Raises:
            WarifuError: what the hub said; HUB_UNREACHABLE or HUB_TIMED_OUT when it said nothing.
        """


class Inquirer:
    """Makes inquiries for one agency. Concurrent calls about one request_id share one exchange."""

    def __init__(
        self,
        *,
        keys: KeysSource,
        directory: DirectorySource,
        store: NodeStore,
        hub: HubPort,
        bulk: HubPort | None = None,
        clock: Clock,
        standing: Level = LEVEL,
        gossip: Gossip = SILENT,
        spread: Spread = AT_ONCE,
    ) -> None:
        """``spread`` says when what nobody waits for is sent; ``bulk`` is the way of what is asked in bulk, ``hub`` unless given."""
        self._spread = spread
        self._standing = standing
        self._store = store
        self._hub = hub
        self._bulk = bulk or hub
        self._clock = clock
        self._book = InquiryBook(keys=keys, directory=directory, store=store, clock=clock, gossip=gossip)
        self._backlog = Backlog(where="node")
        self._under_way: dict[bytes, asyncio.Task[InquiryResult]] = {}
        self._background: set[asyncio.Task[None]] = set()

    async def inquire(self, asked: InquiryRequest, left: float | None, *, in_bulk: bool = False) -> InquiryResult:
        """Ask, and wait for the end or for PENDING, at most ``left`` seconds (None: half a minute).

        ``in_bulk``: one of many that nobody waits for by itself. Where the hub has no room for it now, it is sent again.

        Raises:
            WarifuError: every reason listed at ``NodeService.Inquire``.
        """
        if in_bulk:
            return await self._inquire(asked, left, in_bulk=True)
        try:
            self._backlog.check(left, MOST_WAITED_FOR)
        except WarifuError as error:
            raise self._as_told(asked.question.request_id, error) from None
        with self._backlog.place():
            return await self._inquire(asked, left, in_bulk=False)

    async def _inquire(self, asked: InquiryRequest, left: float | None, *, in_bulk: bool) -> InquiryResult:
        request_id = asked.question.request_id
        give_up = _now() + self._patience(request_id, left, MARGIN_SECONDS, at_most=_LONGEST_ATTEMPT_S)
        self._standing.check()
        opened = await self._book.begin(asked)  # (2.1), (2.2)
        if not opened.kept.sealed_secrets:
            return _handed_over(self._book.result(opened.kept))
        return _handed_over(await self.send(opened, give_up - _now(), in_bulk=in_bulk))

    async def submit(self, asked: InquiryRequest) -> None:
        """Take an inquiry durably and go on with it in the background, where there is a spread at a moment within it.

        Raises:
            WarifuError: REQUEST_MALFORMED, INSTITUTION_UNKNOWN, CODE_NOT_ACQUIRED, REQUEST_REUSED, ASKED_BEFORE,
                STORE_UNAVAILABLE, RECORDS_BEHIND, LOG_BEHIND.
        """
        self._standing.check()
        now_ms = self._clock.unix_ms()
        send_ms = self._spread.send_ms(now_ms)
        opened = await self._book.begin(asked, send_ms if self._spread else None)
        if opened.kept.record.outcome is ExchangeOutcome.OPEN:
            wait_s = (send_ms - now_ms) / 1000 if self._spread and opened.secrets is not None else None
            self._in_background(self._try(opened, wait_s))

    async def fetch(self, request_id: bytes, wait: float, left: float | None) -> InquiryResult:
        """What came so far of an inquiry made before. One that has not ended is sent again, with the same bytes.

        Waits at most ``wait`` seconds for that, 0 not at all, and never past the deadline, ``left`` seconds from now.
        What has not ended by then is told as it stood before: open, or pending.

        Raises:
            WarifuError: as :meth:`inquire`, and INQUIRY_UNKNOWN. Without waiting, what the last attempt failed with.
        """
        patience = min(wait, self._patience(request_id, left, RELAY_SECONDS, at_most=LONGEST_WAIT_SECONDS))
        opened = self._book.find(request_id)
        if not opened.kept.sealed_secrets:
            return _handed_over(self._book.result(opened.kept))
        attempted = request_id not in self._under_way  # there was an attempt, and it is over
        attempt = self._attempt(opened, _LONGEST_ATTEMPT_S)
        if patience > 0:
            await asyncio.wait((attempt,), timeout=patience)
        if attempt.done():
            return _handed_over(attempt.result())
        so_far = self._book.result(opened.kept)
        return _handed_over(so_far) if attempted and patience <= 0 else so_far

    def resume(self) -> None:
        """Go on, in the background, with every inquiry whose end this node did not see before it stopped."""
        self._in_background(self._resume())

    async def close(self) -> None:
        """Stop what is under way. What was not ended stays stored and is resumed at the next start."""
        tasks = (*self._background, *self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def send(self, opened: OpenInquiry, timeout: float, *, in_bulk: bool = False) -> InquiryResult:
        """Steps 2.3 to 5.2, once per request_id at a time, and to their end even when the caller has gone.

        Whoever joins an attempt that another began gives up by its own deadline, and goes on by itself when the other
        had less patience.

        Raises:
            WarifuError: as :meth:`inquire`, but for what is inside an answer.
        """
        give_up = _now() + timeout
        while True:
            joined = opened.kept.record.request_id in self._under_way
            attempt = self._attempt(opened, max(give_up - _now(), _SHORTEST_ATTEMPT_S), in_bulk=in_bulk)
            patience = give_up - _now() + MARGIN_SECONDS - RELAY_SECONDS
            try:
                return await outcome_within(attempt, patience, otherwise=_still_under_way())
            except WarifuError as error:
                if not joined or error.reason not in _NOTHING_LEARNT or give_up - _now() < _SHORTEST_ATTEMPT_S:
                    raise
            opened = self._book.find(opened.kept.record.request_id)
            if not opened.kept.sealed_secrets:
                return self._book.result(opened.kept)

    def _patience(self, request_id: bytes, left: float | None, margin: float, *, at_most: float) -> float:
        """What :func:`pass_on` gives. Raises: DEADLINE_TOO_SHORT; ASKED_BEFORE for what may have been provided by now."""
        try:
            return pass_on(left, margin, at_most=at_most)
        except WarifuError as error:
            raise self._as_told(request_id, error) from None

    def _as_told(self, request_id: bytes, error: WarifuError) -> WarifuError:
        """What kept an inquiry from being sent now, as its caller is told: of one that was sent before it says nothing."""
        kept = self._store.inquiry(request_id)
        return error if kept is None or not may_be_provided(kept.record) else asked_before(error)

    def _attempt(
        self, opened: OpenInquiry, timeout: float, wait_s: float = 0.0, *, in_bulk: bool = False
    ) -> asyncio.Task[InquiryResult]:
        """The attempt that is under way, or a new one that begins in ``wait_s`` seconds and takes ``timeout`` at most."""
        request_id = opened.kept.record.request_id
        task = self._under_way.get(request_id)
        if task is None:
            task = asyncio.create_task(self._send(opened, timeout, wait_s, in_bulk))
            self._under_way[request_id] = task
            task.add_done_callback(lambda ended: self._forget(request_id, ended))
        return task

    def _forget(self, request_id: bytes, task: asyncio.Task[InquiryResult]) -> None:
        del self._under_way[request_id]
        if not task.cancelled():
            task.exception()  # seen here, so that an inquiry whose caller has gone does not warn

    async def _send(self, opened: OpenInquiry, timeout: float, wait_s: float, in_bulk: bool) -> InquiryResult:
        await asyncio.sleep(max(wait_s, self._dated_in_s(opened)))
        secrets = self._book.secrets(opened)
        sent_before = opened.secrets is None and may_be_provided(opened.kept.record)
        try:
            response = await self._exchange(secrets.inquiry, timeout, sent_before, in_bulk)  # (2.3)
            answer = await self._book.open(opened.kept, secrets, response)  # (5.1)
        except _NotLetInError:
            raise
        except WarifuError as said:
            error = believed(opened.kept, said)
            failed = ended_with(opened.kept, error.reason, now_ms=self._clock.unix_ms())
            if failed is not None:
                await self._store.put_inquiry(failed)  # (5.2)
            raise as_told(error) from None
        await pause()
        ended = ended_well(
            opened.kept,
            response,
            answer,
            now_ms=self._clock.unix_ms(),
            sealed_result=self._book.seal_result(opened.kept, answer.found),
        )
        await self._store.put_inquiry(ended)  # (5.2)
        return InquiryResult(kept=ended, found=answer.found)

    async def _exchange(
        self, inquiry: SignedInquiry, timeout: float, sent_before: bool, in_bulk: bool
    ) -> ExchangeResponse:
        """Step 2.3. A hub that cannot be reached may be restarting: it gets the same bytes again while there is time.

        So does one that has no room for what is asked ``in_bulk``. ``sent_before``: they may have reached it already.
        """
        hub = self._bulk if in_bulk else self._hub
        give_up, pause = _now() + timeout, _FIRST_PAUSE_S
        while True:
            self._standing.check()
            try:
                return await hub.exchange(inquiry, min(give_up - _now(), _LONGEST_ATTEMPT_S))
            except WarifuError as error:
                no_room = in_bulk and error.reason is Reason.OVERLOADED and error.where in _SHARES
                if sent_before and is_at_the_door(error.reason) and not no_room:
                    told = asked_before(error)
                    raise _NotLetInError(told.reason, where=told.where, debug=told.debug) from None
                if (error.reason is not Reason.HUB_UNREACHABLE and not no_room) or _now() + pause >= give_up:
                    raise
                sent_before = sent_before or not no_room
                pause = max(pause, error.retry_after_s or 0.0)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _dated_in_s(self, opened: OpenInquiry) -> float:
        """Seconds until the minute that an inquiry is dated to; before that it would be one from the future."""
        return max(0, opened.kept.record.requested_ms - self._clock.unix_ms()) / 1000

    async def _try(self, opened: OpenInquiry, wait_s: float | None = None) -> None:
        """Send in the background, with ``wait_s`` that late; how it ended is in the store, and FetchAnswer tells it."""
        try:
            if wait_s is None:
                await self.send(opened, _BACKGROUND_S)
            else:
                await self._attempt(opened, _BACKGROUND_S, wait_s)
        except WarifuError as error:
            _log().info("inquiry_ended", request_id=opened.kept.record.request_id.hex(), **error_fields(error))
        except Exception as error:  # noqa: BLE001  # nobody waits for it, and others are resumed beside it
            told = {"error": type(error).__name__, "at": raised_at(error)}
            _log().error("inquiry_failed", request_id=opened.kept.record.request_id.hex(), **told)

    async def _resume(self) -> None:
        slots = asyncio.Semaphore(_RESUMED_AT_ONCE)

        async def one(opened: OpenInquiry, wait_s: float | None) -> None:
            async with slots:
                await self._try(opened, wait_s)

        await asyncio.gather(*(one(*each) for each in self._left_open()))

    def _left_open(self) -> list[tuple[OpenInquiry, float | None]]:
        """Each inquiry to go on with; with a spread also how late, and then its attempt is under way from now on."""
        found = []
        for request_id in self._store.open_inquiries():
            with suppress(WarifuError):  # it was deleted since: there is nothing to go on with
                opened = self._book.find(request_id)
                found.append((opened, self._spread_again(opened) if self._spread else None))
        return found

    def _spread_again(self, opened: OpenInquiry) -> float:
        now_ms = self._clock.unix_ms()
        wait_s = (self._spread.resumed_ms(opened.kept.record.requested_ms, now_ms) - now_ms) / 1000
        self._attempt(opened, _BACKGROUND_S, wait_s)
        return wait_s

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _handed_over(result: InquiryResult) -> InquiryResult:
    """``result``, unless it has no record to hand over and is not pending either; then its reason is raised."""
    if isinstance(result.found, Absence):
        raise WarifuError(result.found.value)
    reason = result.kept.record.reason
    if reason is not None:
        raise as_told(WarifuError(reason))
    return result


def _still_under_way() -> WarifuError:
    return WarifuError(Reason.HUB_TIMED_OUT, where="deadline", debug="the inquiry goes on")


def _now() -> float:
    return asyncio.get_running_loop().time()


def _log() -> EventLog:
    return get_logger("inquirer")
