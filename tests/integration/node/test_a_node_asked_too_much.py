"""A node that is asked far more than it can do: it does what it can, and says no to the rest at once and for sure."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.rpc.admission import REFUSALS
from warifu_services.node import inquirer

MOST = 16


async def ended(asked: Any) -> str:
    """How a call ended: as nothing, or with a reason, where, whether that is definite, and whether it is told when to come back."""
    try:
        await asked
    except WarifuError as error:
        return f"{error.reason.value} {error.where} {error.definite} {error.retry_after_s is not None}"
    return ""


async def test_five_times_too_many_are_answered_or_definitely_refused_and_nobody_loses_a_connection_over_it(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inquirer, "MOST_WAITED_FOR", MOST)
    client, before, told = town.client("childcare"), len(town.hub.store.leaves(0, 1_000)), Counter[str]()
    while (
        told.total() - told[""] <= 2 * REFUSALS.burst
    ):  # more than the edge forgives whoever it refuses for what it does
        asked = (client.inquire(town.inquiry(1), timeout=30) for _ in range(10 * MOST))
        told.update(await asyncio.gather(*map(ended, asked)))
    assert set(told) == {"", "OVERLOADED node True True"}
    assert told[""] >= MOST
    assert len(town.hub.store.leaves(before, 100_000)) == 2 * told[""], "nothing was done for those that were refused"
    await asyncio.gather(*(client.inquire(town.inquiry(1)) for _ in range(MOST)))


async def test_an_inquiry_that_was_sent_before_is_not_said_to_be_nothing_when_there_is_no_room_for_it_now(
    town: Any, monkeypatch: pytest.MonkeyPatch, refused: Any
) -> None:
    client, asking = town.client("childcare"), town.inquiry(1)
    await client.inquire(asking)
    monkeypatch.setattr(inquirer, "MOST_WAITED_FOR", 0)
    again = await refused(client.inquire(asking))
    assert (again.reason, again.where, again.definite) == (Reason.ASKED_BEFORE, "OVERLOADED node", False)
    new = await refused(client.inquire(town.inquiry(1)))
    assert (new.reason, new.definite) == (Reason.OVERLOADED, True)
