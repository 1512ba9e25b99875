"""Designating and replacing numbers: who may, what comes back, what is left behind."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from warifu.api.authority.v1.authority_service_pb2 import DesignateMyNumbersRequest, ReplaceMyNumberRequest
from warifu.errors import Reason, WarifuError
from warifu.identifiers import MyNumber, ResidentRecordCode
from warifu_kit.blindness.needles import Secret, needles

Refusal = Callable[[Awaitable[Any]], Awaitable[WarifuError]]

RESIDENT = ResidentRecordCode.from_body("1234567890").digits


def bytes_at_rest(folder: Path) -> bytes:
    """Everything in the authority's database: its file, its write-ahead log, its index of that."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("authority.sqlite3*")))


def forms(*values: str) -> list[bytes]:
    """How each value might look wherever it lay."""
    secrets = [Secret(kind="number", owner="test", value=value) for value in values]
    return [needle.pattern for secret in secrets for needle in needles(secret)[0]]


async def test_numbers_are_well_formed_and_all_different(town: Any) -> None:
    numbers = await town.designate(200)
    assert len({MyNumber.parse(number) for number in numbers}) == 200


async def test_a_registry_that_asks_again_after_a_restart_gets_the_same_numbers(town: Any) -> None:
    before = await town.designate(5)
    await town.stop_authority()
    await town.start_authority()
    assert await town.designate(6) == [*before, (await town.designate(1, first=5))[0]]


async def test_a_number_is_on_the_disk_when_the_answer_comes(town: Any) -> None:
    """Another connection sees it, which is how a process that starts after a crash would."""
    await town.designate(3)
    other = sqlite3.connect(town.path / "authority" / "authority.sqlite3")
    assert other.execute("SELECT COUNT(*) FROM number").fetchone() == (3,)
    other.close()


@pytest.mark.parametrize(
    "folder", ["residence", "tax", "tax/business", "insurance/business", "hub", "supervisor", "authority"]
)
async def test_only_the_business_system_of_a_resident_registry_has_numbers_designated(
    town: Any, refusal: Refusal, folder: str
) -> None:
    caller = town.caller(folder)
    (number,) = await town.designate(1)
    calls = (
        caller.DesignateMyNumbers(DesignateMyNumbersRequest(resident_record_codes=[RESIDENT])),
        caller.ReplaceMyNumber(ReplaceMyNumberRequest(my_number=number)),
    )
    for call in calls:
        assert (await refusal(call)).reason is Reason.CALLER_NOT_ALLOWED
    assert await town.designate(1) == [number]


@pytest.mark.parametrize(
    ("codes", "where"),
    [
        ([], "resident_record_codes"),
        ([RESIDENT] * 1001, "resident_record_codes"),
        ([RESIDENT, RESIDENT[:-1]], "resident_record_codes[1]"),
        ([RESIDENT, RESIDENT, RESIDENT[:-1] + str((int(RESIDENT[-1]) + 1) % 10)], "resident_record_codes[2]"),
    ],
)
async def test_a_malformed_request_designates_nothing(
    town: Any, refusal: Refusal, log: io.StringIO, codes: list[str], where: str
) -> None:
    request = DesignateMyNumbersRequest(resident_record_codes=codes)
    error = await refusal(town.caller("residence/business").DesignateMyNumbers(request))
    assert error.reason is Reason.REQUEST_MALFORMED
    assert error.where.startswith(where)
    assert RESIDENT[:10] not in str(error) + log.getvalue()


async def test_a_thousand_residents_fit_one_request(town: Any) -> None:
    assert len(set(await town.designate(1000))) == 1000


async def test_a_replaced_number_is_retired_and_the_registry_learns_the_new_one(town: Any, refusal: Refusal) -> None:
    (old,) = await town.designate(1)
    registry = town.caller("residence/business")
    new = (await registry.ReplaceMyNumber(ReplaceMyNumberRequest(my_number=old))).my_number
    assert MyNumber.parse(new) != MyNumber.parse(old)
    assert await town.designate(1) == [new]
    error = await refusal(registry.ReplaceMyNumber(ReplaceMyNumberRequest(my_number=old)))
    assert error.reason is Reason.NUMBER_NOT_DESIGNATED


async def test_a_number_from_elsewhere_is_not_replaced(town: Any, refusal: Refusal, log: io.StringIO) -> None:
    registry = town.caller("residence/business")
    for number, reason in {
        "123456789018": Reason.NUMBER_NOT_DESIGNATED,
        "123456789012": Reason.NUMBER_MALFORMED,
    }.items():
        error = await refusal(registry.ReplaceMyNumber(ReplaceMyNumberRequest(my_number=number)))
        assert error.reason is reason
        assert number not in str(error) + log.getvalue()


async def test_a_stolen_database_and_log_name_no_number_and_no_resident(town: Any, log: io.StringIO) -> None:
    numbers = await town.designate(20)
    registry = town.caller("residence/business")
    await registry.ReplaceMyNumber(ReplaceMyNumberRequest(my_number=numbers[0]))
    residents = [ResidentRecordCode.from_body(f"{3_000_000_000 + n}").digits for n in range(20)]
    left_behind = bytes_at_rest(town.path / "authority") + log.getvalue().encode()
    sought = forms(*numbers, *residents)
    assert len(left_behind) > 4096
    assert not [form for form in sought if form in left_behind]
    integers = [int(number).to_bytes(8, order) for number in numbers for order in ("big", "little")]
    assert not [integer for integer in integers if integer in left_behind]
