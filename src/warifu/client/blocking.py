"""The node's client for callers without an event loop, such as load users under gevent.

The same methods as :class:`warifu.client.NodeClient`, blocking. It uses plain stubs on a plain channel and nothing of
``grpc.aio``, which stands still under gevent. The certificate is read once: make a new client after it was replaced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar, cast

import grpc

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub
from warifu.client.blocking_channel import BlockingClient
from warifu.client.connection import Connection
from warifu.client.pieces import pieces
from warifu.client.text import sendable
from warifu.errors import Reason, WarifuError
from warifu.rpc.hops import HOPS_KEY, Hop, hops_from
from warifu.rpc.status import CodeTable, translated

__all__ = ["BlockingNodeClient"]

T = TypeVar("T")

_CALL_SECONDS = 30.0
_STREAM_SECONDS = 300.0
_IN_BULK = 192

_BROKEN: CodeTable = {
    grpc.StatusCode.UNAVAILABLE: Reason.NODE_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.NODE_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.NODE_TIMED_OUT,
}


class BlockingNodeClient(BlockingClient):
    """An agency's business system at its own node, blocking. One lasting channel; a context manager."""

    def __init__(self, connection: Connection) -> None:
        """As every blocking client."""
        super().__init__(connection)
        self._stub = NodeServiceStub(cast(grpc.Channel, self._channel))

    def acquire_codes(
        self, people: Iterable[node_pb2.PersonToAcquire], *, timeout: float = _STREAM_SECONDS
    ) -> list[node_pb2.AcquisitionResult]:
        """What came of each acquisition, in the order asked.

        An error's ``where`` counts in ``people``, and its ``done`` says of how many it was known what came of them.
        """
        cut = pieces(list(people), "people")
        requests = (node_pb2.AcquireCodesRequest(people=piece.things) for piece in cut)
        results: list[node_pb2.AcquisitionResult] = []
        try:
            with translated(_BROKEN):
                for response in self._stub.AcquireCodes(requests, timeout=timeout):
                    results += response.results
        except WarifuError as error:
            raise error.after(len(results)) from error
        return results

    def register_replicas(self, replicas: Iterable[node_pb2.Replica], *, timeout: float = _STREAM_SECONDS) -> int:
        """Register replicas, up to 250 at a time; how many there were.

        An error's ``where`` counts in ``replicas``, and its ``done`` says how many of them are stored. One that no message
        can carry is refused before anything is sent.
        """
        done, give_up = 0, time.monotonic() + timeout
        for piece in pieces(list(replicas), "replicas"):
            requests = iter([node_pb2.RegisterReplicasRequest(replicas=piece.things)])
            with piece.told(), translated(_BROKEN):
                left = max(0.0, give_up - time.monotonic())
                done += int(self._stub.RegisterReplicas(requests, timeout=left).replica_count)
        return done

    def set_flags(self, flags: node_pb2.SetFlagsRequest, *, timeout: float = _CALL_SECONDS) -> None:
        """Replace a person's flags."""
        with translated(_BROKEN):
            self._stub.SetFlags(flags, timeout=timeout)

    def inquire(
        self,
        inquiry: node_pb2.Inquiry,
        *,
        timeout: float = _CALL_SECONDS,
        hops: Callable[[Sequence[Hop]], object] | None = None,
    ) -> node_pb2.InquiryResult:
        """Inquire about one person and wait for the answer; PENDING when a clerk must release it first.

        ``hops``, where given, is told how long each party took; nothing, in a network that was not started to tell that. An
        inquiry of which it is told goes alone at every hop, and shares no stream with others.
        """
        request = node_pb2.InquireRequest(inquiry=inquiry)
        with translated(_BROKEN):
            if hops is None:
                return self._stub.Inquire(request, timeout=timeout).result
            response, call = self._stub.Inquire.with_call(request, timeout=timeout, metadata=((HOPS_KEY, "1"),))
        told = [str(value) for key, value in call.trailing_metadata() or () if key == HOPS_KEY]
        hops(hops_from(told[0]) if told else ())
        return response.result

    def bulk_inquire(
        self, inquiries: Iterable[node_pb2.Inquiry], *, timeout: float = _STREAM_SECONDS
    ) -> Iterator[node_pb2.BulkResult]:
        """What came of each inquiry, in the order asked, as it becomes known; up to 192 of them in a message.

        An error's ``where`` counts in ``inquiries``, and its ``done`` says how many results came before it. What of the others
        is not known: the same inquiries, with the same request_ids, tell it.
        """
        cut = pieces(inquiries, "inquiries", count=_IN_BULK)
        requests = (node_pb2.BulkInquireRequest(inquiries=piece.things) for piece in cut)
        done, call = 0, self._stub.BulkInquire(requests, timeout=timeout)
        try:
            with translated(_BROKEN):
                for response in call:
                    done += len(response.results)
                    yield from response.results
        except WarifuError as error:
            raise error.after(done) from error
        finally:
            call.cancel()

    def submit_inquiry(self, inquiry: node_pb2.Inquiry, *, timeout: float = _CALL_SECONDS) -> None:
        """Have an inquiry taken durably; :meth:`fetch_answer` says what came of it."""
        with translated(_BROKEN):
            self._stub.SubmitInquiry(node_pb2.SubmitInquiryRequest(inquiry=inquiry), timeout=timeout)

    def fetch_answer(
        self, request_id: bytes, *, wait: float = 0.0, timeout: float = _CALL_SECONDS
    ) -> node_pb2.InquiryResult:
        """What came so far of the inquiry with this request_id, asking again where it has not ended.

        Waits at most ``wait`` seconds (0 to 30) for that, and less than ``timeout``; without it says at once what is
        known: SUBMITTED while it is under way.
        """
        request = node_pb2.FetchAnswerRequest(request_id=request_id, wait_ms=round(wait * 1000))
        with translated(_BROKEN):
            return self._stub.FetchAnswer(request, timeout=timeout).result

    def pending_provisions(self, *, timeout: float = _CALL_SECONDS) -> Iterator[node_pb2.PendingProvision]:
        """Inquiries from others that wait for a clerk here, oldest first.

        The first page is asked for at once, each of the others when the one before it was read; ``timeout`` is for each.
        """

        def pages() -> Iterator[Sequence[node_pb2.PendingProvision]]:
            request = node_pb2.ListPendingProvisionsRequest()
            while True:
                with translated(_BROKEN):
                    page = self._stub.ListPendingProvisions(request, timeout=timeout)
                yield page.provisions
                if not page.next_page_token:
                    return
                request.page_token = page.next_page_token

        return _begun(pages())

    def decide_provision(
        self, processing_number: str, decision: node_pb2.ClerkDecision, *, timeout: float = _CALL_SECONDS
    ) -> None:
        """Release or refuse one pending answer."""
        request = node_pb2.DecideProvisionRequest(
            processing_number=sendable(processing_number, "processing_number"), decision=decision
        )
        with translated(_BROKEN):
            self._stub.DecideProvision(request, timeout=timeout)

    def exchange_records(self, *, timeout: float = _STREAM_SECONDS) -> Iterator[node_pb2.ExchangeRecord]:
        """The node's own exchange records, in the order written.

        The first page is read at once, each of the others when the one before it was.
        """

        def pages() -> Iterator[Sequence[node_pb2.ExchangeRecord]]:
            call = self._stub.ListExchangeRecords(node_pb2.ListExchangeRecordsRequest(), timeout=timeout)
            try:
                with translated(_BROKEN):
                    for page in call:
                        yield page.records
            finally:
                call.cancel()

        return _begun(pages())


def _begun(pages: Iterator[Sequence[T]]) -> Iterator[T]:
    """The items of a list whose first page is there: a call that fails says so when it is made."""
    return chain(next(pages, ()), chain.from_iterable(pages))
