"""Registering replicas (副本登録) and setting flags: what a node will answer from.

Decides whether a replica may be registered: for an item this kind of agency provides, with a record that fits it, with
publication dates that make sense, for a person whose code is here. A request is registered whole or not at all. It
never sees a code or a My Number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from warifu.agency import Agency, Replica
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ItemCode
from warifu_services.node.store import NodeStore, PersonFlags

__all__ = ["Registrar", "ReplicaText"]

_LAST_YEAR = 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaText:
    """A replica as the business system says it: dates are YYYY-MM-DD, ``publication_end`` may be empty."""

    local_number: str = field(repr=False)
    item_code: str
    fiscal_year: int
    publication_start: str
    publication_end: str
    record: bytes = field(repr=False)


class Registrar:
    """Registers replicas and flags for one agency."""

    def __init__(self, agency: Agency, store: NodeStore) -> None:
        self._agency = agency
        self._store = store

    async def register(self, texts: Sequence[ReplicaText], first: int = 0) -> None:
        """Check and store replicas, all or none. They are told by their places, from ``first`` on.

        Raises:
            WarifuError: REQUEST_MALFORMED, ITEM_UNKNOWN or CODE_NOT_ACQUIRED, located as ``replicas[3].record``;
                STORE_UNAVAILABLE.
        """
        replicas = [self._read(text, f"replicas[{place}]") for place, text in enumerate(texts, start=first)]
        unknown = self._store.unknown_people([text.local_number for text in texts])
        for place, text in enumerate(texts, start=first):
            if text.local_number in unknown:
                raise WarifuError(Reason.CODE_NOT_ACQUIRED, where=f"replicas[{place}].local_number")
        await self._store.put_replicas([(t.local_number, r) for t, r in zip(texts, replicas, strict=True)])

    async def set_flags(self, local_number: str, flags: PersonFlags) -> None:
        """Replace a person's flags. Raises: CODE_NOT_ACQUIRED, STORE_UNAVAILABLE."""
        if not await self._store.set_flags(local_number, flags):
            raise WarifuError(Reason.CODE_NOT_ACQUIRED, where="local_number")

    def _read(self, text: ReplicaText, where: str) -> Replica:
        item_code = ItemCode.parse(text.item_code, f"{where}.item_code")
        self._agency.provided(item_code, f"{where}.item_code")
        if text.fiscal_year > _LAST_YEAR:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{where}.fiscal_year")
        start = _day(text.publication_start, f"{where}.publication_start")
        end = _day(text.publication_end, f"{where}.publication_end") if text.publication_end else None
        if end is not None and end < start:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{where}.publication_end")
        message = self._agency.check_record(item_code, text.record, f"{where}.record")
        if self._agency.year_of(message) not in {None, text.fiscal_year}:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{where}.fiscal_year", debug="not the record's year")
        return Replica(
            item_code=item_code,
            fiscal_year=text.fiscal_year,
            publication_start=start,
            publication_end=end,
            record=text.record,
        )


def _day(text: str, where: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where) from None
    if day.isoformat() != text:  # ISO 8601 has other ways to write a day; the contract has one
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where)
    return day
