"""Clients for callers with an event loop: one class per service, one lasting channel per client.

Thin: a method per RPC, messages as the contract has them. What a caller hands over is cut into messages
(``warifu.client.pieces``), and lists come page by page (``warifu.client.paged``). A failed call raises the :class:`WarifuError` that the called party stated; where it could state none, the reason says who could
not be reached. Nothing is retried here: only the caller knows how patient it is.

    async with NodeClient(network.to_node("childcare")) as node:
        result = await node.inquire(inquiry)
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, ClassVar, Final, Self

import grpc

from warifu.api.authority.v1 import authority_service_pb2 as authority_pb2
from warifu.api.authority.v1.authority_service_pb2_grpc import AuthorityServiceStub
from warifu.api.hub.v1 import supervision_service_pb2 as supervision_pb2
from warifu.api.hub.v1.supervision_service_pb2_grpc import SupervisionServiceStub
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceStub
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub
from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu.api.party.v1.party_service_pb2_grpc import PartyServiceStub
from warifu.client.connection import Connection
from warifu.client.outgoing import sending
from warifu.client.paged import Paged
from warifu.client.pieces import pieces
from warifu.client.text import sendable, sendable_each
from warifu.errors import Reason, WarifuError
from warifu.pki import CredentialFiles, Role
from warifu.rpc.channel import PeerChannel
from warifu.rpc.status import CodeTable, translated
from warifu.tlog.cosignature import Witness, check_cosigned

__all__ = ["CALL_SECONDS", "AuthorityClient", "LogClient", "NodeClient", "PartyClient", "SupervisionClient"]

CALL_SECONDS = 30.0
"""How long a call may take unless the caller says otherwise."""

_STREAM_SECONDS = 300.0
_DESIGNATED_AT_ONCE = 1_000
_IN_BULK = 192


def _unreachable(reason: Reason, timed_out: Reason) -> CodeTable:
    return {
        grpc.StatusCode.UNAVAILABLE: reason,
        grpc.StatusCode.CANCELLED: reason,
        grpc.StatusCode.DEADLINE_EXCEEDED: timed_out,
    }


def _left(give_up: float) -> float:
    """How many seconds are left for the next of several calls."""
    return max(0.0, give_up - time.monotonic())


class _Client:
    """A lasting channel to one party. An asynchronous context manager; to be made inside the event loop."""

    _broken: ClassVar[CodeTable]

    def __init__(self, connection: Connection) -> None:
        """Prepare the channel; it connects on the first call.

        Raises: KEY_INVALID, CALLER_NOT_IDENTIFIED; FILE_INVALID or SIGNATURE_INVALID for the revocation list.
        """
        self._peer = PeerChannel(
            connection.endpoint,
            credential=CredentialFiles(connection.certificate, connection.private_key),
            root_pem=connection.root_pem(),
            expect=connection.expect,
            revoked=connection.revoked(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the channel, with the calls on it."""
        await self._peer.close()

    async def _call(self, method: Any, request: Any, timeout: float) -> Any:
        """One call with one answer; what it means when it fails is the same for all of a client's methods."""
        with translated(self._broken):
            return await method(request, timeout=timeout)

    async def _streamed(self, call: Any) -> AsyncGenerator[Any, None]:
        """The pages that one call gives. Whoever has enough ends the call."""
        try:
            with translated(self._broken):
                async for page in call:
                    yield page
        finally:
            call.cancel()

    async def _asked(self, method: Callable[[], Any], request: Any, timeout: float) -> AsyncGenerator[Any, None]:
        """The pages that are asked for one by one; ``timeout`` is for each."""
        while True:
            page = await self._call(method(), request, timeout)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token


