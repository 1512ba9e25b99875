"""The made-up people whom a party under check knows, as whoever checks it says.

Decides what may be said of each: a business system is asked for these and must answer so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from warifu.errors import Reason, WarifuError

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
    """``procedure_code`` is one in which the party may be asked for ``item_code``; both may be empty."""

    people: tuple[KnownPerson, ...] = ()
    item_code: str = ""
    procedure_code: str = ""

    @classmethod
    def read(cls, path: Path) -> KnownPeople:
        """The people of a YAML file. Raises: FILE_INVALID, PATH_UNUSABLE."""
        try:
            content: Any = YAML(typ="safe", pure=True).load(path.read_bytes())
        except OSError as error:
            raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: {error.strerror}") from error
        except RecursionError:
            raise WarifuError(Reason.FILE_INVALID, where=f"{path}: brackets within brackets without end") from None
        except (YAMLError, ValueError) as error:  # a date that is none is the latter
            at = getattr(getattr(error, "problem_mark", None), "line", None)
            place = f"{path}:{at + 1}" if at is not None else f"{path}"
            raise WarifuError(Reason.FILE_INVALID, where=f"{place}: not YAML, or a date that is none") from None
        try:
            people = tuple(_person(each, place) for place, each in enumerate(content.pop("people")))
            _check_once([each.local_number for each in people])
            return cls(people=people, **content)
        except _SaidError as error:
            raise WarifuError(Reason.FILE_INVALID, where=f"{path}: {error}") from None
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise WarifuError(Reason.FILE_INVALID, where=f"{path}: {_why(error)}") from None


NOBODY = KnownPeople()
"""Where nothing is said about people."""


_FIRST, _LAST = date(1900, 1, 2), date(2999, 12, 30)
_YEARS = range(1900, 3000)


class _SaidError(Exception):
    """Where the fault is, and what should be there."""


def _check_once(numbers: list[str]) -> None:
    for place, number in enumerate(numbers):
        if number in numbers[:place]:
            raise _SaidError(f"people[{place}].local_number is that of people[{numbers.index(number)}]")


def _person(fields: dict[str, Any], place: int) -> KnownPerson:
    given = dict(fields)
    if not isinstance(given["local_number"], str):  # 0012 without quotes is the number ten
        raise _SaidError(f'people[{place}].local_number should be text, in quotes: "{given["local_number"]}"')
    if not isinstance(given.get("clerk", False), bool):
        raise _SaidError(f"people[{place}].clerk should be true or false")
    for name in ("published_from", "published_until"):
        given[name] = _day(given.get(name), f"people[{place}].{name}")
    given["records"] = _records(given.get("records", {}), f"people[{place}].records")
    given["years"] = _years(given.get("years", [year for year in given["records"] if year]), f"people[{place}].years")
    person = KnownPerson(**given)
    if person.published_from and person.published_until and person.published_until < person.published_from:
        raise _SaidError(f"people[{place}].published_until is before published_from")
    return person


def _day(said: Any, where: str) -> date | None:
    """Raises: _SaidError, ValueError."""
    day = date.fromisoformat(said) if isinstance(said, str) else said
    if day is None or (isinstance(day, date) and not isinstance(day, datetime) and _FIRST <= day <= _LAST):
        return day
    raise _SaidError(f"{where} should be a day from {_FIRST} to {_LAST}, without a time")


def _years(said: Any, where: str) -> tuple[int, ...]:
    """Raises: _SaidError."""
    if isinstance(said, list) and all(type(year) is int and year in _YEARS for year in said):
        return tuple(said)
    raise _SaidError(f"{where} should be a list of years from {_YEARS[0]} to {_YEARS[-1]}, such as [2025, 2026]")


def _records(said: Any, where: str) -> dict[int, dict[str, object]]:
    """Raises: _SaidError."""
    if not isinstance(said, dict) or not all(isinstance(fields, dict) for fields in said.values()):
        raise _SaidError(f"{where} should be fields by fiscal year, such as {{2026: {{total_income_yen: 3200000}}}}")
    return {int(year): {str(name): value for name, value in fields.items()} for year, fields in said.items()}


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return "people: a list of local_number, years, records, published_from, published_until, clerk; item_code; procedure_code"
