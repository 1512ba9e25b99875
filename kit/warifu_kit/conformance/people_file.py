"""The people's file: YAML in, made-up people out, or the line of what is wrong with it.

Decides what may stand in the file. Which fields a record has, it is told: that goes by the item that is asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from warifu.errors import Reason, WarifuError
from warifu_kit.conformance.people import KnownPeople, KnownPerson

__all__ = ["check_record_fields", "read_people"]

_FIRST, _LAST = date(1900, 1, 2), date(2999, 12, 30)
_YEARS = range(1900, 3000)
_PERSON: Final = tuple(each.name for each in fields(KnownPerson))
_TOP: Final = ("people", "item_code", "procedure_code")

_SHORTEST_PART: Final = 3
_LONGEST: Final = 64

_Place = tuple[str | int, ...]
"""Keys and positions from 0, from the top of the file."""


class _SaidError(Exception):
    """Where the fault is, and what should be there."""

    def __init__(self, place: _Place, words: str) -> None:
        super().__init__(words)
        self.place = place
        self.words = words


def read_people(path: Path) -> KnownPeople:
    """The people of a YAML file. Raises: FILE_INVALID with the line, PATH_UNUSABLE."""
    try:
        raw = path.read_bytes()
        content: Any = YAML(typ="safe", pure=True).load(raw)
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: {error.strerror}") from error
    except RecursionError:
        raise WarifuError(Reason.FILE_INVALID, where=f"{path}: brackets within brackets without end") from None
    except DuplicateKeyError as error:
        place = f"{path}:{error.problem_mark.line + 1}" if error.problem_mark is not None else f"{path}"
        raise WarifuError(Reason.FILE_INVALID, where=f"{place}: a key that stands there twice") from None
    except (YAMLError, ValueError) as error:  # a date that is none is the latter
        at = getattr(getattr(error, "problem_mark", None), "line", None)
        place = f"{path}:{at + 1}" if at is not None else f"{path}"
        raise WarifuError(Reason.FILE_INVALID, where=f"{place}: not YAML, or a date that is none") from None
    try:
        return _people(content, path)
    except _SaidError as error:
        raise _invalid(path, raw, error) from None


def check_record_fields(known: KnownPeople, there_are: Collection[str]) -> None:
    """See that the records of the file name fields that the item's record has. Raises: FILE_INVALID with the line."""
    for position, person in enumerate(known.people):
        for year, said in person.records.items():
            try:
                _check_keys(said, there_are, ("people", position, "records", year), "is no field of the item's record")
            except _SaidError as error:
                if known.file is None:
                    raise WarifuError(Reason.FILE_INVALID, where=f"{_dotted(error.place)} {error.words}") from None
                raise _invalid(known.file, known.file.read_bytes(), error) from None


def _people(content: Any, path: Path) -> KnownPeople:
    if not isinstance(content, dict):
        raise _SaidError((), f"should have {', '.join(_TOP)}")
    _check_keys(content, _TOP, (), "is not a field here")
    said = content.get("people")
    if not isinstance(said, list):
        raise _SaidError(("people",), f"should be a list of people, each with {', '.join(_PERSON)}")
    people = tuple(_person(each, ("people", position)) for position, each in enumerate(said))
    _check_once([each.local_number for each in people])
    codes = {name: content[name] for name in _TOP[1:] if name in content}
    for name, code in codes.items():
        if not isinstance(code, str):
            raise _SaidError((name,), "should be text, in quotes")
    return KnownPeople(people=people, file=path, **codes)


def _check_keys(given: Any, there_are: Collection[str], place: _Place, words: str) -> None:
    """Raises: _SaidError, with the nearest key that there is."""
    for name in given:
        if name not in there_are:
            raise _SaidError((*place, str(name)), f"{words}: {_nearest(str(name), there_are)}")


def _nearest(name: str, there_are: Collection[str]) -> str:
    """What was meant: what is spelt nearly so, or has the name in it, as total_income_yen has income."""
    within = [each for each in there_are if len(name) >= _SHORTEST_PART and name in each]
    near = get_close_matches(name, there_are, n=1, cutoff=0.6) or within
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(there_are)}"


def _check_once(numbers: list[str]) -> None:
    for place, number in enumerate(numbers):
        if number in numbers[:place]:
            raise _SaidError(("people", place, "local_number"), f"is that of people[{numbers.index(number)}]")


