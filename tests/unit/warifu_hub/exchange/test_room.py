"""How many exchanges may be under way: in all, of one inquirer, at one provider; and how often one may be refused."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeContext
from warifu.identifiers import InstitutionCode
from warifu.rpc.token_bucket import Rate
from warifu_hub import room as room_module
from warifu_hub.room import Room

TWO_MORE = ["1000020111112000", "1000020222222000"]


@pytest.fixture
def one(asker: Any) -> ExchangeContext:
    return ExchangeContext.decode(asker.ask().context, where="context")


def another(context: ExchangeContext, **change: Any) -> ExchangeContext:
    return dataclasses.replace(context, request_id=secrets.token_bytes(16), **change)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_module, "MOST_UNDER_WAY", 5)
    monkeypatch.setattr(room_module, "MOST_OF_ONE", 2)


def full(room: Room[str], context: ExchangeContext, run: Callable[[], Any]) -> str:
    with pytest.raises(WarifuError) as refused:
        room.begin(context, b"digest", run)
    assert refused.value.reason is Reason.OVERLOADED
    return refused.value.where


@pytest.mark.parametrize(("side", "other"), [("inquirer", "provider"), ("provider", "inquirer")])
async def test_one_party_takes_half_of_the_room_and_leaves_the_rest_to_others(
    small: None, one: ExchangeContext, side: str, other: str
) -> None:
    room, go_on = Room[str](), asyncio.Event()

    async def run() -> str:
        await go_on.wait()
        return "ended"

    elsewhere = [InstitutionCode(digits) for digits in TWO_MORE]
    same = [another(one, **{other: elsewhere[0]}), another(one, **{other: elsewhere[1]})]
    tasks = [room.begin(context, b"digest", run) for context in same]
    assert full(room, another(one), run) == side
    go_between = another(one, inquirer=elsewhere[0], provider=elsewhere[1])
    tasks.append(room.begin(go_between, b"digest", run))
    go_on.set()
    assert await asyncio.gather(*tasks) == ["ended"] * 3
    assert room.find(go_between.key) is None
    await room.begin(another(one), b"digest", run)


async def test_what_is_asked_in_bulk_leaves_room_for_who_waits(
    small: None, one: ExchangeContext, monkeypatch: Any
) -> None:
    monkeypatch.setattr(room_module, "MOST_IN_BULK", 1)
    room, go_on = Room[bool](), asyncio.Event()
    bulk = room.in_bulk()
    first = bulk.begin(one, b"digest", go_on.wait)
    assert room.find(one.key) == bulk.find(one.key) == (b"digest", first)
    with pytest.raises(WarifuError) as refused:
        bulk.begin(another(one), b"digest", go_on.wait)
    assert (refused.value.reason, refused.value.where) == (Reason.OVERLOADED, "inquirer")
    second = room.begin(another(one), b"digest", go_on.wait)
    go_on.set()
    assert [await first, await second] == [True, True]


async def test_there_is_an_end_to_the_room_of_all(small: None, one: ExchangeContext, monkeypatch: Any) -> None:
    monkeypatch.setattr(room_module, "MOST_UNDER_WAY", 1)
    room, go_on = Room[bool](), asyncio.Event()
    task = room.begin(one, b"digest", go_on.wait)
    assert room.find(one.key) == (b"digest", task)
    assert full(room, another(one), go_on.wait) == ""  # type: ignore[arg-type]
    go_on.set()
    assert await task


async def test_who_is_refused_too_often_waits_and_is_told_so_and_nobody_else_is(
    asker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_module, "REFUSALS", Rate(per_second=0.0, burst=3))
    monkeypatch.setattr(room_module, "REFUSALS_PAUSE_SECONDS", 0.0)
    room = Room[str]()
    for _ in range(3):
        await room.refuse_the_often_refused(asker.identity)
        room.refused(asker.identity)
    with pytest.raises(WarifuError) as refused:
        await room.refuse_the_often_refused(asker.identity)
    assert (refused.value.reason, refused.value.where) == (Reason.OVERLOADED, "refusals")
    somebody = dataclasses.replace(asker.identity, institution=InstitutionCode(TWO_MORE[0]))
    calm: Awaitable[None] = room.refuse_the_often_refused(somebody)
    await calm
