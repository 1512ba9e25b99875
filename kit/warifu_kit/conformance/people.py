"""The made-up people whom a party under check knows, as whoever checks it says.

Decides what may be said of each: a business system is asked for these and must answer so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
    releases the answer first.
    """

    local_number: str
    years: tuple[int, ...] = ()
    published_from: date | None = None
    published_until: date | None = None
    clerk: bool = False

    @property
    def plain(self) -> bool:
        """Somebody whose record is simply given."""
        return not self.clerk and self.published_from is None and self.published_until is None


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
        except (YAMLError, UnicodeDecodeError):
            raise WarifuError(Reason.FILE_INVALID, where=f"{path}: not YAML") from None
        try:
            people = tuple(_person(each) for each in content.pop("people"))
            return cls(people=people, **content)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise WarifuError(Reason.FILE_INVALID, where=f"{path}: {_why(error)}") from None


NOBODY = KnownPeople()
"""Where nothing is said about people."""


def _person(fields: dict[str, Any]) -> KnownPerson:
    given = dict(fields)
    for name in ("published_from", "published_until"):
        if isinstance(given.get(name), str):
            given[name] = date.fromisoformat(given[name])
    given["years"] = tuple(int(year) for year in given.get("years", ()))
    given["local_number"] = str(given["local_number"])
    return KnownPerson(**given)


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return "people: a list of local_number, years, published_from, published_until, clerk; item_code; procedure_code"
