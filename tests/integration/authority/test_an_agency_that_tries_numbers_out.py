"""An agency tries out numbers that it does not hold, past its own node: it is stopped, and the authority says so."""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from warifu.api.authority.v1 import authority_service_pb2 as messages
from warifu.errors import Reason, WarifuError
from warifu.identifiers import MyNumber
from warifu.party.alarms import AlarmKind

A_DAY, BATCH = 60, 20


@pytest.fixture
async def strict_town(town: Any) -> Any:
    """A town whose authority lets an agency try so many numbers in vain."""
    await town.stop_authority()
    path = town.path / "authority" / "party.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "misses_a_day": A_DAY}), "utf-8")
    await town.start_authority()
    return town


async def tried(town: Any, acquisitions: Any, kind: str, numbers: list[str]) -> list[str]:
    """What the agency was told of each number before it was stopped."""
    call, told = town.caller(kind).AcquireCodes(), []
    for start in range(0, len(numbers), BATCH):
        await call.write(messages.AcquireCodesRequest(acquisitions=acquisitions(numbers[start : start + BATCH])))
        told += [code.failure.reason for code in (await call.read()).issued_codes]
    await call.done_writing()
    return told


async def test_it_is_stopped_and_told_no_more_and_the_authority_has_an_alarm(
    strict_town: Any,
    acquisitions: Any,
    refusal: Callable[[Awaitable[Any]], Awaitable[WarifuError]],
    log: io.StringIO,
) -> None:
    town, alarms = strict_town, strict_town.authority.lookout.alarms
    numbers = [MyNumber.from_body(f"{body}").digits for body in range(10**10, 10**10 + 400)]
    error = await refusal(tried(town, acquisitions, "tax", numbers))
    assert (error.reason, error.done) == (Reason.ACQUISITION_LIMITED, A_DAY)
    (held,) = await town.designate(1)
    error = await refusal(tried(town, acquisitions, "tax", [held]))
    assert error.reason is Reason.ACQUISITION_LIMITED, "also for a number that somebody has: it is not told which"
    town.authority.lookout.look()
    (alarm,) = [each for each in alarms.standing() if each.kind is AlarmKind.NUMBERS_MISSED]
    assert str(town.entry("tax").institution) in alarm.where
    assert "NUMBERS_MISSED" in log.getvalue()
    assert not [number for number in numbers if number in log.getvalue()]


async def test_another_agency_goes_on(strict_town: Any, acquisitions: Any, refusal: Any) -> None:
    numbers = [MyNumber.from_body(f"{body}").digits for body in range(10**10, 10**10 + 100)]
    await refusal(tried(strict_town, acquisitions, "tax", numbers))
    assert await tried(strict_town, acquisitions, "childcare", await strict_town.designate(50)) == [""] * 50


async def test_one_that_acquires_what_it_holds_raises_no_alarm(strict_town: Any, acquisitions: Any) -> None:
    numbers = await strict_town.designate(400)
    assert await tried(strict_town, acquisitions, "tax", numbers) == [""] * 400
    strict_town.authority.lookout.look()
    kinds = {each.kind for each in strict_town.authority.lookout.alarms.standing()}
    assert not kinds & {AlarmKind.NUMBERS_MISSED, AlarmKind.CODES_ACQUIRED_FAST}
