"""Made-up residents: what a residence, tax, childcare and insurance office would know of each of them.

SIMULATED. Decides, from a seed, who lives in a municipality, and which of them apply in the two procedures. No resident
here has a My Number or a code: the numbering authority and the agencies give those. Names come from a list of common
ones, so a made-up resident may share a name with somebody; treat the data as personal all the same. A
:class:`Resident` therefore shows no more of itself than its number.
"""

from __future__ import annotations

import csv
import datetime
import enum
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from warifu.identifiers import MunicipalityCode, ProcedureCode
from warifu_kit.people.birth_date import BirthDate
from warifu_kit.people.households import DEPENDANT_INCOME_YEN, HEAD, Member, Sex, draw_household
from warifu_kit.people.municipalities import Municipality, municipalities, places_to_live
from warifu_kit.people.resident_tax import ResidentTax, assess

__all__ = ["AS_OF", "Application", "Resident", "Sex", "applicants", "generate", "generate_in", "households"]

AS_OF: Final = datetime.date(2026, 4, 1)
"""The day a generated population is dated, so that a seed means the same people on every day."""

_PLACE_BITS: Final = 20
"""Enough for a municipality code, so that each place has seeds of its own."""

_NAMES: Final = Path(__file__).with_name("names.csv")
_ADULT: Final = 18
_SMALL: Final = 3

_TOWNS: Final = ("本町", "中央", "栄町", "緑町", "旭町", "新町", "泉町", "桜町", "若葉町", "幸町", "末広町", "東町")


class Application(enum.Enum):
    """The two procedures residents apply in here; the value is the code in the permission table."""

    CHILD_ALLOWANCE = ProcedureCode("JT99000000000001")
    INSURANCE_BENEFIT = ProcedureCode("JT99000000000004")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Resident:
    """One resident. ``resident_number`` counts from 1 within a population and is what local numbers are made from.

    Incomes are total incomes (合計所得金額) of the year before, in yen. ``household_number`` counts within the
    municipality; ``relationship_to_head`` is the word of the certificate (世帯主, 妻, 夫, 子, 父, 母, …).
    ``kana`` is the furigana, empty where the record has none. ``date_of_birth`` may be unknown in part: whatever goes by
    an age asks whether somebody *is* or *may be* of it, and no day is made up.
    ``insured`` is true for those insured with the simulated health insurer, dependants included. The three flags are
    the domain's: 自動応答不可, 不開示該当, 自己情報提供不可.
    """

    resident_number: int
    name: str
    kana: str
    address: str
    date_of_birth: BirthDate
    sex: Sex
    municipality_code: MunicipalityCode
    household_number: int
    relationship_to_head: str
    became_resident_on: datetime.date
    previous_municipality_code: MunicipalityCode | None
    income_yen: int
    dependants: int
    insured: bool
    auto_response_disabled: bool
    non_disclosure: bool
    self_info_blocked: bool

    def __repr__(self) -> str:
        return f"Resident({self.resident_number}, …)"

    @property
    def head(self) -> bool:
        """Whether this is the head of the household (世帯主)."""
        return self.relationship_to_head == HEAD

    @property
    def tax(self) -> ResidentTax:
        """The resident tax of the year, by the simplified rule of ``resident_tax``."""
        return assess(self.income_yen, self.dependants)

    @property
    def taxable_income_yen(self) -> int:
        """Taxable income (課税所得), in yen."""
        return self.tax.taxable_income_yen

    @property
    def resident_tax_yen(self) -> int:
        """Resident tax of the year, both levies, in yen."""
        return self.tax.total_yen

    @property
    def insured_as_dependant(self) -> bool:
        """Whether insured through another member of the household (被扶養者), by the simplified rule."""
        return self.insured and not self.head and self.income_yen <= DEPENDANT_INCOME_YEN

    def is_adult(self, on: datetime.date) -> bool:
        """Whether surely 18 or older on a day."""
        return self.date_of_birth.ages(on)[0] >= _ADULT

    def may_be_adult(self, on: datetime.date) -> bool:
        """Whether 18 or older on a day, or it is not known."""
        return self.date_of_birth.ages(on)[1] >= _ADULT

    def is_child(self, on: datetime.date) -> bool:
        """Whether surely a child for the child allowance: until the 31 March after the day of reaching 18.

        A person reaches an age at the end of the day before the birthday, so one born on 1 April leaves a year earlier.
        Source: 児童手当法 (Child Allowance Act), Article 3(1).
        """
        return self.date_of_birth.earliest >= _first_birthday_of_children(on)

    def may_be_child(self, on: datetime.date) -> bool:
        """Whether a child for the child allowance, or it is not known."""
        return self.date_of_birth.latest >= _first_birthday_of_children(on)

    def is_under_three(self, on: datetime.date) -> bool:
        """Whether surely under three years old on a day."""
        return self.date_of_birth.ages(on)[1] < _SMALL

    def may_be_under_three(self, on: datetime.date) -> bool:
        """Whether under three years old on a day, or it is not known."""
        return self.date_of_birth.ages(on)[0] < _SMALL


