"""The municipalities of Japan (JIS X 0402): every city, town, village, special ward, and every ward of a large city.

Decides what a municipality code means. It reads one file that comes with the package; ``docs/data.md`` says where that
comes from. A designated city has a code of its own beside its wards'; people live in the wards.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from warifu.identifiers import MunicipalityCode

__all__ = ["Municipality", "municipalities", "places_to_live"]

_FILE = Path(__file__).with_name("municipalities.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Municipality:
    """One municipality: its code, its prefecture and its name in Japanese and in katakana."""

    municipality_code: MunicipalityCode
    prefecture: str
    name: str
    kana: str


@cache
def municipalities() -> Mapping[MunicipalityCode, Municipality]:
    """All of them, by code and in the order of the codes."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        found = [
            Municipality(municipality_code=MunicipalityCode(code), prefecture=prefecture, name=name, kana=kana)
            for code, prefecture, name, kana in csv.reader(file)
        ]
    return MappingProxyType({municipality.municipality_code: municipality for municipality in found})


@cache
def places_to_live() -> tuple[Municipality, ...]:
    """Those that have residents of their own: all but the designated cities, whose wards stand beside them."""
    by_code = list(municipalities().values())
    with_wards = {
        (place.prefecture, place.name[: place.name.index("市") + 1])
        for place in by_code
        if place.name.endswith("区") and "市" in place.name
    }
    return tuple(place for place in by_code if (place.prefecture, place.name) not in with_wards)
