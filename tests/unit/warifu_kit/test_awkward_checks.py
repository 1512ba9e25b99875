"""What the calls of a check meet on purpose: the same by the same seed, and nothing that was not drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.unknown_fields import UnknownFieldSet

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest
from warifu_kit.conformance import awkward as page
from warifu_kit.conformance.awkward import DELAY, DUPLICATE, EXPIRING, GIVEN_UP, SHARES, UNKNOWN_FIELD, Awkward, Met

PROVIDE = "/warifu.api.agency.v1.AgencyService/Provide"
BODY = ProvideRequest().SerializeToString()
CALLS = 40


def met(seed: int, case_id: str = "node.made-up.one", *kinds: str) -> list[Met]:
    case = Awkward(seed, case_id, lambda _: None)
    return [case.meet("Provide", *(kinds or SHARES)) for _ in range(CALLS)]


def test_the_same_seed_and_case_meet_the_same_call_by_call() -> None:
    assert met(7) == met(7)


@pytest.mark.parametrize("other", [met(8), met(7, "node.made-up.two")], ids=["another seed", "another case"])
def test_another_seed_or_case_meets_something_else(other: list[Met]) -> None:
    assert [each.words for each in met(7)] != [each.words for each in other]


def test_an_rpc_does_not_change_what_another_meets() -> None:
    alone, beside = (Awkward(7, "node.made-up.one", lambda _: None) for _ in range(2))
    beside.meet("LookUp", *SHARES)
    assert alone.meet("Provide", *SHARES) == beside.meet("Provide", *SHARES)


@pytest.mark.parametrize(
    ("kind", "is_met"),
    [
        (DELAY, lambda each: each.wait_ms > 0),
        (GIVEN_UP, lambda each: each.given_up_ms > 0),
        (DUPLICATE, lambda each: each.twice),
        (UNKNOWN_FIELD, lambda each: each.unknown_field),
        (EXPIRING, lambda each: each.age_ms == 480_000),
    ],
)
def test_a_call_meets_only_what_it_can_about_as_often_as_is_said(kind: str, is_met: Callable[[Met], bool]) -> None:
    every = [each for seed in range(25) for each in met(seed, "node.made-up.one", kind)]
    found = [each for each in every if is_met(each)]
    assert found == [each for each in every if each.words], "something else was met"
    assert 0.5 < len(found) / len(every) / SHARES[kind] < 1.5


async def carried(monkeypatch: pytest.MonkeyPatch, kind: str) -> tuple[str, list[bytes], list[str]]:
    """A call that meets ``kind`` and no more: how it ended, what was delivered, what was noted."""
    monkeypatch.setattr(page, "SHARES", {each: float(each == kind) for each in SHARES})
    delivered, noted = list[bytes](), list[str]()

    async def deliver(body: bytes, seconds: float) -> str:
        delivered.append(body)
        return f"end {len(delivered)} of {'all' if seconds == 5 else 'little'} the time"

    ended = await Awkward(7, "node.made-up.one", noted.append).carry(PROVIDE, BODY, seconds=5, deliver=deliver)
    return ended, delivered, noted


async def test_a_call_made_twice_ends_as_the_first_did(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, delivered, noted = await carried(monkeypatch, DUPLICATE)
    assert (ended, delivered) == ("end 1 of all the time", [BODY, BODY])
    assert noted == ["awkward: Provide 1 is made twice"]


async def test_a_call_that_is_given_up_is_made_again_with_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, delivered, _ = await carried(monkeypatch, GIVEN_UP)
    assert (ended, delivered) == ("end 2 of all the time", [BODY, BODY])


async def test_a_request_has_a_field_that_no_contract_has(monkeypatch: pytest.MonkeyPatch) -> None:
    _, (body,), _ = await carried(monkeypatch, UNKNOWN_FIELD)
    unknown: Any = UnknownFieldSet(ProvideRequest.FromString(body))
    assert [each.field_number for each in unknown] == [100_001]


def test_bytes_that_are_no_message_are_left_as_they_are() -> None:
    each = next(each for each in met(7, "node.made-up.one", UNKNOWN_FIELD) if each.unknown_field)
    assert each.edited(ProvideRequest, b"\xff\xff") == b"\xff\xff"
