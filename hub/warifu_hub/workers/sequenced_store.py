"""The store of a worker: what mediating needs of it, asked of the sequencer.

Decides nothing that a store decides. What a worker may hold of it, it holds: withdrawn assessments and where nodes listen, which
the sequencer tells it of before anybody else.
"""

from __future__ import annotations

from functools import partial

from warifu.errors import WarifuError
from warifu.identifiers import InstitutionCode
from warifu_hub.store import StoredExchange, UnderWay, Unopened, WithdrawnAssessments
from warifu_hub.workers.framing import FrameError
from warifu_hub.workers.line import error_values
from warifu_hub.workers.link import SequencerLink
from warifu_hub.workers.messages import Kind, row_in, row_values

__all__ = ["SequencedStore"]


class SequencedStore:
    """:class:`warifu_hub.store.ExchangeStore` over a line. ``in_bulk``: whether what it opens was asked in bulk."""

    __slots__ = ("_in_bulk", "_link")

    def __init__(self, link: SequencerLink, *, in_bulk: bool = False) -> None:
        self._link, self._in_bulk = link, in_bulk

    async def find_exchange(self, inquirer: InstitutionCode, request_id: bytes) -> StoredExchange | UnderWay | None:
        """See the contract."""
        found, under_way = await self._link.ask(Kind.FIND, inquirer, request_id)
        if under_way is not None:
            return UnderWay(under_way, partial(self._ended, inquirer, request_id))
        return None if found is None else row_in(found)

    async def _ended(self, inquirer: InstitutionCode, request_id: bytes) -> StoredExchange | None:
        (ended,) = await self._link.ask(Kind.WAIT, inquirer, request_id)
        return None if ended is None else row_in(ended)

    async def open_exchange(self, stored: StoredExchange, leaf: bytes) -> int | Unopened:
        """See the contract."""
        (opened,) = await self._link.ask(Kind.OPEN, row_values(stored), leaf, self._in_bulk)
        return _position(opened) if opened >= 0 else Unopened(opened)

    async def reopen_exchange(self, stored: StoredExchange) -> bool:
        """See the contract."""
        (reopened,) = await self._link.ask(Kind.REOPEN, row_values(stored), self._in_bulk)
        return _position(reopened) >= 0

    async def close_exchange(
        self,
        stored: StoredExchange,
        leaf: bytes,
        *,
        answered_by: InstitutionCode | None = None,
        fault: WarifuError | None = None,
    ) -> int:
        """See the contract."""
        told = None if fault is None else error_values(fault)
        (closed,) = await self._link.ask(Kind.CLOSE, row_values(stored), leaf, answered_by, told)
        return _position(closed)

    async def leave_exchange(self, stored: StoredExchange) -> None:
        """See the contract."""
        await self._link.ask(Kind.LEAVE, row_values(stored))

    async def append_leaf(self, leaf: bytes) -> int:
        """See the contract."""
        (position,) = await self._link.ask(Kind.APPEND, leaf)
        return _position(position)

    async def endpoint(self, institution: InstitutionCode) -> str | None:
        """See the contract."""
        known = self._link.endpoints
        if institution not in known:
            (told,) = await self._link.ask(Kind.ENDPOINT, institution)
            known.setdefault(institution, told)
        return known[institution]

    def withdrawn_assessments(self) -> WithdrawnAssessments:
        """See the contract."""
        return self._link.withdrawn


def _position(value: object) -> int:
    if not isinstance(value, int):
        raise FrameError("malformed")
    return value
