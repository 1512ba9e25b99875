"""Acquiring codes: what is believed, what becomes of each person, and that no My Number stays."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from warifu.api.authority.v1.authority_service_pb2 import (
    AcquireCodesRequest,
    AcquireCodesResponse,
    ConversionReceipt,
    IssuedCode,
)
from warifu.api.type.v1.inquiry_pb2 import CallFailure, EncryptedCode
from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import encrypt_code, row_key
from warifu.exchange.context import NO_ITEM, NO_PROCEDURE, ContextKind, ExchangeContext, ExchangeFlags
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import sign_conversion
from warifu.identifiers import MyNumber
from warifu.party.held import Held
from warifu_services.node.acquisition import Acquirer, PersonToAcquire
from warifu_services.node.store_memory import MemoryNodeStore

UNDESIGNATED = MyNumber.from_body("99999999999").digits


class Authority:
    """The authority and the hub in one: issues codes for tax, unless told to spoil something."""

    def __init__(self, pair: Any, clock: ManualClock) -> None:
        self._pair = pair
        self._clock = clock
        self.group_sizes: list[int] = []
        self.context_changes: dict[str, Any] = {}
        self.spoil: Any = lambda _: None
        self.failure: WarifuError | None = None
        self.open_sessions = 0

    def session(self) -> Session:
        self.open_sessions += 1
        return Session(self)

    def issue(self, request: AcquireCodesRequest) -> AcquireCodesResponse:
        self.group_sizes.append(len(request.acquisitions))
        issued = [self._issued(one.acquisition_number, one.my_number) for one in request.acquisitions]
        response = AcquireCodesResponse(issued_codes=issued)
        codes = [code.converted_code for code in issued if code.HasField("converted_code")]
        if codes:
            context = self._context().encode()
            signature = sign_conversion(self._pair.hub_key, context, codes)
            response.receipt.CopyFrom(ConversionReceipt(context=context, hub_signature=signature))
        self.spoil(response)
        return response

    def _issued(self, number: bytes, my_number: str) -> IssuedCode:
        if my_number == UNDESIGNATED:
            return IssuedCode(acquisition_number=number, failure=CallFailure(reason="NUMBER_NOT_DESIGNATED"))
        group, own = self._pair.directory.group, self._pair.keys["tax"].own
        point = self._pair.code("tax", my_number.encode()).point
        code = encrypt_code(group, point, own.agency_key, group.random_scalar())
        return IssuedCode(acquisition_number=number, converted_code=EncryptedCode(c1=code.c1, c2=code.c2))

    def _context(self) -> ExchangeContext:
        own, now = self._pair.keys["tax"].own, self._clock.unix_ms()
        values: dict[str, Any] = {
            "suite": self._pair.directory.suite,
            "kind": ContextKind.ISSUE,
            "request_id": bytes(16),
            "inquirer": self._pair.directory.authority,
            "provider": own.institution,
            "item_code": NO_ITEM,
            "procedure_code": NO_PROCEDURE,
            "flags": ExchangeFlags.NONE,
            "issued_ms": now,
            "expires_ms": now + 60_000,
            "epoch_from": 0,
            "epoch_to": own.epoch,
            "key_id_to": own.key_id,
        }
        return ExchangeContext(**{**values, **self.context_changes})


class Session:
    """One stream to the authority above."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._answers: asyncio.Queue[AcquireCodesResponse] = asyncio.Queue()

    async def ask(self, request: AcquireCodesRequest) -> None:
        if self._authority.failure:
            raise self._authority.failure
        await self._answers.put(self._authority.issue(request))

    async def answer(self) -> AcquireCodesResponse:
        if self._authority.failure:
            raise self._authority.failure
        return await self._answers.get()

    async def close(self) -> None:
        self._authority.open_sessions -= 1


@pytest.fixture
def authority(pair: Any, start: Any) -> Authority:
    """An authority that tells the truth until a test changes it."""
    return Authority(pair, ManualClock(start))


@pytest.fixture
def store() -> MemoryNodeStore:
    """Tax's store, empty."""
    return MemoryNodeStore()


@pytest.fixture
def acquirer(pair: Any, authority: Authority, store: MemoryNodeStore) -> Iterator[Acquirer]:
    """Acquires codes for tax."""
    with ThreadPoolExecutor(2) as workers:
        yield Acquirer(
            keys=pair.keys["tax"],
            directory=pair.directory,
            store=store,
            authority=authority,
            clock=authority._clock,
            workers=workers,
        )


def people(count: int, first: int = 0) -> list[PersonToAcquire]:
    return [PersonToAcquire(f"T-{n}", MyNumber.from_body(f"{n + 1:011d}").digits) for n in range(first, first + count)]


async def acquired(acquirer: Acquirer, *requests: Sequence[PersonToAcquire]) -> list[list[tuple[str, Reason | None]]]:
    async def all_requests() -> AsyncIterator[Sequence[PersonToAcquire]]:
        for request in requests:
            yield request

    return [results async for results in acquirer.acquire(all_requests())]


async def test_each_person_is_filed_under_the_row_key_of_the_right_code(
    pair: Any, acquirer: Acquirer, store: MemoryNodeStore
) -> None:
    asked = people(3)
    assert await acquired(acquirer, asked) == [[("T-0", None), ("T-1", None), ("T-2", None)]]
    for person in asked:
        point = pair.code("tax", person.my_number.encode()).point
        kept = store.person(person.local_number)
        assert kept is not None
        assert kept.row_key == row_key(pair.keys["tax"].provider.row_secret, point)
        assert point not in kept.sealed_code


