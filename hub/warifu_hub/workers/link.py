"""A worker's end: the line to the sequencer, begun again whenever it ends, and what the sequencer has every worker go by.

Decides what a worker does while there is no sequencer: nothing that would have to be logged, and it says so at once; what a
caller merely asks for waits a moment. What it was told last counts only as long as the line is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.pki import Identity
from warifu.rpc.logging import get_logger
from warifu_hub.store import WithdrawnAssessments
from warifu_hub.workers.framing import FrameError, Value
from warifu_hub.workers.line import Line, Question, lost
from warifu_hub.workers.messages import Kind, identity_in, identity_values, institution_in, typed
from warifu_hub.workers.place import connected

__all__ = ["SequencerLink"]

_FIRST_PAUSE_S: Final = 0.02
_LONGEST_PAUSE_S: Final = 0.5
_WAITED_FOR_S: Final = 3.0
"""How long a call that is only passed on waits for a sequencer that is just being started."""


class SequencerLink:
    """The line of one worker, ``number``, to the sequencer of the hub in ``folder``, which listens at ``endpoint``.

    ``hear_state`` is called with the header in force whenever the sequencer says it; what it raises ends the worker. ``hear_refused`` is called when another worker refused somebody.
    """

    def __init__(
        self,
        folder: Path,
        number: int,
        endpoint: str,
        *,
        hear_state: Callable[[bytes], None] = lambda _: None,
        hear_refused: Callable[[Identity], None] = lambda _: None,
    ) -> None:
        self._folder, self._number, self._endpoint = folder, number, endpoint
        self.hear_state, self.hear_refused = hear_state, hear_refused
        self._line: Line | None = None
        self._there = asyncio.Event()
        self._over = asyncio.Event()
        self._behind: str | None = None
        self.withdrawn: WithdrawnAssessments = frozenset()
        self.endpoints: dict[InstitutionCode, str | None] = {}
        self.header = b""
        """Of the version in force, as the sequencer said it last; whether an alarm stands there is beside it."""
        self.alarmed = False
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Has an error once the worker cannot go by what it was told."""

    @property
    def line(self) -> Line | None:
        """The line; None while the sequencer is not there, or has not said yet what to go by."""
        return self._line

    def ask(self, kind: Kind, *values: Value) -> asyncio.Future[Any]:
        """Ask the sequencer. Raises, when awaited: what it refuses with; LOG_UNAVAILABLE when it is not there."""
        if self._line is None:
            raise lost()
        return self._line.ask(kind, *values)

    async def ask_soon(self, kind: Kind, *values: Value) -> Any:
        """The same for what changes nothing: a sequencer that is just being started is waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAITED_FOR_S):
                await self._there.wait()
        return await self.ask(kind, *values)

    def check(self) -> None:
        """Whether anything may be logged now. Raises: LOG_BEHIND; LOG_UNAVAILABLE when the sequencer is not there."""
        if self._line is None:
            raise lost()
        if self._behind is not None:
            raise WarifuError(Reason.LOG_BEHIND, where=self._behind)

    def tell_refused(self, caller: Identity) -> None:
        """Have other workers know that this one refused ``caller``."""
        if self._line is not None:
            self._line.ask(Kind.REFUSED, list(identity_values(caller))).add_done_callback(_seen)

    async def keep(self) -> None:
        """Keep the line, and begin it again each time it ends. Runs until cancelled."""
        pause = _FIRST_PAUSE_S
        try:
            while True:
                if await self._begun():
                    pause = _FIRST_PAUSE_S
                    await self._over.wait()
                    get_logger("hub").warning("sequencer_lost", worker=self._number)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
        finally:
            if self._line is not None:
                self._line.close()

    async def _begun(self) -> bool:
        """Whether there is a line now, and everything was told that a worker must know."""
        self._over.clear()
        self.withdrawn, self.endpoints = frozenset(), {}
        try:
            line = await connected(self._folder, partial(Line, self._hear, self._ended))
            await line.ask(Kind.HELLO, self._number, self._endpoint)
        except (OSError, WarifuError):
            return False
        if not line.is_open:
            return False
        self._line = line
        self._there.set()
        return True

    async def until_there(self) -> None:
        """Wait until the sequencer said what to go by."""
        await self._there.wait()

    def _ended(self, _: Line) -> None:
        self._line = None
        self._there.clear()
        self._over.set()

    def _hear(self, question: Question) -> None:
        match question.kind:
            case Kind.STATE:
                self._take_state(question)
            case Kind.WITHDRAWN:
                self._take_withdrawn(question)
            case Kind.MOVED:
                institution, endpoint = typed(question.fields, str, str)
                self.endpoints[institution_in(str(institution))] = str(endpoint)
            case Kind.REFUSED:
                self.hear_refused(identity_in(question.fields[0]))
            case _:
                raise FrameError("no such question")
        question.answer()

    def _take_state(self, question: Question) -> None:
        header, behind, alarmed = question.fields
        if not isinstance(header, bytes) or not (behind is None or isinstance(behind, str)):
            raise FrameError("malformed")
        try:
            self.hear_state(header)
        except Exception as error:
            if not self.failed.done():
                self.failed.set_exception(error)
            raise FrameError("not to be gone by") from error
        self.header, self.alarmed, self._behind = header, alarmed is True, behind

    def _take_withdrawn(self, question: Question) -> None:
        is_withdrawn, pairs = typed(question.fields, bool, list)
        changed = {(institution_in(str(pair[0])), ItemCode(str(pair[1]))) for pair in pairs}  # type: ignore[union-attr, index]
        self.withdrawn = self.withdrawn | changed if is_withdrawn else self.withdrawn - changed


def _seen(answered: asyncio.Future[Any]) -> None:
    if not answered.cancelled():
        answered.exception()
