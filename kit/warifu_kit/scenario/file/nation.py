"""A network of everybody: municipalities with their real codes, and sizes that are made up.

Decides how large each is: lognormal, the largest for designated cities, then cities and special wards, towns, villages; within
a class by chance. SYNTHETIC: no table of sizes comes with warifu, and no result of a nation is about a real place. One node an
institution, as an intermediary server is one a municipality: it asks and answers for all its offices.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator
from functools import cache
from typing import Final

from warifu.identifiers import InstitutionCode, MunicipalityCode
from warifu_kit.people.municipalities import Municipality, areas, municipalities
from warifu_kit.scenario.file.scenario import Institution
from warifu_kit.scenario.file.shape import Nation

__all__ = ["OPERATORS", "nation"]

OPERATORS: Final = {
    "municipality": [
        "residence",
        "tax",
        "childcare",
        "welfare",
        "housing",
        "benefit",
        "education",
        "disaster",
        "long_term_care",
        "elderly_medical",
        "national_health_insurance",
        "medical_subsidy",
    ],
    "prefecture": ["governor"],
    "national_body": ["pension", "labour", "health_minister", "account_registry"],
    "insurer": ["insurance"],
}
"""Which institution acts for which kinds of the permission table."""

_NUMBERS: Final = {"municipality": 1, "prefecture": 6, "national_body": 5, "insurer": 4}
_SIZE_SEED: Final = 1741


def nation(shape: Nation) -> Iterator[Institution]:
    """Municipalities by size, prefectures, national bodies, insurers. The same for every seed of a run."""
    places = _by_class()[: shape.municipalities]
    sizes = _sizes(len(places), shape.spread, shape.people)
    for place, people in zip(places, sizes, strict=True):
        code = place.municipality_code
        yield _institution(f"municipality-{code}", "municipality", code, people)
    whole = _people_of_prefectures(places, sizes)
    prefectures = [code for code in areas() if code[2:5] == "000"][: shape.prefectures]
    for code in prefectures:
        yield _institution(f"prefecture-{code[:2]}", "prefecture", code, whole.get(code[:2], 1.0))
    for kind, count in (("national_body", shape.national_bodies), ("insurer", shape.insurers)):
        for number in range(1, count + 1):
            yield _institution(f"{kind.replace('_', '-')}-{number}", kind, None, 1.0 / number**0.8, number)


def _institution(
    name: str, kind: str, municipality: MunicipalityCode | None, weight: float, serial: int = 1
) -> Institution:
    code = InstitutionCode.build(_NUMBERS[kind], municipality, serial)
    return Institution(name=name, kind=kind, institution_code=code, weight=weight)


@cache
def _by_class() -> tuple[Municipality, ...]:
    """The 1,741: all in the list but the wards of designated cities, larger classes first, shuffled within one."""
    places = list(municipalities().values())
    wards = [place for place in places if place.name.endswith("区") and "市" in place.name]
    designated = {(place.prefecture, place.name[: place.name.index("市") + 1]) for place in wards}
    whole = [place for place in places if place not in wards]
    random.Random(_SIZE_SEED).shuffle(whole)  # noqa: S311  # nothing secret
    return tuple(sorted(whole, key=lambda place: _rank(place, (place.prefecture, place.name) in designated)))


def _rank(place: Municipality, designated: bool) -> int:
    return 0 if designated else {"市": 1, "区": 1, "町": 2}.get(place.name[-1], 3)


def _sizes(count: int, spread: float, people: int) -> list[float]:
    """Quantiles of a lognormal, largest first, that add up to ``people``."""
    normal = statistics.NormalDist(0.0, spread)
    drawn = [2.718281828459045 ** normal.inv_cdf(1 - (rank + 0.5) / count) for rank in range(count)]
    whole = sum(drawn)
    return [people * each / whole for each in drawn]


def _people_of_prefectures(places: tuple[Municipality, ...], sizes: list[float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for place, people in zip(places, sizes, strict=True):
        digits = place.municipality_code.prefecture
        found[digits] = found.get(digits, 0.0) + people
    return found
