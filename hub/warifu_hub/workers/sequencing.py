"""The sequencer's end: what workers ask of the store is done here, and every worker is told what all must know.

Decides that an exchange is one worker's at a time (``claims``), and that what changes for all (a version of the directory, a
withdrawn assessment, where a node listens, whether the log is behind) is known to every worker before whoever changed it is
told that it is done, or anybody else of it: a worker that does not say so in time loses its line, and finds the newest when it comes again. What
workers ask in one turn of the event loop shares a transaction, for that is how the store writes. It never looks into an
answer, and of a leaf reads who is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from google.protobuf.message import DecodeError

from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.rpc.logging import get_logger, raised_at
from warifu_hub.store import HubStore, StoredExchange, Unopened
from warifu_hub.workers.calls_here import CallsHere
from warifu_hub.workers.claims import Claims, Ended, Key
from warifu_hub.workers.framing import FrameError, Value
from warifu_hub.workers.line import Line, Question, error_in
from warifu_hub.workers.messages import Kind, identity_in, institution_in, row_in, row_values, typed

__all__ = ["HEARD_WITHIN_S", "Sequencing", "State"]

Found = TypeVar("Found")

HEARD_WITHIN_S: Final = 5.0
"""How long a worker may take to say that it heard what all must know."""

_WITHDRAWN_TOGETHER: Final = 1000


@dataclass(frozen=True, slots=True)
class State:
    """What every worker goes by: the newest header in force, where the log is behind, whether an alarm stands."""

    header: bytes
    behind: str | None
    alarmed: bool


class Sequencing:
    """Serves the workers of one hub. ``state`` says what they are to go by now; ``serving_at`` hears where they listen."""

    def __init__(
        self,
        store: HubStore,
        calls: CallsHere,
        state: Callable[[], State],
        serving_at: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._serving_at = serving_at
        self._listening_at = ""
        self._store, self._calls, self._state = store, calls, state
        self._claims = Claims()
        self._lines: set[Line] = set()
        self._told: State | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._handlers: dict[str, Callable[[Question], None]] = {
            Kind.HELLO: self._hello,
            Kind.FIND: self._find,
            Kind.OPEN: self._open,
            Kind.REOPEN: self._reopen,
            Kind.CLOSE: self._close,
            Kind.LEAVE: self._leave,
            Kind.WAIT: self._wait,
            Kind.APPEND: self._append,
            Kind.ENDPOINT: self._endpoint,
            Kind.REFUSED: self._refused,
            Kind.CALL: self._call,
            Kind.NEXT: self._next,
            Kind.DROP: self._drop,
        }

    def line(self) -> Line:
        """The end of a line that somebody opens."""
        return Line(self._hear, self._over)

    @property
    def lines(self) -> Sequence[Line]:
        """Those of workers that have said who they are."""
        return tuple(self._lines)

    async def close(self) -> None:
        """End every line, and what was under way for it."""
        for line in tuple(self._lines):
            line.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tell_state(self) -> None:
        """Tell every worker what to go by, where that is not what they were told.

        What the sequencer says on a line after that, it says to a worker that goes by it.
        """
        state = self._state()
        if state != self._told:
            self._told = state
            self._tell_all(Kind.STATE, state.header, state.behind, state.alarmed)

    async def tell_withdrawn(self, institution: InstitutionCode, item_code: ItemCode, *, withdrawn: bool) -> None:
        """Tell every worker that an assessment is withdrawn, or in force again."""
        await self._tell_all(Kind.WITHDRAWN, withdrawn, [[institution, item_code]])

    async def tell_moved(self, institution: InstitutionCode, endpoint: str) -> None:
        """Tell every worker where a node listens now."""
        await self._tell_all(Kind.MOVED, institution, endpoint)

    def _tell_all(self, kind: Kind, *values: Value) -> asyncio.Task[None]:
        """Say it on every line at once; done when every worker has heard it, or lost its line."""
        told = {line.ask(kind, *values): line for line in self._lines}
        telling = asyncio.create_task(_heard(told, kind))
        self._tasks.add(telling)
        telling.add_done_callback(self._tasks.discard)
        return telling

    def _hear(self, question: Question) -> None:
        handler = self._handlers.get(question.kind)
        if handler is None:
            raise FrameError("no such question")
        handler(question)

    def _over(self, line: Line) -> None:
        self._lines.discard(line)
        self._claims.gone(line)
        self._calls.gone(line)

    def _begin(self, question: Question, work: Coroutine[Any, Any, Sequence[Value]]) -> None:
        task = asyncio.create_task(_answered(question, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _hello(self, question: Question) -> None:
        _, endpoint = typed(question.fields, int, str)
        if endpoint != self._listening_at:
            self._listening_at = str(endpoint)
            self._serving_at(self._listening_at)
        line, withdrawn = question.line, sorted(self._store.withdrawn_assessments())
        self._lines.add(line)
        for start in range(0, len(withdrawn), _WITHDRAWN_TOGETHER):
            line.ask(Kind.WITHDRAWN, True, [list(each) for each in withdrawn[start : start + _WITHDRAWN_TOGETHER]])
        state = self._state()
        line.ask(Kind.STATE, state.header, state.behind, state.alarmed)
        question.answer()

    def _find(self, question: Question) -> None:
        key = _key(question.fields)
        under_way = self._claims.digest(key, question.line)
        if under_way is not None:
            question.answer(None, under_way)
            return
        try:
            stored = _at_once(self._store.find_exchange(*key))
        except WarifuError as error:
            question.refuse(error)
        else:
            question.answer(None if stored is None else row_values(stored), None)

    def _open(self, question: Question) -> None:
        row, leaf, in_bulk = typed(question.fields, bytes, bytes, bool)
        stored = row_in(row)
        if self._took(question, stored, _provider(leaf), in_bulk=in_bulk is True):
            self._begin(question, self._opened(question.line, stored, leaf))

    async def _opened(self, line: Line, stored: StoredExchange, leaf: Any) -> Sequence[Value]:
        key = _key_of(stored)
        try:
            position = await self._store.open_exchange(stored, leaf)
        except BaseException as error:
            self._claims.end(key, line, _fault(error))
            raise
        if isinstance(position, Unopened):
            self._claims.end(key, line, None)
            return (position.value,)
        self._claims.written(key)
        return (position,)

    def _took(self, question: Question, stored: StoredExchange, provider: str, *, in_bulk: bool) -> bool:
        """Whether whoever asks has the exchange now. Whoever has not is told why."""
        key, line = _key_of(stored), question.line
        try:
            took = self._claims.take(key, line, stored.inquiry_digest, provider, in_bulk=in_bulk)
        except WarifuError as full:
            question.refuse(full)
            return False
        if not took:
            question.answer(Unopened.KNOWN.value)
        return took

    def _reopen(self, question: Question) -> None:
        row, in_bulk = typed(question.fields, bytes, bool)
        stored = row_in(row)
        permitted = self._store.leaves(stored.permitted_position, 1)
        if not permitted:
            raise FrameError("no such row")
        if self._took(question, stored, _provider(permitted[0]), in_bulk=in_bulk is True):
            self._begin(question, self._reopened(question.line, stored))

    async def _reopened(self, line: Line, stored: StoredExchange) -> Sequence[Value]:
        """It is whoever's who asks, unless it went on since they looked."""
        key = _key_of(stored)
        try:
            now = await self._store.find_exchange(*key)
            if now != stored or not await self._store.reopen_exchange(stored):
                self._claims.end(key, line, None)
                return (Unopened.KNOWN.value,)
        except BaseException as error:
            self._claims.end(key, line, _fault(error))
            raise
        self._claims.written(key)
        return (stored.permitted_position,)

    def _close(self, question: Question) -> None:
        row, leaf, answered_by, told = question.fields
        stored = row_in(row)
        if not isinstance(leaf, bytes) or not (answered_by is None or isinstance(answered_by, str)):
            raise FrameError("malformed")
        fault = error_in(told) if isinstance(told, list) else None
        if not self._claims.may_write(_key_of(stored), question.line):
            question.refuse(WarifuError(Reason.HUB_TIMED_OUT, where="under way"))
            return
        by = None if answered_by is None else institution_in(answered_by)
        self._begin(question, self._closed(question.line, stored, leaf, by, fault))

    async def _closed(
        self, line: Line, stored: StoredExchange, leaf: bytes, by: InstitutionCode | None, fault: WarifuError | None
    ) -> Sequence[Value]:
        key = _key_of(stored)
        try:
            position = await self._store.close_exchange(stored, leaf, answered_by=by)
        except BaseException as error:
            self._claims.end(key, line, _fault(error))
            raise
        self._claims.end(key, line, fault or stored)
        return (position,)

    def _leave(self, question: Question) -> None:
        (row,) = question.fields
        stored = row_in(row)
        self._claims.end(_key_of(stored), question.line, stored)
        question.answer()

    def _wait(self, question: Question) -> None:
        def tell(ended: Ended) -> None:
            if isinstance(ended, WarifuError):
                question.refuse(ended)
            else:
                question.answer(None if ended is None else row_values(ended))

        self._claims.wait(_key(question.fields), tell)

    def _append(self, question: Question) -> None:
        (leaf,) = typed(question.fields, bytes)
        self._begin(question, self._appended(leaf))

    async def _appended(self, leaf: Any) -> Sequence[Value]:
        return (await self._store.append_leaf(leaf),)

    def _endpoint(self, question: Question) -> None:
        (institution,) = typed(question.fields, str)
        self._begin(question, self._endpoint_of(institution_in(str(institution))))

    async def _endpoint_of(self, institution: InstitutionCode) -> Sequence[Value]:
        return (await self._store.endpoint(institution),)

    def _refused(self, question: Question) -> None:
        """Each worker counts how often a caller was refused, here and elsewhere."""
        (whom,) = question.fields
        identity_in(whom)
        for line in self._lines - {question.line}:
            line.ask(Kind.REFUSED, whom)
        question.answer()

    def _call(self, question: Question) -> None:
        stream, method, whom, peer, request = question.fields
        identity, told = identity_in(whom), typed((stream, method, peer, request), int, str, str, bytes)
        self._begin(question, self._calls.begin(question.line, identity, *told))

    def _next(self, question: Question) -> None:
        (stream,) = typed(question.fields, int)
        self._begin(question, self._calls.go_on(question.line, stream))

    def _drop(self, question: Question) -> None:
        (stream,) = typed(question.fields, int)
        self._begin(question, self._calls.drop(question.line, stream))


