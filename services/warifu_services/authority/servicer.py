"""The numbering authority's RPCs: from messages to values and back, and who may ask.

Decides which kind of caller may call what, the shape of a request, and that only a resident registry has numbers
designated. Decides nothing about numbers or codes. Acquisition numbers go back as they came: they are read nowhere and
kept nowhere (Act, Article 21-2(3) to (6)).
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial

from warifu.api.authority.v1 import authority_service_pb2 as messages
from warifu.api.authority.v1.authority_service_pb2_grpc import AuthorityServiceServicer
from warifu.api.type.v1.inquiry_pb2 import CallFailure
from warifu.errors import CATALOGUE, Reason, WarifuError
from warifu.exchange.directory import DirectorySource
from warifu.identifiers import InstitutionCode, MyNumber, ResidentRecordCode
from warifu.pki.identity import Role
from warifu.rpc.access import AccessTable
from warifu.rpc.deadline import remaining
from warifu.rpc.identity import AnyContext, caller
from warifu_services.authority.issuing import LARGEST_BATCH, IssuedBatch, Issuer
from warifu_services.authority.numbering import Numbering

__all__ = ["ACQUISITION_NUMBER_SIZE", "AUTHORITY_ACCESS", "REGISTRY_KIND", "AuthorityServicer"]

ACQUISITION_NUMBER_SIZE = 16
"""Bytes in an acquisition number (取得番号)."""

REGISTRY_KIND = "residence"
"""The kind of institution that keeps a resident registry."""

_SERVICE = "/warifu.api.authority.v1.AuthorityService"
AUTHORITY_ACCESS: AccessTable = {
    f"{_SERVICE}/DesignateMyNumbers": frozenset({Role.BUSINESS}),
    f"{_SERVICE}/ReplaceMyNumber": frozenset({Role.BUSINESS}),
    f"{_SERVICE}/AcquireCode": frozenset({Role.AGENCY}),
    f"{_SERVICE}/AcquireCodes": frozenset({Role.AGENCY}),
}
"""Who may call what of this service."""

_Acquisitions = Sequence[messages.Acquisition]


class AuthorityServicer(AuthorityServiceServicer):
    """Serves :mod:`warifu_services.authority.numbering` and :mod:`warifu_services.authority.issuing`."""

    def __init__(self, *, directory: DirectorySource, numbering: Numbering, issuer: Issuer) -> None:
        self._directory = directory
        self._numbering = numbering
        self._issuer = issuer

    async def DesignateMyNumbers(
        self, request: messages.DesignateMyNumbersRequest, context: AnyContext
    ) -> messages.DesignateMyNumbersResponse:
        """See the contract in ``authority_service.proto``."""
        registry = self._registry(context)
        _check_count(len(request.resident_record_codes), "resident_record_codes")
        residents = [
            ResidentRecordCode.parse(text, f"resident_record_codes[{place}]")
            for place, text in enumerate(request.resident_record_codes)
        ]
        numbers = await self._numbering.designate(registry, residents)
        return messages.DesignateMyNumbersResponse(my_numbers=[number.digits for number in numbers])

    async def ReplaceMyNumber(
        self, request: messages.ReplaceMyNumberRequest, context: AnyContext
    ) -> messages.ReplaceMyNumberResponse:
        """See the contract in ``authority_service.proto``."""
        self._registry(context)
        fresh = await self._numbering.replace(MyNumber.parse(request.my_number, "my_number"))
        return messages.ReplaceMyNumberResponse(my_number=fresh.digits)

    async def AcquireCode(
        self, request: messages.AcquireCodeRequest, context: AnyContext
    ) -> messages.AcquireCodeResponse:
        """See the contract in ``authority_service.proto``. A refused number is an error here, having no batch."""
        asked = [request.acquisition]
        _check_acquisitions(asked, "acquisition")
        batch = await self._issuer.issue(caller(context).institution, _numbers(asked), partial(remaining, context))
        (result,) = batch.results
        if isinstance(result, Reason):
            raise WarifuError(result, where="acquisition.my_number")
        return messages.AcquireCodeResponse(issued_code=_issued(asked, batch)[0], receipt=batch.receipt)

    async def AcquireCodes(
        self, request_iterator: AsyncIterator[messages.AcquireCodesRequest], context: AnyContext
    ) -> AsyncGenerator[messages.AcquireCodesResponse, None]:
        """See the contract in ``authority_service.proto``."""
        under_way: deque[_Acquisitions] = deque()

        async def batches() -> AsyncGenerator[Sequence[str], None]:
            first = 0
            async for request in request_iterator:
                _check_count(len(request.acquisitions), "acquisitions")
                _check_acquisitions(request.acquisitions, "acquisitions", first)
                first += len(request.acquisitions)
                under_way.append(request.acquisitions)
                yield _numbers(request.acquisitions)

        agency, done = caller(context).institution, 0
        try:
            async with aclosing(self._issuer.issue_many(agency, batches(), partial(remaining, context))) as issued:
                async for batch in issued:
                    asked = under_way.popleft()
                    done += len(asked)
                    yield messages.AcquireCodesResponse(issued_codes=_issued(asked, batch), receipt=batch.receipt)
        except WarifuError as error:
            raise error.after(done) from error

    def _registry(self, context: AnyContext) -> InstitutionCode:
        """The calling resident registry. Raises: CALLER_NOT_ALLOWED, INSTITUTION_UNKNOWN."""
        entry = self._directory.current().entry(caller(context).institution, where="caller")
        if entry.kind != REGISTRY_KIND:
            raise WarifuError(Reason.CALLER_NOT_ALLOWED, where="caller: not a resident registry")
        return entry.institution


def _check_count(count: int, field: str) -> None:
    if not 1 <= count <= LARGEST_BATCH:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{field}: 1 to {LARGEST_BATCH} of them are needed")


def _check_acquisitions(asked: _Acquisitions, field: str, first: int = 0) -> None:
    """Every acquisition number has its length and stands once. Raises: REQUEST_MALFORMED, counting from ``first``."""
    seen: set[bytes] = set()
    for place, acquisition in enumerate(asked, start=first):
        number = acquisition.acquisition_number
        if len(number) != ACQUISITION_NUMBER_SIZE or number in seen:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{field}[{place}].acquisition_number")
        seen.add(number)


def _numbers(asked: _Acquisitions) -> list[str]:
    return [acquisition.my_number for acquisition in asked]


def _issued(asked: _Acquisitions, batch: IssuedBatch) -> list[messages.IssuedCode]:
    issued = []
    for place, (acquisition, result) in enumerate(zip(asked, batch.results, strict=True)):
        message = messages.IssuedCode(acquisition_number=acquisition.acquisition_number)
        if isinstance(result, Reason):
            where = f"acquisitions[{place}].my_number"
            message.failure.CopyFrom(CallFailure(reason=result.value, where=where, definite=CATALOGUE[result].definite))
        else:
            message.converted_code.CopyFrom(result)
        issued.append(message)
    return issued
