"""Draws made-up households: who lives together, how old they are and what they earn.

SIMULATED. Decides from a source of randomness alone; it knows no names, places or dates. Shares are near those of the
2020 census (single 38 %, couples 20 %, couples with children 25 %, single parents 9 %, three generations 8 %), ages and
incomes are plain ranges. Only whole numbers are drawn, so a seed gives the same households on every Python.
"""

from __future__ import annotations

import enum
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

__all__ = ["CHILD", "DEPENDANT_INCOME_YEN", "HEAD", "Member", "Sex", "draw_household", "pick"]

HEAD: Final = "世帯主"
"""The head of a household, as a certificate of residence says it."""

CHILD: Final = "子"
"""A child of the head."""

DEPENDANT_INCOME_YEN: Final = 480_000
"""The most a dependant's total income may be (扶養親族), in yen."""

Value = TypeVar("Value")


class Sex(enum.Enum):
    """Sex as the resident record states it."""

    MALE = "male"
    FEMALE = "female"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a drawn household; age in completed years, income in yen for the year before."""

    sex: Sex
    age: int
    relationship: str
    income_yen: int
    insured: bool


def pick(rng: random.Random, weighted: Sequence[tuple[int, Value]]) -> Value:
    """One of the values, each as likely as its whole-number weight says."""
    drawn = rng.randrange(sum(weight for weight, _ in weighted))
    for weight, value in weighted:
        if drawn < weight:
            return value
        drawn -= weight
    raise AssertionError("a draw below the sum of the weights falls into one of them")


def draw_household(rng: random.Random) -> tuple[Member, ...]:
    """One household, its head first."""
    form = pick(rng, _FORMS)
    head_age = _head_age(rng, form)
    head_sex = Sex.MALE if rng.randrange(100) < _MALE_HEADS[form] else Sex.FEMALE
    employed = head_age < 65 and rng.randrange(4) < 3
    drawn = [_member(rng, head_sex, head_age, HEAD, employed)]
    if form in ("couple", "family", "generations"):
        drawn.append(_spouse(rng, head_sex, head_age, employed))
    if form in ("family", "single_parent", "generations"):
        drawn.extend(_children(rng, head_age, employed))
    if form == "generations":
        drawn.append(_parent(rng, head_age))
    return tuple(drawn)


_FORMS: Final = ((38, "single"), (20, "couple"), (25, "family"), (9, "single_parent"), (8, "generations"))
_MALE_HEADS: Final = {"single": 50, "couple": 88, "family": 88, "single_parent": 15, "generations": 88}
_SINGLE_AGES: Final = ((25, (18, 29)), (40, (30, 64)), (35, (65, 94)))
_CHILDREN: Final = ((45, 1), (42, 2), (13, 3))
_SPOUSE_INCOMES: Final = ((40, (0, 0)), (30, (10, 48)), (30, (80, 420)))


def _between(rng: random.Random, bounds: tuple[int, int]) -> int:
    return rng.randrange(bounds[0], bounds[1] + 1)


def _head_age(rng: random.Random, form: str) -> int:
    if form == "single":
        return _between(rng, pick(rng, _SINGLE_AGES))
    return _between(rng, (26, 88) if form == "couple" else (24, 60))


def _member(rng: random.Random, sex: Sex, age: int, relationship: str, employed: bool) -> Member:
    """Someone who earns for a living or draws a pension; ``employed`` households are insured with a health insurer."""
    income = _between(rng, (0, 250)) if age >= 65 else 60 + min(_between(rng, (0, 800)), _between(rng, (0, 800)))
    return Member(
        sex=sex, age=age, relationship=relationship, income_yen=income * 10_000, insured=employed and age < 75
    )


def _spouse(rng: random.Random, head_sex: Sex, head_age: int, employed: bool) -> Member:
    age = max(20, head_age + _between(rng, (-6, 4)))
    sex, relationship = (Sex.FEMALE, "妻") if head_sex is Sex.MALE else (Sex.MALE, "夫")
    income = _between(rng, (0, 200) if age >= 65 else pick(rng, _SPOUSE_INCOMES))
    return Member(
        sex=sex, age=age, relationship=relationship, income_yen=income * 10_000, insured=employed and age < 75
    )


def _children(rng: random.Random, head_age: int, employed: bool) -> list[Member]:
    drawn: list[Member] = []
    age = max(0, min(26, head_age - _between(rng, (22, 38))))
    for _ in range(pick(rng, _CHILDREN)):
        income = _between(rng, (80, 320)) if age >= 23 else _between(rng, (0, 60)) if age >= 18 else 0
        sex = (Sex.MALE, Sex.FEMALE)[rng.randrange(2)]
        drawn.append(Member(sex=sex, age=age, relationship=CHILD, income_yen=income * 10_000, insured=employed))
        age = max(0, age - _between(rng, (1, 4)))
    return drawn


def _parent(rng: random.Random, head_age: int) -> Member:
    age = min(99, head_age + _between(rng, (22, 35)))
    sex, relationship = ((Sex.MALE, "父"), (Sex.FEMALE, "母"))[rng.randrange(2)]
    return Member(
        sex=sex, age=age, relationship=relationship, income_yen=_between(rng, (0, 150)) * 10_000, insured=False
    )
