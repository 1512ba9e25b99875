"""An authority and a hub in one, which issue codes for tax as they should or as they never would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from warifu.exchange.codes import encrypt_code
from warifu.exchange.context import NO_ITEM, NO_PROCEDURE, ContextKind, ExchangeContext, ExchangeFlags
from warifu.exchange.conversion_proof import IN_A_BATCH
from warifu.exchange.statements import sign_conversion, sign_issue
from warifu.identifiers import MyNumber
from warifu_hub.translate import Party
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
        self.given_to_the_hub: Any = list
        self.failure: WarifuError | None = None
        self.open_sessions = 0

    def session(self) -> Session:
        self.open_sessions += 1
        return Session(self)

    def issue(self, request: AcquireCodesRequest) -> AcquireCodesResponse:
        self.group_sizes.append(len(request.acquisitions))
        asked = [one for one in request.acquisitions if one.my_number != UNDESIGNATED]
        codes, receipt = self._converted([one.my_number for one in asked]) if asked else ([], ConversionReceipt())
        converted = iter(codes)
        issued = [
            IssuedCode(acquisition_number=one.acquisition_number, converted_code=next(converted))
            if one.my_number != UNDESIGNATED
            else IssuedCode(
                acquisition_number=one.acquisition_number, failure=CallFailure(reason="NUMBER_NOT_DESIGNATED")
            )
            for one in request.acquisitions
        ]
        response = AcquireCodesResponse(issued_codes=issued, receipt=receipt)
        self.spoil(response)
        return response

    def _converted(self, my_numbers: Sequence[str]) -> tuple[list[EncryptedCode], ConversionReceipt]:
        """What the authority sends to the hub, and what comes of it."""
        pair, own, context = self._pair, self._pair.keys["tax"].own, self._context().encode()
        group, codes, proofs = pair.directory.group, list[EncryptedCode](), list[bytes]()
        asked = [
            encrypt_code(group, pair.point(number.encode()), own.joint_key, group.random_scalar())
            for number in my_numbers
        ]
        for start in range(0, len(asked), IN_A_BATCH):
            converted, proof = pair.translator.convert_batch(
                context=context,
                encrypted=self.given_to_the_hub(asked[start : start + IN_A_BATCH]),
                from_=None,
                to=Party.of(own),
                to_key=own.agency_key,
            )
            codes += [EncryptedCode(c1=code.c1, c2=code.c2) for code in converted]
            proofs.append(proof)
        given = [EncryptedCode(c1=code.c1, c2=code.c2) for code in asked]
        receipt = ConversionReceipt(
            context=context,
            encrypted_codes=given,
            authority_signature=sign_issue(pair.authority_key, context, given),
            conversion_proofs=proofs,
            hub_signature=sign_conversion(pair.hub_key, context, codes, proofs),
        )
        return codes, receipt

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


@pytest.fixture
def people() -> Callable[..., list[PersonToAcquire]]:
    """People to acquire codes for: so many, from the one numbered ``first`` on."""

    def made(count: int, first: int = 0) -> list[PersonToAcquire]:
        numbers = range(first, first + count)
        return [PersonToAcquire(f"T-{n}", MyNumber.from_body(f"{n + 1:011d}").digits) for n in numbers]

    return made


@pytest.fixture
def acquired() -> Callable[..., Awaitable[list[list[tuple[str, Reason | None]]]]]:
    """What is told of each of some requests."""

    async def told(acquirer: Acquirer, *requests: Sequence[PersonToAcquire]) -> list[list[tuple[str, Reason | None]]]:
        async def all_requests() -> AsyncIterator[Sequence[PersonToAcquire]]:
            for request in requests:
                yield request

        return [results async for results in acquirer.acquire(all_requests())]

    return told
