"""AdapterService, served for an :class:`warifu.agency.Agency` that keeps no replicas.

Decides who is let in (the institution's own node, and nobody else of the network) and that a reply repeats what it was asked
about. What is answered is the agency's.
"""

from __future__ import annotations

from datetime import UTC, date
from typing import TYPE_CHECKING

from warifu.adapter.folder import AdapterFolder
from warifu.agency import Absence, Agency, Decision, Found, HeldProvision, LookUp, Pending, ProvidedRecord
from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.api.adapter.v1.adapter_service_pb2_grpc import AdapterServiceServicer, add_AdapterServiceServicer_to_server
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.pki import Identity, Role
from warifu.rpc.access import AccessTable
from warifu.rpc.deadline import remaining
from warifu.rpc.identity import AnyContext, caller
from warifu.rpc.server import build_server

if TYPE_CHECKING:
    import grpc

__all__ = ["ADAPTER_ACCESS", "AdapterServicer", "build_adapter"]

_SERVICE = "/warifu.api.adapter.v1.AdapterService"
_METHODS = ("GetReadiness", "LookUp", "GetClerkDecision")
ADAPTER_ACCESS: AccessTable = {f"{_SERVICE}/{method}": frozenset({Role.AGENCY}) for method in _METHODS}
"""Who may call which method of AdapterService; of these, the institution's own node."""

_LONGEST_S = 30.0
_OUTCOMES: dict[Absence | Pending, adapter_pb2.LookUpOutcome] = {
    Absence.NOT_HELD: adapter_pb2.LOOK_UP_OUTCOME_NOT_HELD,
    Absence.NOT_PUBLISHED: adapter_pb2.LOOK_UP_OUTCOME_NOT_PUBLISHED,
    Pending.CLERK: adapter_pb2.LOOK_UP_OUTCOME_PENDING,
}
_DECISIONS = {
    Decision.PENDING: adapter_pb2.PROVISION_DECISION_PENDING,
    Decision.RELEASE: adapter_pb2.PROVISION_DECISION_RELEASE,
    Decision.REFUSE: adapter_pb2.PROVISION_DECISION_REFUSE,
}


def build_adapter(agency: Agency, folder: AdapterFolder, *, listen: str) -> tuple[grpc.aio.Server, str]:
    """The server, not yet started, and where it listens (host:port). To be called inside the event loop that runs it.

    Raises: CONFIG_INVALID, KEY_INVALID, ADDRESS_IN_USE.
    """
    if agency.keeps_replicas:
        raise WarifuError(
            Reason.CONFIG_INVALID, where=f"agency kind {agency.kind!r} keeps replicas: it looks nobody up"
        )
    server, port = build_server(
        credential=folder.credential(),
        root_pem=folder.root_pem(),
        access=ADAPTER_ACCESS,
        services=[(add_AdapterServiceServicer_to_server, AdapterServicer(agency, folder.node()))],
        revoked=frozenset,
        listen=listen,
    )
    return server, f"{listen.rpartition(':')[0]}:{port}"


class AdapterServicer(AdapterServiceServicer):
    """The generated base says what each method is for."""

    def __init__(self, agency: Agency, node: Identity) -> None:
        self._agency = agency
        self._node = node

    async def GetReadiness(
        self, request: adapter_pb2.GetReadinessRequest, context: AnyContext
    ) -> adapter_pb2.GetReadinessResponse:
        """Say what there is."""
        self._admit(context)
        return adapter_pb2.GetReadinessResponse(
            institution_code=self._node.institution, ready=True, item_codes=list(self._agency.provides)
        )

    async def LookUp(self, request: adapter_pb2.LookUpRequest, context: AnyContext) -> adapter_pb2.LookUpResponse:
        """Look a person up."""
        self._admit(context)
        asked = LookUp(
            local_number=request.local_number,
            item_code=ItemCode.parse(request.item_code, "item_code"),
            fiscal_year=request.fiscal_year,
            procedure_code=ProcedureCode.parse(request.procedure_code, "procedure_code"),
            inquirer=InstitutionCode.parse(request.inquirer, "inquirer"),
            today=_day(request.asked_on),
            processing_number=request.processing_number,
            released=request.released,
            seconds=_seconds(context),
        )
        self._agency.provided(asked.item_code)  # before the person: the refusal is the same whoever is asked about
        told = adapter_pb2.LookUpResponse(local_number=request.local_number, item_code=request.item_code)
        _fill(told, await self._agency.look_up(asked), self._agency, asked)
        return told

    async def GetClerkDecision(
        self, request: adapter_pb2.GetClerkDecisionRequest, context: AnyContext
    ) -> adapter_pb2.GetClerkDecisionResponse:
        """Say what a clerk decided."""
        self._admit(context)
        held = HeldProvision(
            processing_number=request.processing_number,
            local_number=request.local_number,
            item_code=ItemCode.parse(request.item_code, "item_code"),
            procedure_code=ProcedureCode.parse(request.procedure_code, "procedure_code"),
            inquirer=InstitutionCode.parse(request.inquirer, "inquirer"),
            received=request.received_time.ToDatetime(UTC),
            seconds=_seconds(context),
        )
        decided = _DECISIONS[await self._agency.decide(held)]
        return adapter_pb2.GetClerkDecisionResponse(processing_number=request.processing_number, decision=decided)

    def _admit(self, context: AnyContext) -> None:
        if caller(context) != self._node:
            raise WarifuError(Reason.CALLER_NOT_ALLOWED, where="certificate", debug="not of this system's own node")


def _fill(told: adapter_pb2.LookUpResponse, found: Found | Pending, agency: Agency, asked: LookUp) -> None:
    """Put what was found into the reply. Raises: REQUEST_MALFORMED for a record that does not fit the item."""
    if not isinstance(found, ProvidedRecord):
        told.outcome = _OUTCOMES[found]
        return
    message = agency.check_record(asked.item_code, found.record)
    told.outcome = adapter_pb2.LOOK_UP_OUTCOME_FOUND
    told.fiscal_year = agency.year_of(message) or asked.fiscal_year
    told.record_type = found.record_type
    told.record = found.record


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="asked_on") from None


def _seconds(context: AnyContext) -> float:
    left = remaining(context)
    return _LONGEST_S if left is None else left
