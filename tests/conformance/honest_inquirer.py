"""A node that asks, and keeps every rule of an inquirer: what planted mistakes are made of.

It keeps everything in memory and makes unary calls. Each method is one step of docs/protocol/node.md, "Ask".
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

import grpc
from tests.conformance.to_hub import channel_to_hub

from warifu.agency import Absence, ProvidedRecord
from warifu.api.hub.v1.hub_service_pb2 import ExchangeRequest, ExchangeResponse
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceStub
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.clock import SystemClock
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange import inquiry as exchange_inquiry
from warifu.exchange.codes import AgencyCode
from warifu.exchange.inquiry import OpenedAnswer, Question
from warifu.exchange.seal import SealingKey
from warifu.exchange.statements import inquiry_digest
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.pki import Role
from warifu.rpc.probe import Peer, find_certificate
from warifu.rpc.status import from_rpc_error, to_grpc_status
from warifu_hub.translate import Party
from warifu_kit.conformance.inquirer_under_check import InquirerUnderCheck
from warifu_kit.conformance.stage import Stage
from warifu_services.authority.keys import AuthorityKeys
from warifu_services.node.keys import NodeKeys

NO_HUB_SAYS = frozenset({Reason.RECORD_NOT_HELD, Reason.RECORD_NOT_PUBLISHED, Reason.RELEASE_REFUSED})
_CODES = {
    grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.HUB_TIMED_OUT,
}


@dataclass
class Kept:
    """One inquiry, as it was sent, and how it ended."""

    asked: bytes
    inquiry: SignedInquiry
    answer_key: SealingKey
    result: node_pb2.InquiryResult | None = None


class HonestInquirer:
    """The childcare office's, on a stage. ``codes`` are people's, by local number."""

    def __init__(self, stage: Stage) -> None:
        folder = stage.folder(stage.party)
        self.stage = stage
        self.directory = stage.folder("hub").directory()
        self.keys = NodeKeys.load(folder, self.directory).inquirer
        self.codes: dict[str, Point] = {}
        self.kept: dict[bytes, Kept] = {}
        self.clock = SystemClock()
        self.server: Any = None

    def meet(self, about: InquirerUnderCheck) -> None:
        """Hold codes of everybody of the cast who has records, as if they had been acquired."""
        own, group = Party.of(self.keys.own), self.directory.group
        authority = AuthorityKeys(group, self.stage.folder("authority").secret("point.key"))
        factor = about.hands.translator.factor(own.institution, own.code_epoch)
        for person in self.stage.cast:
            (person_id,) = self.stage.person_ids([person], authority)
            if person.years and person_id is not None:
                self.codes[person.local_number] = group.multiply(factor, authority.point(person_id))

    # NodeService.

    def admits(self, uris: list[str]) -> bool:
        own = self.stage.folder(self.stage.party).identity()
        return uris == [replace(own, role=Role.BUSINESS).uri]

    async def Inquire(self, request: node_pb2.InquireRequest, context: Any) -> node_pb2.InquireResponse:
        names = [name.decode() for name in context.auth_context().get("x509_subject_alternative_name", ())]
        if not self.admits([name for name in names if "://" in name]):
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "not the business system of this node")
        try:
            left = context.time_remaining() or 10.0
            return node_pb2.InquireResponse(result=await self.inquire(request.inquiry, left - 0.3))
        except WarifuError as error:
            await context.abort_with_status(to_grpc_status(self.told(error)))
            raise

    def told(self, error: WarifuError) -> WarifuError:
        return error

    # One inquiry.

    async def inquire(self, question: node_pb2.Inquiry, left: float) -> node_pb2.InquiryResult:
        kept = self.known(question) or self.begin(question)
        if kept.result is not None:
            return kept.result
        try:
            response = await self.exchange(kept.inquiry, left)
        except WarifuError as error:
            raise self.believed(error) from None
        opened = self.opened(kept, response)
        return self.ended(kept, response, opened)

    def known(self, question: node_pb2.Inquiry) -> Kept | None:
        kept = self.kept.get(question.request_id)
        if kept is not None and kept.asked != question.SerializeToString(deterministic=True):
            raise WarifuError(Reason.REQUEST_REUSED, where="inquiry.request_id")
        return kept

    def begin(self, question: node_pb2.Inquiry) -> Kept:
        inquiry, answer_key = self.build(question)
        kept = Kept(question.SerializeToString(deterministic=True), inquiry, answer_key)
        self.kept[question.request_id] = kept
        return kept

    def build(self, question: node_pb2.Inquiry) -> tuple[SignedInquiry, SealingKey]:
        asked = Question(
            request_id=question.request_id,
            provider=InstitutionCode.parse(question.provider, "inquiry.provider"),
            procedure_code=ProcedureCode(question.procedure_code),
            item_code=ItemCode(question.item_code),
            fiscal_year=question.fiscal_year,
        )
        code = AgencyCode(
            institution=self.keys.own.institution, epoch=self.keys.own.code_epoch, point=self.code(question)
        )
        return exchange_inquiry.build_inquiry(
            asked,
            code,
            keys=self.keys,
            directory=self.directory,
            now_ms=self.clock.unix_ms(),
            alone=True,
            random_bytes=self.random_bytes,
        )

    def code(self, question: node_pb2.Inquiry) -> Point:
        found = self.codes.get(question.local_number)
        if found is None:
            raise WarifuError(Reason.CODE_NOT_ACQUIRED, where="inquiry.local_number")
        return found

    def random_bytes(self, size: int) -> bytes:
        return secrets.token_bytes(size)

    async def exchange(self, inquiry: SignedInquiry, left: float) -> ExchangeResponse:
        await self.check_hub(left)
        async with self.channel() as channel:
            stub: Any = HubServiceStub(channel)
            try:
                response: ExchangeResponse = await stub.Exchange(ExchangeRequest(inquiry=inquiry), timeout=left)
            except grpc.aio.AioRpcError as error:
                raise from_rpc_error(error, default=_CODES) from None
        return response

    async def check_hub(self, left: float) -> None:
        hub = self.stage.folder("hub")
        peer = Peer(target=self.stage.hub_endpoint, expect=hub.identity(), root_pem=hub.root_pem())
        await find_certificate(peer, frozenset(), left)

    def channel(self) -> Any:
        return channel_to_hub(self.stage)

    def believed(self, error: WarifuError) -> WarifuError:
        return WarifuError(Reason.HUB_ANSWER_INVALID) if error.reason in NO_HUB_SAYS else error

    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        number = response.processing_number
        if len(number) != 20 or not (number.isascii() and number.isdigit()):
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="processing_number")
        provider = InstitutionCode(kept.inquiry.context[34:50].decode())
        return exchange_inquiry.open_answer(
            response.answer,
            context=kept.inquiry.context,
            asked=inquiry_digest(kept.inquiry),
            processing_number=number,
            provider=self.directory.entry(provider),
            answer_key=kept.answer_key,
        )

    def ended(self, kept: Kept, response: ExchangeResponse, opened: OpenedAnswer) -> node_pb2.InquiryResult:
        result = node_pb2.InquiryResult(processing_number=response.processing_number)
        if opened.outcome == inquiry_pb2.PROVISION_OUTCOME_PENDING:
            result.state = node_pb2.INQUIRY_STATE_PENDING
            return result
        if isinstance(opened.found, Absence):
            raise WarifuError(opened.found.value)
        if not isinstance(opened.found, ProvidedRecord):
            raise WarifuError(Reason.RELEASE_REFUSED)
        result.state = node_pb2.INQUIRY_STATE_ANSWERED
        result.record_type, result.record = opened.found.record_type, opened.found.record
        kept.result = result
        return result

    # The server.

    def own_files(self) -> tuple[bytes, bytes, bytes]:
        """Key, certificate and root."""
        folder = self.stage.folder(self.stage.party).path
        key, certificate, root = ((folder / name).read_bytes() for name in ("tls.key", "tls.pem", "root.pem"))
        return key, certificate, root

    def credentials(self) -> Any:
        key, certificate, root = self.own_files()
        return grpc.ssl_server_credentials([(key, certificate)], root, require_client_auth=True)

    async def serve(self) -> str:
        """Serve to the business system; where it listens."""
        self.server = grpc.aio.server()
        handler = grpc.unary_unary_rpc_method_handler(
            self.Inquire, node_pb2.InquireRequest.FromString, node_pb2.InquireResponse.SerializeToString
        )
        service = "warifu.api.node.v1.NodeService"
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Inquire": handler}),))
        endpoint = f"127.0.0.1:{self.server.add_secure_port('127.0.0.1:0', self.credentials())}"
        await self.server.start()
        return endpoint


def unchecked(kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
    """What a response says, without a look at who signed it: for mistakes. A box that does not open is still a fault."""
    answer = response.answer
    found = None
    if answer.outcome == inquiry_pb2.PROVISION_OUTCOME_ANSWERED:
        opened = exchange_inquiry._open_sealed_answer(answer, kept.inquiry.context, kept.answer_key)
        found = exchange_inquiry._read_found(opened) if opened is not None else None
    return OpenedAnswer(outcome=answer.outcome, found=found, provided_ms=0, digest=b"")
