"""Acquiring codes: what is believed, what becomes of each person, and that no My Number stays."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import row_key
from warifu.exchange.context import ContextKind
from warifu.exchange.signature import SigningKey
from warifu.identifiers import MyNumber
from warifu.party.held import Held
from warifu_services.node.acquisition import Acquirer, PersonToAcquire
from warifu_services.node.store_memory import MemoryNodeStore

UNDESIGNATED = MyNumber.from_body("99999999999").digits


async def test_each_person_is_filed_under_the_row_key_of_the_right_code(
    people: Any, acquired: Any, pair: Any, acquirer: Acquirer, store: MemoryNodeStore
) -> None:
    asked = people(3)
    assert await acquired(acquirer, asked) == [[("T-0", None), ("T-1", None), ("T-2", None)]]
    for person in asked:
        point = pair.code("tax", person.my_number.encode()).point
        kept = store.person(person.local_number)
        assert kept is not None
        assert kept.row_key == row_key(pair.keys["tax"].provider.row_secret, point)
        assert point not in kept.sealed_code


async def test_a_large_request_goes_in_groups_and_is_answered_as_one(
    people: Any, acquired: Any, acquirer: Acquirer, authority: Any
) -> None:
    first, second = await acquired(acquirer, people(600), people(5, first=600))
    assert authority.group_sizes == [250, 250, 100, 5]
    assert [number for number, _ in first] == [f"T-{n}" for n in range(600)]
    assert {reason for _, reason in first + second} == {None}
    assert authority.open_sessions == 0


async def test_a_number_that_is_refused_is_refused_in_its_place(
    people: Any, acquired: Any, acquirer: Acquirer, authority: Any
) -> None:
    good, other = people(2)
    malformed = PersonToAcquire("T-x", "123456789010")
    unknown = PersonToAcquire("T-y", UNDESIGNATED)
    (results,) = await acquired(acquirer, [good, malformed, unknown, other])
    assert results == [
        ("T-0", None),
        ("T-x", Reason.NUMBER_MALFORMED),
        ("T-y", Reason.NUMBER_NOT_DESIGNATED),
        ("T-1", None),
    ]
    assert authority.group_sizes == [3]


async def test_nothing_is_asked_when_no_number_is_well_formed(
    acquired: Any, acquirer: Acquirer, authority: Any
) -> None:
    (results,) = await acquired(acquirer, [PersonToAcquire("T-x", "１２３４")])
    assert results == [("T-x", Reason.NUMBER_MALFORMED)]
    assert authority.group_sizes == []


async def test_the_same_person_under_another_number_is_told(
    people: Any, acquired: Any, acquirer: Acquirer, store: MemoryNodeStore
) -> None:
    (one, other) = people(2)
    twice = [one, PersonToAcquire("T-copy", one.my_number), PersonToAcquire(one.local_number, other.my_number)]
    (results,) = await acquired(acquirer, twice)
    assert [reason for _, reason in results] == [None, Reason.CODE_ALREADY_HELD, Reason.CODE_ALREADY_HELD]
    assert store.person("T-copy") is None
    assert await acquired(acquirer, [one]) == [[("T-0", None)]]


async def test_no_my_number_is_kept(people: Any, acquired: Any, acquirer: Acquirer, store: MemoryNodeStore) -> None:
    asked = people(5)
    await acquired(acquirer, asked)
    kept = pickle.dumps(vars(store))
    assert not [person for person in asked if person.my_number.encode() in kept]
    assert asked[0].my_number not in repr(asked)


@pytest.mark.parametrize("field", ["kind", "provider", "inquirer", "epoch_to", "key_id_to", "issued_ms"])
async def test_a_receipt_for_something_else_is_not_believed(
    people: Any, acquired: Any, pair: Any, acquirer: Acquirer, authority: Any, field: str
) -> None:
    other = pair.keys["residence"].own
    values: dict[str, Any] = {
        "kind": ContextKind.EXCHANGE,
        "provider": other.institution,
        "inquirer": other.institution,
        "epoch_to": 2,
        "key_id_to": other.key_id,
        "issued_ms": authority._clock.unix_ms() + int(timedelta(minutes=5).total_seconds() * 1000),
    }
    authority.context_changes = {field: values[field]}
    with pytest.raises(WarifuError, match="HUB_ANSWER_INVALID"):
        await acquired(acquirer, people(1))


async def test_what_came_before_a_failure_is_told_and_kept(
    people: Any, acquirer: Acquirer, authority: Any, store: MemoryNodeStore
) -> None:
    async def requests() -> AsyncIterator[Sequence[PersonToAcquire]]:
        yield people(2)
        raise WarifuError(Reason.REQUEST_MALFORMED, where="people[0].local_number")

    results = acquirer.acquire(requests())
    assert await anext(results) == [("T-0", None), ("T-1", None)]
    with pytest.raises(WarifuError, match="REQUEST_MALFORMED"):
        await anext(results)
    assert store.person("T-1") is not None
    assert authority.open_sessions == 0


async def test_an_authority_that_is_away_is_told(
    people: Any, acquired: Any, acquirer: Acquirer, authority: Any
) -> None:
    authority.failure = WarifuError(Reason.AUTHORITY_UNREACHABLE)
    with pytest.raises(WarifuError, match="AUTHORITY_UNREACHABLE"):
        await acquired(acquirer, people(2))
    assert authority.open_sessions == 0


async def test_a_caller_that_goes_away_ends_the_session(people: Any, acquirer: Acquirer, authority: Any) -> None:
    async def requests() -> AsyncIterator[Sequence[PersonToAcquire]]:
        yield people(2)
        await asyncio.Event().wait()

    results = acquirer.acquire(requests())
    await anext(results)
    await results.aclose()
    assert authority.open_sessions == 0


async def test_a_receipt_under_a_key_of_the_hub_that_is_newer_than_the_nodes_version_is_believed_once_it_is_taken(
    people: Any, acquired: Any, pair: Any, authority: Any, store: MemoryNodeStore
) -> None:
    older = replace(pair.directory, hub_signing_key=SigningKey.generate().verify_key)
    held, asked = Held(older), 0

    async def refresh() -> bool:
        nonlocal asked
        asked += 1
        if asked == 1:
            held.hold(pair.directory)
        return asked == 1

    with ThreadPoolExecutor(2) as workers:
        acquirer = Acquirer(
            keys=pair.keys["tax"],
            directory=held,
            store=store,
            authority=authority,
            clock=authority._clock,
            workers=workers,
            refresh=refresh,
        )
        assert await acquired(acquirer, people(2)) == [[("T-0", None), ("T-1", None)]]
        assert asked == 1
        held.hold(older)
        with pytest.raises(WarifuError) as refused:
            await acquired(acquirer, people(1, first=5))
    assert (refused.value.reason, asked) == (Reason.HUB_ANSWER_INVALID, 2)


async def test_codes_are_filed_only_when_those_who_are_here_have_theirs_of_the_epoch_in_force(
    people: Any, acquired: Any, pair: Any, authority: Any, store: MemoryNodeStore
) -> None:
    seen: list[set[str]] = []

    async def codes_ready() -> None:
        seen.append(store.unknown_people(["T-0", "T-1"]))

    with ThreadPoolExecutor(2) as workers:
        acquirer = Acquirer(
            keys=pair.keys["tax"],
            directory=pair.directory,
            store=store,
            authority=authority,
            clock=authority._clock,
            workers=workers,
            codes_ready=codes_ready,
        )
        await acquired(acquirer, people(2))
    assert seen == [{"T-0", "T-1"}]
    assert store.unknown_people(["T-0", "T-1"]) == set()