def _first_birthday_of_children(on: datetime.date) -> datetime.date:
    """The earliest day of birth of those who are children on a day."""
    year = on.year if on.month >= 4 else on.year - 1
    return datetime.date(year - 18, 4, 2)


def households(residents: Iterable[Resident]) -> dict[tuple[MunicipalityCode, int], list[Resident]]:
    """The residents by household, each in the order given."""
    found: defaultdict[tuple[MunicipalityCode, int], list[Resident]] = defaultdict(list)
    for resident in residents:
        found[resident.municipality_code, resident.household_number].append(resident)
    return dict(found)


def applicants(residents: Iterable[Resident], application: Application, on: datetime.date = AS_OF) -> list[Resident]:
    """Who applies on a day, in the order given.

    For the child allowance the heads of the households with a child; for the insurance benefit every insured adult.
    Where a date of birth leaves that open they apply: to find it out is the office's part.
    """
    people = list(residents)
    if application is Application.INSURANCE_BENEFIT:
        return [resident for resident in people if resident.insured and resident.may_be_adult(on)]
    with_child = {
        key for key, members in households(people).items() if any(member.may_be_child(on) for member in members)
    }
    return [
        resident
        for resident in people
        if resident.head and (resident.municipality_code, resident.household_number) in with_child
    ]


def generate(
    seed: int, count: int, municipality_code: MunicipalityCode | None = None, *, as_of: datetime.date = AS_OF
) -> list[Resident]:
    """``count`` residents of one municipality, household by household; without a code, one drawn from the seed.

    The same arguments give the same people on every Python. A larger count adds people after the same first ones; only
    the last household may differ, being cut off where the count is reached.

    Raises: ValueError for a negative seed or count, or a code that no municipality has.
    """
    if seed < 0 or count < 0:
        raise ValueError("seed and count are 0 or more")
    place = _place(seed, municipality_code)
    people: list[Resident] = []
    number = 0
    while len(people) < count:
        number += 1
        rng = random.Random(seed << 32 | number)  # noqa: S311 - made-up people, not secrets
        members = draw_household(rng)[: count - len(people)]
        people.extend(_settled(rng, members, number, place=place, first=len(people) + 1, as_of=as_of))
    return people


def generate_in(seed: int, count: int, homes: Sequence[MunicipalityCode]) -> list[Resident]:
    """``count`` residents spread evenly over municipalities, in their order; without any, as :func:`generate`.

    Numbered through from 1. Different people live in each, whatever the seed. Raises: as :func:`generate`.
    """
    if not homes:
        return generate(seed, count)
    people: list[Resident] = []
    for position, home in enumerate(homes):
        share = count // len(homes) + (position < count % len(homes))
        drawn = generate(seed << _PLACE_BITS | int(home), share, home)
        people += [replace(each, resident_number=len(people) + place) for place, each in enumerate(drawn, 1)]
    return people