def _person(said: Any, place: _Place) -> KnownPerson:
    if not isinstance(said, dict):
        raise _SaidError(place, f"should be a person, with {', '.join(_PERSON)}")
    _check_keys(said, _PERSON, place, "is not a field here")
    given = dict(said)
    number = given.get("local_number")
    if not isinstance(number, str):  # 0012 without quotes is the number ten
        wanted = "is missing" if number is None else f'should be text, in quotes: "{number}"'
        raise _SaidError((*place, "local_number"), wanted)
    if not _is_number(number):
        raise _SaidError((*place, "local_number"), f"should have 1 to {_LONGEST} characters, each of which UTF-8 has")
    if not isinstance(given.get("clerk", False), bool):
        raise _SaidError((*place, "clerk"), "should be true or false")
    for name in ("published_from", "published_until"):
        given[name] = _day(given.get(name), (*place, name))
    given["records"] = _records(given.get("records", {}), (*place, "records"))
    given["years"] = _years(given.get("years", [year for year in given["records"] if year]), (*place, "years"))
    for year in given["records"]:
        if year and year not in given["years"]:
            raise _SaidError((*place, "records", year), "is none of the person's years")
    person = KnownPerson(**given)
    if person.published_from and person.published_until and person.published_until < person.published_from:
        raise _SaidError((*place, "published_until"), "is before published_from")
    return person


def _is_number(said: str) -> bool:
    return 0 < len(said) <= _LONGEST and said.encode("utf-8", "ignore").decode("utf-8") == said


def _day(said: Any, place: _Place) -> date | None:
    """Raises: _SaidError."""
    wanted = f"should be a day from {_FIRST} to {_LAST}, without a time"
    try:
        day = date.fromisoformat(said) if isinstance(said, str) else said
    except ValueError:
        raise _SaidError(place, wanted) from None
    if isinstance(said, str) and isinstance(day, date) and day.isoformat() != said:  # other ways to write one
        raise _SaidError(place, wanted)
    if day is None or (isinstance(day, date) and not isinstance(day, datetime) and _FIRST <= day <= _LAST):
        return day
    raise _SaidError(place, wanted)


def _years(said: Any, place: _Place) -> tuple[int, ...]:
    """Raises: _SaidError."""
    if isinstance(said, list) and all(type(year) is int and year in _YEARS for year in said):
        return tuple(said)
    raise _SaidError(place, f"should be a list of years from {_YEARS[0]} to {_YEARS[-1]}, such as [2025, 2026]")


def _records(said: Any, place: _Place) -> dict[int, dict[str, object]]:
    """Raises: _SaidError."""
    wanted = "should be fields by fiscal year, such as {2026: {total_income_yen: 3200000}}"
    if not isinstance(said, dict) or not all(isinstance(each, dict) for each in said.values()):
        raise _SaidError(place, wanted)
    years = [int(year) if isinstance(year, str) and year.isdecimal() else year for year in said]  # JSON has text alone
    for key, year in zip(said, years, strict=True):
        if not (type(year) is int and (year == 0 or year in _YEARS) and years.count(year) == 1):
            wanted = f"is no fiscal year from {_YEARS[0]} to {_YEARS[-1]} nor 0, or said twice"
            raise _SaidError((*place, str(key)), wanted)
    for year, record in zip(years, said.values(), strict=True):
        for name, value in record.items():
            if not isinstance(name, str) or not isinstance(value, (str, int, float, bool)):
                raise _SaidError((*place, year, str(name)), "should be a number, text, true or false")
    return {year: dict(record) for year, record in zip(years, said.values(), strict=True)}


def _invalid(path: Path, raw: bytes, error: _SaidError) -> WarifuError:
    line = _line(YAML(typ="safe", pure=True).compose(raw), error.place)
    return WarifuError(Reason.FILE_INVALID, where=f"{path}:{line}: {_dotted(error.place)} {error.words}")


def _line(node: Node | None, place: _Place) -> int:
    """The line of the deepest step on the way that the file has, from 1."""
    line = node.start_mark.line if node is not None else 0
    for step in place:
        key, node = _step(node, step)
        if key is None:
            break
        line = key.start_mark.line
    return line + 1


def _step(node: Node | None, step: str | int) -> tuple[Node | None, Node | None]:
    """What stands for ``step`` itself, and what is below it."""
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if str(key.value) == str(step)), (None, None))
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None, None


def _dotted(place: _Place) -> str:
    """``people[1].records.2026.income``."""
    joined = "".join(f"[{step}]" if isinstance(step, int) and at == 1 else f".{step}" for at, step in enumerate(place))
    return joined.removeprefix(".") or "the file"