class NodeClient(_Client):
    """An agency's business system at its own node."""

    _broken = _unreachable(Reason.NODE_UNREACHABLE, Reason.NODE_TIMED_OUT)

    async def acquire_codes(
        self, people: Iterable[node_pb2.PersonToAcquire], *, timeout: float = _STREAM_SECONDS
    ) -> AsyncIterator[node_pb2.AcquisitionResult]:
        """What came of each acquisition, in the order asked, as it becomes known.

        An error's ``where`` counts in ``people``, and its ``done`` says how many results came before it.
        """
        requests = (node_pb2.AcquireCodesRequest(people=piece.things) for piece in pieces(people, "people"))
        call: Any = self._peer.stub(NodeServiceStub).AcquireCodes(timeout=timeout)
        done = 0
        try:
            async with sending(call, requests, self._broken):
                async for response in call:
                    done += len(response.results)
                    for result in response.results:
                        yield result
        except WarifuError as error:
            raise error.after(done) from error

    async def register_replicas(self, replicas: Iterable[node_pb2.Replica], *, timeout: float = _STREAM_SECONDS) -> int:
        """Register replicas, up to 250 at a time; how many there were.

        An error's ``where`` counts in ``replicas``, and its ``done`` says how many of them are stored. One that no message
        can carry is refused before anything is sent, if ``replicas`` is a list.
        """
        done, give_up = 0, time.monotonic() + timeout
        for piece in pieces(replicas, "replicas"):
            call: Any = self._peer.stub(NodeServiceStub).RegisterReplicas(timeout=_left(give_up))
            with piece.told():
                async with sending(call, [node_pb2.RegisterReplicasRequest(replicas=piece.things)], self._broken):
                    done += int((await call).replica_count)
        return done

    async def set_flags(self, flags: node_pb2.SetFlagsRequest, *, timeout: float = CALL_SECONDS) -> None:
        """Replace a person's flags."""
        await self._call(self._peer.stub(NodeServiceStub).SetFlags, flags, timeout)

    async def inquire(self, inquiry: node_pb2.Inquiry, *, timeout: float = CALL_SECONDS) -> node_pb2.InquiryResult:
        """Inquire about one person and wait for the answer; PENDING when a clerk must release it first."""
        request = node_pb2.InquireRequest(inquiry=inquiry)
        response: node_pb2.InquireResponse = await self._call(
            self._peer.stub(NodeServiceStub).Inquire, request, timeout
        )
        return response.result

    async def bulk_inquire(
        self, inquiries: Iterable[node_pb2.Inquiry], *, timeout: float = _STREAM_SECONDS
    ) -> AsyncIterator[node_pb2.BulkResult]:
        """What came of each inquiry, in the order asked, as it becomes known; up to 192 of them in a message.

        An error's ``where`` counts in ``inquiries``, and its ``done`` says how many results came before it. What of the others
        is not known: the same inquiries, with the same request_ids, tell it.
        """
        cut = pieces(inquiries, "inquiries", count=_IN_BULK)
        requests = (node_pb2.BulkInquireRequest(inquiries=piece.things) for piece in cut)
        call: Any = self._peer.stub(NodeServiceStub).BulkInquire(timeout=timeout)
        done = 0
        try:
            async with sending(call, requests, self._broken):
                async for response in call:
                    done += len(response.results)
                    for result in response.results:
                        yield result
        except WarifuError as error:
            raise error.after(done) from error

    async def submit_inquiry(self, inquiry: node_pb2.Inquiry, *, timeout: float = CALL_SECONDS) -> None:
        """Have an inquiry taken durably; :meth:`fetch_answer` says what came of it."""
        request = node_pb2.SubmitInquiryRequest(inquiry=inquiry)
        await self._call(self._peer.stub(NodeServiceStub).SubmitInquiry, request, timeout)

    async def fetch_answer(
        self, request_id: bytes, *, wait: float = 0.0, timeout: float = CALL_SECONDS
    ) -> node_pb2.InquiryResult:
        """What came so far of the inquiry with this request_id, asking again where it has not ended.

        Waits at most ``wait`` seconds (0 to 30) for that, and less than ``timeout``; without it says at once what is
        known: SUBMITTED while it is under way.
        """
        request = node_pb2.FetchAnswerRequest(request_id=request_id, wait_ms=round(wait * 1000))
        response: node_pb2.FetchAnswerResponse = await self._call(
            self._peer.stub(NodeServiceStub).FetchAnswer, request, timeout
        )
        return response.result

    def pending_provisions(self, *, timeout: float = CALL_SECONDS) -> Paged[node_pb2.PendingProvision]:
        """Inquiries from others that wait for a clerk here, oldest first. ``timeout`` is for each page."""

        async def pages() -> AsyncGenerator[list[node_pb2.PendingProvision], None]:
            request = node_pb2.ListPendingProvisionsRequest()
            asked = self._asked(lambda: self._peer.stub(NodeServiceStub).ListPendingProvisions, request, timeout)
            async for page in asked:
                yield list(page.provisions)

        return Paged(pages)

    async def decide_provision(
        self, processing_number: str, decision: node_pb2.ClerkDecision, *, timeout: float = CALL_SECONDS
    ) -> None:
        """Release or refuse one pending answer."""
        request = node_pb2.DecideProvisionRequest(
            processing_number=sendable(processing_number, "processing_number"), decision=decision
        )
        await self._call(self._peer.stub(NodeServiceStub).DecideProvision, request, timeout)

    def exchange_records(self, *, timeout: float = _STREAM_SECONDS) -> Paged[node_pb2.ExchangeRecord]:
        """The node's own exchange records, in the order written."""

        async def pages() -> AsyncGenerator[list[node_pb2.ExchangeRecord], None]:
            request = node_pb2.ListExchangeRecordsRequest()
            call = self._peer.stub(NodeServiceStub).ListExchangeRecords(request, timeout=timeout)
            async with aclosing(self._streamed(call)) as streamed:
                async for page in streamed:
                    yield list(page.records)

        return Paged(pages)