def _place(seed: int, municipality_code: MunicipalityCode | None) -> Municipality:
    if municipality_code is None:
        return places_to_live()[random.Random(seed).randrange(len(places_to_live()))]  # noqa: S311
    if municipality_code not in municipalities():
        raise ValueError("no municipality has that code")
    return municipalities()[municipality_code]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """What the members of one household share."""

    surname: str
    surname_kana: str
    address: str
    moved_in_on: datetime.date | None
    came_from: MunicipalityCode
    protected: bool


def _settled(
    rng: random.Random, members: Sequence[Member], number: int, *, place: Municipality, first: int, as_of: datetime.date
) -> Iterator[Resident]:
    """The members with everything a draw leaves open; ``number`` is the household's, ``first`` the first resident's."""
    home = _home(rng, place, as_of)
    earner = max(range(len(members)), key=lambda position: members[position].income_yen)
    small_incomes = [member.income_yen <= DEPENDANT_INCOME_YEN for member in members]
    taken: set[str] = set()
    for position, member in enumerate(members):
        given, given_kana = _given_name(rng, member.sex, taken)
        born = _birthday(rng, member.age, as_of)
        moved = home.moved_in_on is not None and home.moved_in_on > born
        yield Resident(
            resident_number=first + position,
            name=f"{home.surname} {given}",
            kana=f"{home.surname_kana} {given_kana}",
            address=home.address,
            date_of_birth=BirthDate.on(born),
            sex=member.sex,
            municipality_code=place.municipality_code,
            household_number=number,
            relationship_to_head=member.relationship,
            became_resident_on=home.moved_in_on if moved and home.moved_in_on else born,
            previous_municipality_code=home.came_from if moved else None,
            income_yen=member.income_yen,
            dependants=sum(small_incomes) - small_incomes[position] if position == earner else 0,
            insured=member.insured,
            auto_response_disabled=home.protected,
            non_disclosure=home.protected,
            self_info_blocked=home.protected,
        )


def _home(rng: random.Random, place: Municipality, as_of: datetime.date) -> _Home:
    """A shared surname and address; three in four moved in; one in two hundred is protected (支援措置対象者)."""
    surname, surname_kana = _names("surname")[rng.randrange(len(_names("surname")))]
    town = _TOWNS[rng.randrange(len(_TOWNS))]
    lot = f"{rng.randrange(1, 6)}丁目{rng.randrange(1, 41)}番{rng.randrange(1, 26)}号"
    came_from = places_to_live()[rng.randrange(len(places_to_live()))].municipality_code
    days_ago = rng.randrange(1, 30 * 365)
    moved_in = rng.randrange(4) < 3 and came_from != place.municipality_code
    return _Home(
        surname=surname,
        surname_kana=surname_kana,
        address=f"{place.prefecture}{place.name}{town}{lot}",
        moved_in_on=as_of - datetime.timedelta(days=days_ago) if moved_in else None,
        came_from=came_from,
        protected=rng.randrange(200) == 0,
    )


def _given_name(rng: random.Random, sex: Sex, taken: set[str]) -> tuple[str, str]:
    names = _names(sex.value)
    position = rng.randrange(len(names))
    while names[position][0] in taken:
        position = (position + 1) % len(names)
    taken.add(names[position][0])
    return names[position]


def _birthday(rng: random.Random, age: int, as_of: datetime.date) -> datetime.date:
    latest = datetime.date(as_of.year - age, as_of.month, min(as_of.day, 28))
    return latest - datetime.timedelta(days=rng.randrange(365))


@cache
def _names(kind: str) -> tuple[tuple[str, str], ...]:
    with _NAMES.open(encoding="utf-8", newline="") as file:
        return tuple((name, kana) for row_kind, name, kana in csv.reader(file) if row_kind == kind)