def _at_once(reading: Coroutine[Any, Any, Found]) -> Found:
    """What a store reads that never waits for it: no task is needed for that."""
    try:
        reading.send(None)
    except StopIteration as read:
        found: Found = read.value
        return found
    raise RuntimeError("a hub's own store waited")


async def _answered(question: Question, work: Coroutine[Any, Any, Sequence[Value]]) -> None:
    try:
        question.answer(*await work)
    except WarifuError as error:
        question.refuse(error)
    except Exception as error:  # noqa: BLE001  # whatever it is, one question ends by it
        get_logger("hub").error("question_failed", asked=question.kind, error=type(error).__name__, at=raised_at(error))
        question.refuse(WarifuError(Reason.INTERNAL))


async def _heard(told: dict[asyncio.Future[Any], Line], kind: Kind) -> None:
    """Wait until every worker has heard what it was told, and end the lines of those that do not say so."""
    if not told:
        return
    heard, _ = await asyncio.wait(told, timeout=HEARD_WITHIN_S)
    for answered, line in told.items():
        if answered not in heard or answered.exception() is not None:
            get_logger("hub").warning("worker_cut_off", told=kind.value)
            line.close()


def _fault(error: BaseException) -> WarifuError | None:
    return error if isinstance(error, WarifuError) else None


def _key(fields: Sequence[Value]) -> Key:
    inquirer, request_id = typed(fields, str, bytes)
    return institution_in(str(inquirer)), request_id  # type: ignore[return-value]  # typed() has seen what it is


def _key_of(stored: StoredExchange) -> Key:
    return stored.inquirer, stored.request_id


def _provider(leaf: Any) -> str:
    """Whom a leaf names as asked, to count by; to a store a leaf is any bytes, and those name nobody."""
    try:
        return ExchangeLeaf.FromString(leaf).provider
    except DecodeError:
        return ""
