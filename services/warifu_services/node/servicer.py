"""NodeService: proto in, core, proto out. Only the institution's own business system calls it.

Decides what a well-formed request is, with the place of every fault; every other decision is elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message

from warifu.agency import Provided, ProvidedRecord
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceServicer
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.pki import Role
from warifu.rpc.access import AccessTable
from warifu.rpc.call_failure import failure_message
from warifu.rpc.deadline import remaining
from warifu.rpc.identity import AnyContext, caller
from warifu.rpc.logging import bind
from warifu.rpc.paging import PagedList, Turns, row_number
from warifu_services.node.acquisition import Acquirer, PersonToAcquire
from warifu_services.node.bulk import MOST_INQUIRIES, BulkInquirer, Ended, two_at_a_time
from warifu_services.node.inquirer import LONGEST_WAIT_SECONDS, Inquirer
from warifu_services.node.inquiry_book import InquiryRequest, InquiryResult
from warifu_services.node.messages import (
    check_local_number,
    exchange_record_message,
    flags_from,
    pending_message,
    read_inquiry,
    read_request_id,
    replica_text,
)
from warifu_services.node.provider import Provider
from warifu_services.node.registration import Registrar
from warifu_services.node.store import ClerkDecision, ExchangeOutcome, KeptProvision, NodeStore

__all__ = ["NODE_ACCESS", "NodeCore", "NodeServicer"]

_SERVICE = "/warifu.api.node.v1.NodeService"
_METHODS = (
    "AcquireCodes",
    "RegisterReplicas",
    "SetFlags",
    "Inquire",
    "BulkInquire",
    "SubmitInquiry",
    "FetchAnswer",
    "ListPendingProvisions",
    "DecideProvision",
    "ListExchangeRecords",
)

NODE_ACCESS: AccessTable = {f"{_SERVICE}/{method}": frozenset({Role.BUSINESS}) for method in _METHODS}
"""Who may call which method of NodeService; the servicer lets in its own institution only."""

_MOST_AT_ONCE = 1_000
Row = TypeVar("Row")
Item = TypeVar("Item", bound=Message)

_STATES = {
    ExchangeOutcome.PENDING: node_pb2.INQUIRY_STATE_PENDING,
    ExchangeOutcome.ANSWERED: node_pb2.INQUIRY_STATE_ANSWERED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCore:
    """What the servicer hands requests to. ``items`` says which certificate each item replaces."""

    institution: InstitutionCode
    acquirer: Acquirer
    registrar: Registrar
    inquirer: Inquirer
    bulk: BulkInquirer
    provider: Provider
    store: NodeStore
    items: Mapping[ItemCode, Provided]


class NodeServicer(NodeServiceServicer):
    """The generated base says what each method is for."""

    def __init__(self, core: NodeCore) -> None:
        self._core = core
        self._turns = Turns()
        self._pending = self._list("ListPendingProvisions", core.store.pending_provisions, self._pending_item)
        self._records = self._list("ListExchangeRecords", core.store.records, exchange_record_message)

    def _admit(self, context: AnyContext) -> None:
        if caller(context).institution != self._core.institution:
            raise WarifuError(Reason.CALLER_NOT_ALLOWED, where="certificate", debug="of another institution")

    async def AcquireCodes(
        self, request_iterator: AsyncIterator[node_pb2.AcquireCodesRequest], context: AnyContext
    ) -> AsyncIterator[node_pb2.AcquireCodesResponse]:
        """Acquire codes, request by request."""
        self._admit(context)
        done = 0
        try:
            async with aclosing(self._core.acquirer.acquire(_people(request_iterator))) as acquired:
                async for results in acquired:
                    done += len(results)
                    yield node_pb2.AcquireCodesResponse(
                        results=[
                            node_pb2.AcquisitionResult(local_number=number, reason=reason.value if reason else "")
                            for number, reason in results
                        ]
                    )
        except WarifuError as error:
            raise error.after(done) from error

    async def RegisterReplicas(
        self, request_iterator: AsyncIterator[node_pb2.RegisterReplicasRequest], context: AnyContext
    ) -> node_pb2.RegisterReplicasResponse:
        """Register replicas, request by request."""
        self._admit(context)
        done = 0
        try:
            async for request in request_iterator:
                _check_count(request.replicas, "replicas")
                for place, replica in enumerate(request.replicas, start=done):
                    check_local_number(replica.local_number, f"replicas[{place}].local_number")
                await self._core.registrar.register([replica_text(replica) for replica in request.replicas], done)
                done += len(request.replicas)
        except WarifuError as error:
            raise error.after(done) from error
        return node_pb2.RegisterReplicasResponse(replica_count=done)

    async def SetFlags(self, request: node_pb2.SetFlagsRequest, context: AnyContext) -> node_pb2.SetFlagsResponse:
        """Set a person's flags."""
        self._admit(context)
        check_local_number(request.local_number, "local_number")
        await self._core.registrar.set_flags(request.local_number, flags_from(request))
        return node_pb2.SetFlagsResponse()

    async def Inquire(self, request: node_pb2.InquireRequest, context: AnyContext) -> node_pb2.InquireResponse:
        """Inquire and wait."""
        self._admit(context)
        asked = read_inquiry(request.inquiry)
        bind(request_id=asked.question.request_id.hex())
        return node_pb2.InquireResponse(
            result=self._result(await self._core.inquirer.inquire(asked, remaining(context)))
        )

    async def BulkInquire(
        self, request_iterator: AsyncIterator[node_pb2.BulkInquireRequest], context: AnyContext
    ) -> AsyncIterator[node_pb2.BulkInquireResponse]:
        """Inquire about many, message by message."""
        self._admit(context)

        async def answered(request: node_pb2.BulkInquireRequest) -> node_pb2.BulkInquireResponse:
            _check_count(request.inquiries, "inquiries", MOST_INQUIRIES)
            asked = [_read_or_fault(inquiry) for inquiry in request.inquiries]
            ended = await self._core.bulk.inquire(asked, remaining(context))
            results = map(self._bulk_result, request.inquiries, ended)
            return node_pb2.BulkInquireResponse(results=results)

        async with aclosing(two_at_a_time(request_iterator, answered)) as answers:
            async for answer in answers:
                yield answer

    async def SubmitInquiry(
        self, request: node_pb2.SubmitInquiryRequest, context: AnyContext
    ) -> node_pb2.SubmitInquiryResponse:
        """Take an inquiry."""
        self._admit(context)
        asked = read_inquiry(request.inquiry)
        bind(request_id=asked.question.request_id.hex())
        await self._core.inquirer.submit(asked)
        return node_pb2.SubmitInquiryResponse()

    async def FetchAnswer(
        self, request: node_pb2.FetchAnswerRequest, context: AnyContext
    ) -> node_pb2.FetchAnswerResponse:
        """Say what came of an inquiry."""
        self._admit(context)
        request_id = read_request_id(request.request_id, "request_id")
        bind(request_id=request_id.hex())
        result = await self._core.inquirer.fetch(request_id, _wait(request), remaining(context))
        return node_pb2.FetchAnswerResponse(result=self._result(result))

    async def ListPendingProvisions(
        self, request: node_pb2.ListPendingProvisionsRequest, context: AnyContext
    ) -> node_pb2.ListPendingProvisionsResponse:
        """List what waits for a clerk."""
        self._admit(context)
        page = await self._pending.page(self._turns, request.page_size, request.page_token)
        return node_pb2.ListPendingProvisionsResponse(provisions=page.items, next_page_token=page.next_page_token)

    async def DecideProvision(
        self, request: node_pb2.DecideProvisionRequest, context: AnyContext
    ) -> node_pb2.DecideProvisionResponse:
        """Store a clerk's decision."""
        self._admit(context)
        if request.decision not in (node_pb2.CLERK_DECISION_RELEASE, node_pb2.CLERK_DECISION_REFUSE):
            raise WarifuError(Reason.REQUEST_MALFORMED, where="decision")
        await self._core.provider.decide(request.processing_number, ClerkDecision(request.decision))
        return node_pb2.DecideProvisionResponse()

    async def ListExchangeRecords(
        self, request: node_pb2.ListExchangeRecordsRequest, context: AnyContext
    ) -> AsyncIterator[node_pb2.ListExchangeRecordsResponse]:
        """List the node's own records, page after page."""
        self._admit(context)
        async with aclosing(self._records.pages(self._turns, request.page_size, request.page_token)) as pages:
            async for page in pages:
                yield node_pb2.ListExchangeRecordsResponse(records=page.items, next_page_token=page.next_page_token)

    def _list(
        self,
        method: str,
        rows: Callable[[int, int], Sequence[tuple[int, Row]]],
        item: Callable[[Row], Item | None],
    ) -> PagedList[int, Row, Item]:
        """A list of this institution's, in the order in which the store wrote."""
        scope = (method, self._core.institution)
        return PagedList(scope=scope, first=0, parse_key=row_number, rows=rows, item=item)

    def _pending_item(self, kept: KeptProvision) -> node_pb2.PendingProvision | None:
        return pending_message(self._core.provider.pending(kept))

    def _bulk_result(self, inquiry: node_pb2.Inquiry, ended: Ended) -> node_pb2.BulkResult:
        if isinstance(ended, WarifuError):
            return node_pb2.BulkResult(request_id=inquiry.request_id, failure=failure_message(ended))
        return node_pb2.BulkResult(request_id=inquiry.request_id, result=self._result(ended))

    def _result(self, result: InquiryResult) -> node_pb2.InquiryResult:
        record = result.kept.record
        message = node_pb2.InquiryResult(
            state=_STATES.get(record.outcome, node_pb2.INQUIRY_STATE_SUBMITTED),
            processing_number=record.processing_number,
            permitted_position=result.kept.permitted_position,
        )
        if isinstance(result.found, ProvidedRecord):
            message.record_type = result.found.record_type
            message.record = result.found.record
            provided = self._core.items.get(record.item_code)
            message.replaced_certificate = provided.replaced_certificate if provided else ""
        return message


async def _people(
    requests: AsyncIterator[node_pb2.AcquireCodesRequest],
) -> AsyncIterator[list[PersonToAcquire]]:
    """The people of each request. Raises: REQUEST_MALFORMED at one's place among all of them."""
    asked = 0
    async for request in requests:
        _check_count(request.people, "people")
        for place, person in enumerate(request.people, start=asked):
            check_local_number(person.local_number, f"people[{place}].local_number")
        asked += len(request.people)
        yield [PersonToAcquire(person.local_number, person.my_number) for person in request.people]


def _wait(request: node_pb2.FetchAnswerRequest) -> float:
    """How long the caller would wait, in seconds. Raises: REQUEST_MALFORMED."""
    wait = request.wait_ms / 1000
    if wait > LONGEST_WAIT_SECONDS:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="wait_ms")
    return wait


def _read_or_fault(inquiry: node_pb2.Inquiry) -> InquiryRequest | WarifuError:
    """One inquiry of many; what is wrong with it is its own."""
    try:
        return read_inquiry(inquiry)
    except WarifuError as error:
        return error


def _check_count(things: Sequence[object], where: str, most: int = _MOST_AT_ONCE) -> None:
    if not 1 <= len(things) <= most:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where, debug=f"{len(things)} of them")