class AuthorityClient(_Client):
    """A resident registry's business system at the numbering authority."""

    _broken = _unreachable(Reason.AUTHORITY_UNREACHABLE, Reason.AUTHORITY_UNREACHABLE)

    async def designate_my_numbers(
        self, resident_record_codes: Sequence[str], *, timeout: float = CALL_SECONDS
    ) -> list[str]:
        """The My Number of each resident record code, in order; the same again when asked again. Up to 1,000 at a time.

        An error's ``where`` counts in ``resident_record_codes``; its ``done`` says how many of them have a number.
        """
        numbers, give_up = list[str](), time.monotonic() + timeout
        codes = sendable_each(resident_record_codes, "resident_record_codes")
        for piece in pieces(codes, "resident_record_codes", count=_DESIGNATED_AT_ONCE):
            request = authority_pb2.DesignateMyNumbersRequest(resident_record_codes=piece.things)
            method = self._peer.stub(AuthorityServiceStub).DesignateMyNumbers
            with piece.told():
                numbers += (await self._call(method, request, _left(give_up))).my_numbers
        return numbers

    async def replace_my_number(self, my_number: str, *, timeout: float = CALL_SECONDS) -> str:
        """The number designated in place of one that leaked."""
        request = authority_pb2.ReplaceMyNumberRequest(my_number=sendable(my_number, "my_number"))
        response = await self._call(self._peer.stub(AuthorityServiceStub).ReplaceMyNumber, request, timeout)
        return str(response.my_number)


class LogClient(_Client):
    """Anyone in the network at the exchange log; listing its leaves is the supervisor's alone."""

    _broken = _unreachable(Reason.HUB_UNREACHABLE, Reason.HUB_TIMED_OUT)

    async def checkpoint(self, *, timeout: float = CALL_SECONDS) -> bytes:
        """A signed checkpoint: the supervisor's covers everything sequenced before the call.

        Others are shown that of the hub's beat; one that covers an exchange made just now comes in the next, seconds later.
        """
        request = log_pb2.GetCheckpointRequest()
        response = await self._call(self._peer.stub(LogServiceStub).GetCheckpoint, request, timeout)
        return bytes(response.signed_note)

    async def cosigned_checkpoint(
        self, witnesses: Sequence[Witness], least: int = 1, *, timeout: float = CALL_SECONDS
    ) -> bytes:
        """The newest signed checkpoint that a witness cosigned, with the cosignatures of ``least`` of ``witnesses``.

        A few seconds old. The log's own signature is for the caller to verify. Raises: LOG_INVALID when there are fewer.
        """
        request = log_pb2.GetCosignedCheckpointRequest()
        response = await self._call(self._peer.stub(LogServiceStub).GetCosignedCheckpoint, request, timeout)
        note = bytes(response.cosigned_note)
        if not note:
            raise WarifuError(Reason.LOG_INVALID, where=f"checkpoint: 0 of {least} cosignatures wanted")
        check_cosigned(note, witnesses, least)
        return note

    def leaves(self, first: int, count: int, *, timeout: float = _STREAM_SECONDS) -> Paged[bytes]:
        """Up to ``count`` leaves (0 for all there are) from position ``first``, exactly as hashed."""

        async def pages() -> AsyncGenerator[list[bytes], None]:
            request = log_pb2.ListLeavesRequest(first_position=first, leaf_count=count)
            call = self._peer.stub(LogServiceStub).ListLeaves(request, timeout=timeout)
            async with aclosing(self._streamed(call)) as streamed:
                async for page in streamed:
                    yield list(page.leaves)

        return Paged(pages)

    async def inclusion_proof(
        self, position: int, tree_size: int, *, timeout: float = CALL_SECONDS
    ) -> log_pb2.GetInclusionProofResponse:
        """The proof that a leaf is in the tree of that size, and the leaf where the caller may see it."""
        request = log_pb2.GetInclusionProofRequest(position=position, tree_size=tree_size)
        response: log_pb2.GetInclusionProofResponse = await self._call(
            self._peer.stub(LogServiceStub).GetInclusionProof, request, timeout
        )
        return response

    async def consistency_proof(self, first: int, second: int, *, timeout: float = CALL_SECONDS) -> list[bytes]:
        """The proof that the tree of size ``second`` only adds to that of size ``first``."""
        request = log_pb2.GetConsistencyProofRequest(first_size=first, second_size=second)
        response = await self._call(self._peer.stub(LogServiceStub).GetConsistencyProof, request, timeout)
        return list(response.hashes)


