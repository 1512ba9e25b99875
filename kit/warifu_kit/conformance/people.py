"""The made-up people whom a party under check knows, as whoever checks it says.

Decides what may be said of each: a business system is asked for these and must answer so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

__all__ = ["NOBODY", "KnownPeople", "KnownPerson"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """``years`` are the fiscal years of which there is a record, empty where records have none.

    ``published_from`` and ``published_until`` are the first and the last day on which it is provided; ``clerk``: a clerk
    releases the answer first. ``records`` says by fiscal year (0 where records have none) what stands in some fields of the
    record; the rest is not looked at.
    """

    local_number: str
    years: tuple[int, ...] = ()
    records: Mapping[int, Mapping[str, object]] = field(default_factory=dict, repr=False)
    published_from: date | None = None
    published_until: date | None = None
    clerk: bool = False

    @property
    def plain(self) -> bool:
        """Somebody whose record is simply given."""
        return not self.clerk and self.published_from is None and self.published_until is None

    @property
    def given_on(self) -> date | None:
        """A day on which the record is provided; None where any day is one."""
        return self.published_from or self.published_until


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPeople:
    """``procedure_code`` is one in which the party may be asked for ``item_code``; both may be empty.

    ``file`` is where they are said, None where a program says them.
    """

    people: tuple[KnownPerson, ...] = ()
    item_code: str = ""
    procedure_code: str = ""
    file: Path | None = None


NOBODY = KnownPeople()
"""Where nothing is said about people."""