async def test_a_large_request_goes_in_groups_and_is_answered_as_one(acquirer: Acquirer, authority: Authority) -> None:
    first, second = await acquired(acquirer, people(600), people(5, first=600))
    assert authority.group_sizes == [250, 250, 100, 5]
    assert [number for number, _ in first] == [f"T-{n}" for n in range(600)]
    assert {reason for _, reason in first + second} == {None}
    assert authority.open_sessions == 0


async def test_a_number_that_is_refused_is_refused_in_its_place(acquirer: Acquirer, authority: Authority) -> None:
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


async def test_nothing_is_asked_when_no_number_is_well_formed(acquirer: Acquirer, authority: Authority) -> None:
    (results,) = await acquired(acquirer, [PersonToAcquire("T-x", "１２３４")])
    assert results == [("T-x", Reason.NUMBER_MALFORMED)]
    assert authority.group_sizes == []


async def test_the_same_person_under_another_number_is_told(acquirer: Acquirer, store: MemoryNodeStore) -> None:
    (one, other) = people(2)
    twice = [one, PersonToAcquire("T-copy", one.my_number), PersonToAcquire(one.local_number, other.my_number)]
    (results,) = await acquired(acquirer, twice)
    assert [reason for _, reason in results] == [None, Reason.CODE_ALREADY_HELD, Reason.CODE_ALREADY_HELD]
    assert store.person("T-copy") is None
    assert await acquired(acquirer, [one]) == [[("T-0", None)]]


async def test_no_my_number_is_kept(acquirer: Acquirer, store: MemoryNodeStore) -> None:
    asked = people(5)
    await acquired(acquirer, asked)
    kept = pickle.dumps(vars(store))
    assert not [person for person in asked if person.my_number.encode() in kept]
    assert asked[0].my_number not in repr(asked)


def _swap(response: AcquireCodesResponse) -> None:
    first, second = response.issued_codes[0].converted_code, response.issued_codes[1].converted_code
    held = EncryptedCode(c1=first.c1, c2=first.c2)
    first.CopyFrom(second)
    second.CopyFrom(held)


def _flip_signature(response: AcquireCodesResponse) -> None:
    signature = response.receipt.hub_signature
    response.receipt.hub_signature = bytes([signature[0] ^ 1]) + signature[1:]


def _flip_code(response: AcquireCodesResponse) -> None:
    code = response.issued_codes[1].converted_code
    code.c2 = bytes([code.c2[0] ^ 1]) + code.c2[1:]


def _renumber(response: AcquireCodesResponse) -> None:
    response.issued_codes[0].acquisition_number = bytes(16)


def _drop(response: AcquireCodesResponse) -> None:
    del response.issued_codes[0]


def _no_receipt(response: AcquireCodesResponse) -> None:
    response.ClearField("receipt")


def _empty(response: AcquireCodesResponse) -> None:
    response.issued_codes[0].ClearField("converted_code")


def _odd_reason(response: AcquireCodesResponse) -> None:
    response.issued_codes[0].failure.CopyFrom(CallFailure(reason="INTERNAL"))


@pytest.mark.parametrize(
    "spoil", [_swap, _flip_signature, _flip_code, _renumber, _drop, _no_receipt, _empty, _odd_reason]
)
async def test_what_the_hub_did_not_sign_for_these_people_is_not_believed(
    acquirer: Acquirer, authority: Authority, store: MemoryNodeStore, spoil: Any
) -> None:
    authority.spoil = spoil
    with pytest.raises(WarifuError) as refused:
        await acquired(acquirer, people(3))
    assert refused.value.reason is Reason.HUB_ANSWER_INVALID
    assert store.unknown_people(["T-0", "T-1", "T-2"]) == {"T-0", "T-1", "T-2"}
    assert authority.open_sessions == 0


@pytest.mark.parametrize("field", ["kind", "provider", "inquirer", "epoch_to", "key_id_to", "issued_ms"])
async def test_a_receipt_for_something_else_is_not_believed(
    pair: Any, acquirer: Acquirer, authority: Authority, field: str
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
    acquirer: Acquirer, authority: Authority, store: MemoryNodeStore
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


async def test_an_authority_that_is_away_is_told(acquirer: Acquirer, authority: Authority) -> None:
    authority.failure = WarifuError(Reason.AUTHORITY_UNREACHABLE)
    with pytest.raises(WarifuError, match="AUTHORITY_UNREACHABLE"):
        await acquired(acquirer, people(2))
    assert authority.open_sessions == 0


async def test_a_caller_that_goes_away_ends_the_session(acquirer: Acquirer, authority: Authority) -> None:
    async def requests() -> AsyncIterator[Sequence[PersonToAcquire]]:
        yield people(2)
        await asyncio.Event().wait()

    results = acquirer.acquire(requests())
    await anext(results)
    await results.aclose()
    assert authority.open_sessions == 0


async def test_a_receipt_under_a_key_of_the_hub_that_is_newer_than_the_nodes_version_is_believed_once_it_is_taken(
    pair: Any, authority: Authority, store: MemoryNodeStore
) -> None:
    older = replace(pair.directory, hub_signing_key=SigningKey.generate().verify_key)
    held, asked = Held(older), 0

    async def refresh() -> bool:
        nonlocal asked
        asked += 1
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
    pair: Any, authority: Authority, store: MemoryNodeStore
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
