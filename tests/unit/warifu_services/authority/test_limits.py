"""An agency that tries numbers out is stopped, is told nothing more, and is seen; one that takes up a town is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, MyNumber
from warifu_services.authority.issuing import Issuer
from warifu_services.authority.limits import CODES_A_DAY, MISSES_A_DAY, AcquisitionLimits

TOWN = InstitutionCode("9020110020000001")
OTHER = InstitutionCode("9030110020000001")
DAY_S = 86_400.0


class Hours:
    """A clock of seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hours() -> Hours:
    return Hours()


def limits_of(hours: Hours, codes: int = 1000, misses: int = 100) -> AcquisitionLimits:
    return AcquisitionLimits(codes_a_day=codes, misses_a_day=misses, now=hours)


async def served(limits: AcquisitionLimits, agency: InstitutionCode, *, codes: int = 0, misses: int = 0) -> str:
    """Where one batch was refused, empty where it was not."""
    try:
        async with limits.turn(agency):
            limits.count(agency, codes=codes, misses=misses)
    except WarifuError as error:
        return f"{error.reason.value} {error.where}"
    return ""


async def test_numbers_that_nobody_has_are_limited_for_each_agency_by_itself(hours: Hours) -> None:
    limits = limits_of(hours)
    assert [await served(limits, TOWN, misses=50) for _ in range(3)] == ["", "", "ACQUISITION_LIMITED numbers"]
    assert await served(limits, OTHER, codes=1) == ""


async def test_codes_are_limited_too(hours: Hours) -> None:
    limits = limits_of(hours)
    assert [await served(limits, TOWN, codes=600) for _ in range(3)] == ["", "", "ACQUISITION_LIMITED codes"]


async def test_what_was_used_comes_back_over_a_day_and_what_was_too_much_is_owed(hours: Hours) -> None:
    limits = limits_of(hours)
    assert await served(limits, TOWN, misses=200) == ""
    hours.now = DAY_S
    assert await served(limits, TOWN, misses=1) == "ACQUISITION_LIMITED numbers"
    hours.now = 2 * DAY_S
    assert await served(limits, TOWN, misses=1) == ""


async def test_whoever_is_past_half_of_a_limit_is_named_until_it_came_back(hours: Hours) -> None:
    limits = limits_of(hours)
    await served(limits, TOWN, codes=400, misses=40)
    assert (limits.acquired_fast(), limits.numbers_missed()) == (None, None)
    await served(limits, TOWN, codes=200, misses=20)
    assert limits.acquired_fast() == f"codes acquired, of 1000 a day: {TOWN} (400 left)"
    assert limits.numbers_missed() == f"numbers that nobody has, of 100 a day: {TOWN} (40 left)"
    hours.now = DAY_S / 2
    assert (limits.acquired_fast(), limits.numbers_missed()) == (None, None)


async def test_a_town_of_a_hundred_thousand_is_taken_up_in_one_go_without_an_alarm(hours: Hours) -> None:
    limits = AcquisitionLimits(now=hours)
    assert {await served(limits, TOWN, codes=250) for _ in range(400)} == {""}
    assert limits.acquired_fast() is None
    assert (CODES_A_DAY, MISSES_A_DAY) == (1_000_000, 1_000)


async def test_an_agency_that_tries_numbers_out_gets_one_batch_too_many_at_most_however_many_it_sends_at_once(
    make_issuer: Callable[..., Issuer], tax: Any, childcare: Any, hours: Hours, store: Any
) -> None:
    limits = limits_of(hours, misses=100)
    issuer = make_issuer(limits=limits)
    tried = [MyNumber.from_body(f"{number}").digits for number in range(10**10, 10**10 + 2000)]
    batches = [issuer.issue(tax.code, tried[start : start + 40], lambda: None) for start in range(0, 2000, 40)]
    ends = await asyncio.gather(*batches, return_exceptions=True)
    answered = [end for end in ends if not isinstance(end, BaseException)]
    assert len(answered) == 3
    assert {result for batch in answered for result in batch.results} == {Reason.NUMBER_NOT_DESIGNATED}
    assert {end.reason for end in ends if isinstance(end, WarifuError)} == {Reason.ACQUISITION_LIMITED}
    assert str(tax.code) in (limits.numbers_missed() or "")
    assert (await issuer.issue(childcare.code, tried[:1], lambda: None)).results == [Reason.NUMBER_NOT_DESIGNATED]
