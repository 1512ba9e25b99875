"""What an honest node of the tests serves to its own business system: what waits for a clerk, decisions, its records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.clock import whole_minute
from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import CheckedPermit
from warifu.exchange.statements import answer_digest
from warifu.rpc.status import to_grpc_status

PENDING = inquiry_pb2.PROVISION_OUTCOME_PENDING
RELEASE = node_pb2.CLERK_DECISION_RELEASE
OUTCOMES = {
    inquiry_pb2.PROVISION_OUTCOME_ANSWERED: node_pb2.EXCHANGE_OUTCOME_ANSWERED,
    PENDING: node_pb2.EXCHANGE_OUTCOME_PENDING,
    inquiry_pb2.PROVISION_OUTCOME_REFUSED: node_pb2.EXCHANGE_OUTCOME_REFUSED,
}


@dataclass
class Kept:
    """What was answered to a permit, and what a clerk decided of it, 0 for nothing."""

    asked: bytes
    number: str
    answer: SignedAnswer
    decision: int = 0


def record_of(checked: CheckedPermit, answer: SignedAnswer) -> node_pb2.ExchangeRecord:
    """The law's record of an exchange (Act Art. 23)."""
    context, number = checked.context, checked.processing_number
    record = node_pb2.ExchangeRecord(
        side=node_pb2.EXCHANGE_SIDE_PROVIDER,
        request_id=context.request_id,
        processing_number=number,
        inquirer=context.inquirer,
        provider=context.provider,
        procedure_code=context.procedure_code,
        item_code=context.item_code,
        outcome=OUTCOMES[answer.outcome],
        reason="RELEASE_REFUSED" if answer.outcome == inquiry_pb2.PROVISION_OUTCOME_REFUSED else "",
        inquiry_digest=checked.asked,
        answer_digest=answer_digest(answer, asked=checked.asked, processing_number=number),
    )
    record.requested_time.FromMilliseconds(whole_minute(context.issued_ms))
    if answer.outcome == inquiry_pb2.PROVISION_OUTCOME_ANSWERED:
        record.provided_time.CopyFrom(answer.provision_time)
    return record


class BusinessDesk:
    """NodeService, as much of it as clerks and records need, of a node that keeps ``kept`` and ``records``."""

    def __init__(self, node: Any) -> None:
        self.node = node

    def handlers(self) -> dict[str, Any]:
        unary = grpc.unary_unary_rpc_method_handler
        return {
            "DecideProvision": unary(
                self.decide,
                node_pb2.DecideProvisionRequest.FromString,
                node_pb2.DecideProvisionResponse.SerializeToString,
            ),
            "ListPendingProvisions": unary(
                self.list_pending,
                node_pb2.ListPendingProvisionsRequest.FromString,
                node_pb2.ListPendingProvisionsResponse.SerializeToString,
            ),
            "ListExchangeRecords": grpc.unary_stream_rpc_method_handler(
                self.list_records,
                node_pb2.ListExchangeRecordsRequest.FromString,
                node_pb2.ListExchangeRecordsResponse.SerializeToString,
            ),
        }

    async def admit(self, context: Any) -> None:
        try:
            self.node.check_caller(context, self.node.admits_business)
        except WarifuError as error:
            await context.abort_with_status(to_grpc_status(error))

    async def decide(self, request: node_pb2.DecideProvisionRequest, context: Any) -> node_pb2.DecideProvisionResponse:
        await self.admit(context)
        found = self.node.waits_for_clerk(request.processing_number)
        if found is None:
            error = WarifuError(Reason.INQUIRY_UNKNOWN, where="processing_number")
            await context.abort_with_status(to_grpc_status(error))
        self.node.decided(found, request.decision)
        return node_pb2.DecideProvisionResponse()

    async def list_pending(
        self, _: node_pb2.ListPendingProvisionsRequest, context: Any
    ) -> node_pb2.ListPendingProvisionsResponse:
        await self.admit(context)
        waiting = [node_pb2.PendingProvision(processing_number=each.number) for each in self.node.waiting()]
        return node_pb2.ListPendingProvisionsResponse(provisions=waiting)

    async def list_records(
        self, _: node_pb2.ListExchangeRecordsRequest, context: Any
    ) -> AsyncIterator[node_pb2.ListExchangeRecordsResponse]:
        await self.admit(context)
        records = list(self.node.records.values())
        for at in range(0, len(records), 250):
            yield node_pb2.ListExchangeRecordsResponse(records=records[at : at + 250])
