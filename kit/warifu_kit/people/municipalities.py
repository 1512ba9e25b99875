"""The municipalities of Japan (JIS X 0402): every city, town, village, special ward, and every ward of a large city.

Decides what a municipality code means. It reads one file that comes with the package; ``docs/data.md`` says where that
comes from. A designated city has a code of its own beside its wards'; people live in the wards. A prefecture has one too.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from warifu.identifiers import MunicipalityCode

__all__ = ["Municipality", "areas", "covers", "municipalities", "places_to_live"]

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


@cache
def areas() -> Mapping[MunicipalityCode, str]:
    """The name of every area an office can serve: each municipality, and each prefecture, whose code ends in 000 and a check."""
    prefectures = {place.municipality_code.prefecture: place.prefecture for place in municipalities().values()}
    named = {MunicipalityCode.from_body(f"{digits}000"): name for digits, name in prefectures.items()}
    return MappingProxyType(named | {code: place.name for code, place in municipalities().items()})


def covers(area: MunicipalityCode | None, home: MunicipalityCode) -> bool:
    """Whether an office of ``area`` serves those who live in ``home``: a city its wards, a prefecture everybody in it.

    ``None`` is an area without bounds. A code that is in no list covers only itself.
    """
    if area is None or area == home:
        return True
    if area[2:5] == "000":
        return area.prefecture == home.prefecture
    city, ward = municipalities().get(area), municipalities().get(home)
    if city is None or ward is None or not city.name.endswith("市"):
        return False
    return ward.prefecture == city.prefecture and ward.name.endswith("区") and ward.name.startswith(city.name)