class SupervisionClient(_Client):
    """The supervisor at the hub."""

    _broken = _unreachable(Reason.HUB_UNREACHABLE, Reason.HUB_TIMED_OUT)

    async def set_assessment(
        self,
        institution_code: str,
        item_code: str,
        status: supervision_pb2.AssessmentStatus,
        *,
        timeout: float = CALL_SECONDS,
    ) -> int:
        """Withdraw or reinstate the assessment of one file; the position of the leaf that says so."""
        assessment = supervision_pb2.Assessment(
            institution_code=sendable(institution_code, "assessment.institution_code"),
            item_code=sendable(item_code, "assessment.item_code"),
            status=status,
        )
        request = supervision_pb2.SetAssessmentStatusRequest(assessment=assessment)
        stub = self._peer.stub(SupervisionServiceStub)
        return int((await self._call(stub.SetAssessmentStatus, request, timeout)).position)

    def withdrawn_assessments(self, *, timeout: float = CALL_SECONDS) -> Paged[supervision_pb2.Assessment]:
        """The assessments that are withdrawn, by institution and item. ``timeout`` is for each page."""

        async def pages() -> AsyncGenerator[list[supervision_pb2.Assessment], None]:
            request = supervision_pb2.ListWithdrawnAssessmentsRequest()
            asked = self._asked(
                lambda: self._peer.stub(SupervisionServiceStub).ListWithdrawnAssessments, request, timeout
            )
            async for page in asked:
                yield list(page.assessments)

        return Paged(pages)


_AT_PARTY: Final[Mapping[Role, CodeTable]] = {
    Role.HUB: _unreachable(Reason.HUB_UNREACHABLE, Reason.HUB_TIMED_OUT),
    Role.AUTHORITY: _unreachable(Reason.AUTHORITY_UNREACHABLE, Reason.AUTHORITY_UNREACHABLE),
    Role.AGENCY: _unreachable(Reason.NODE_UNREACHABLE, Reason.NODE_TIMED_OUT),
    Role.JPKI: _unreachable(Reason.JPKI_UNREACHABLE, Reason.JPKI_UNREACHABLE),
    Role.VERIFIER: _unreachable(Reason.NODE_UNREACHABLE, Reason.NODE_TIMED_OUT),
}


class PartyClient(_Client):
    """The supervisor, or somebody of the party's own institution, at any party."""

    def __init__(self, connection: Connection) -> None:
        """As for every client. Who could not be reached is said by the role of whoever is called."""
        super().__init__(connection)
        self._unreached = _AT_PARTY[connection.expect.role]

    async def status(self, *, timeout: float = CALL_SECONDS) -> party_pb2.GetStatusResponse:
        """How the party is: what it is and holds, until when its certificates are good, what is amiss."""
        with translated(self._unreached):
            response: party_pb2.GetStatusResponse = await self._peer.stub(PartyServiceStub).GetStatus(
                party_pb2.GetStatusRequest(), timeout=timeout
            )
        return response
