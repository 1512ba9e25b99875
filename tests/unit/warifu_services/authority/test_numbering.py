"""Designating numbers: well formed, never twice, never derived, and the same however often one asks."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, MyNumber, ResidentRecordCode
from warifu_services.authority.keys import AuthorityKeys
from warifu_services.authority.numbering import Numbering, random_number
from warifu_services.authority.store import AuthorityStore

Residents = Callable[[int], list[ResidentRecordCode]]


def scripted(*draws: int) -> Callable[[int], bytes]:
    """Random bytes whose five-byte draws are ``draws``, in a circle; everything else is counted up."""
    numbers, rest = itertools.cycle(draws), itertools.count(1)
    return lambda size: next(numbers).to_bytes(5, "big") if size == 5 else next(rest).to_bytes(size, "big")


def test_a_number_is_eleven_drawn_digits_and_the_check_digit() -> None:
    assert random_number(scripted(12345678901)).digits == "123456789018"
    assert random_number(scripted(14)).digits == "000000000140"
    assert random_number(scripted(10**12 - 1)) == MyNumber.from_body("99999999999")


def test_a_draw_that_would_favour_some_numbers_or_give_none_is_drawn_again() -> None:
    assert random_number(scripted(10**12, 2**40 - 1, 0, 10**11, 54883652988)).digits == "548836529885"


def test_a_source_of_randomness_that_gives_nothing_usable_is_an_error_not_a_loop() -> None:
    with pytest.raises(WarifuError) as refused:
        random_number(bytes)
    assert refused.value.reason is Reason.INTERNAL


def test_every_digit_is_as_likely_as_any_other_in_every_place() -> None:
    drawn = [random_number().digits[:11] for _ in range(3_000)]
    for place in range(11):
        counts = Counter(digits[place] for digits in drawn)
        assert len(counts) == 10
        assert 200 < min(counts.values()) <= max(counts.values()) < 400  # 300 expected, six deviations each way


async def test_the_same_resident_gets_the_same_number_however_often_it_is_asked(
    numbering: Numbering, registry: InstitutionCode, residents: Residents
) -> None:
    people = residents(40)
    first = await numbering.designate(registry, people)
    assert len(set(first)) == 40
    assert await numbering.designate(registry, people[::-1]) == first[::-1]


async def test_a_resident_named_twice_in_one_request_gets_one_number(
    numbering: Numbering, registry: InstitutionCode, residents: Residents
) -> None:
    one, two = residents(2)
    numbers = await numbering.designate(registry, [one, two, one])
    assert numbers[0] == numbers[2] != numbers[1]


async def test_requests_at_the_same_time_agree_on_one_number_per_resident(
    numbering: Numbering, registry: InstitutionCode, residents: Residents
) -> None:
    people = residents(20)
    answers = await asyncio.gather(*(numbering.designate(registry, people) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)


async def test_another_registrys_entry_of_the_same_code_is_another_person(
    numbering: Numbering, registry: InstitutionCode, residents: Residents
) -> None:
    other = InstitutionCode.build(1, None, 77)
    assert await numbering.designate(registry, residents(1)) != await numbering.designate(other, residents(1))


async def test_a_number_drawn_before_is_not_given_to_a_second_person(
    keys: AuthorityKeys,
    store: AuthorityStore,
    workers: ThreadPoolExecutor,
    registry: InstitutionCode,
    residents: Residents,
) -> None:
    draws = scripted(12345678901, 12345678901, 98765432109)
    numbering = Numbering(keys=keys, store=store, workers=workers, random_bytes=draws)
    numbers = await numbering.designate(registry, residents(2))
    assert [number.digits for number in numbers] == ["123456789018", "987654321093"]


async def test_when_no_free_number_comes_up_the_request_ends(
    keys: AuthorityKeys,
    store: AuthorityStore,
    workers: ThreadPoolExecutor,
    registry: InstitutionCode,
    residents: Residents,
) -> None:
    numbering = Numbering(keys=keys, store=store, workers=workers, random_bytes=scripted(12345678901))
    (number,) = await numbering.designate(registry, residents(1))
    for attempt in (numbering.designate(registry, residents(2)), numbering.replace(number)):
        with pytest.raises(WarifuError) as refused:
            await attempt
        assert refused.value.reason is Reason.INTERNAL


async def test_nothing_of_the_resident_record_code_goes_into_the_number(
    keys: AuthorityKeys,
    store: AuthorityStore,
    workers: ThreadPoolExecutor,
    registry: InstitutionCode,
    residents: Residents,
) -> None:
    """Whoever the resident is, the same draw gives the same number: the number says nothing about the code."""
    *_, last = residents(500)
    numbering = Numbering(keys=keys, store=store, workers=workers, random_bytes=scripted(31415926535))
    assert [number.digits for number in await numbering.designate(registry, [last])] == ["314159265352"]


async def test_a_replaced_number_is_gone_for_good_and_the_registry_learns_the_new_one(
    numbering: Numbering, registry: InstitutionCode, residents: Residents
) -> None:
    (old,) = await numbering.designate(registry, residents(1))
    new = await numbering.replace(old)
    assert new != old
    assert await numbering.designate(registry, residents(1)) == [new]
    with pytest.raises(WarifuError) as refused:
        await numbering.replace(old)
    assert (refused.value.reason, refused.value.where) == (Reason.NUMBER_NOT_DESIGNATED, "my_number")


async def test_replacing_keeps_the_person(
    numbering: Numbering,
    store: AuthorityStore,
    keys: AuthorityKeys,
    registry: InstitutionCode,
    residents: Residents,
) -> None:
    (old,) = await numbering.designate(registry, residents(1))
    (before,) = store.holders([keys.number_lookup(old)])
    new = await numbering.replace(old)
    assert store.holders([keys.number_lookup(old), keys.number_lookup(new)]) == [None, before]
