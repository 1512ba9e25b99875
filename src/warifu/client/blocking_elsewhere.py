"""The clients of hub and authority for callers without an event loop, such as load users under gevent.

The same methods as of :class:`warifu.client.LogClient`, ``SupervisionClient`` and ``AuthorityClient``, blocking; those that
read whole lists of the log are not there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import cast

import grpc

from warifu.api.authority.v1 import authority_service_pb2 as authority_pb2
from warifu.api.authority.v1.authority_service_pb2_grpc import AuthorityServiceStub
from warifu.api.hub.v1 import supervision_service_pb2 as supervision_pb2
from warifu.api.hub.v1.supervision_service_pb2_grpc import SupervisionServiceStub
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceStub
from warifu.client.blocking_channel import BlockingClient
from warifu.client.connection import Connection
from warifu.client.pieces import pieces
from warifu.client.text import sendable, sendable_each
from warifu.errors import Reason
from warifu.rpc.status import CodeTable, translated

__all__ = ["BlockingAuthorityClient", "BlockingLogClient", "BlockingSupervisionClient"]

_CALL_SECONDS = 30.0
_DESIGNATED_AT_ONCE = 1_000


def _unreachable(reason: Reason, timed_out: Reason) -> CodeTable:
    return {
        grpc.StatusCode.UNAVAILABLE: reason,
        grpc.StatusCode.CANCELLED: reason,
        grpc.StatusCode.DEADLINE_EXCEEDED: timed_out,
    }


_HUB = _unreachable(Reason.HUB_UNREACHABLE, Reason.HUB_TIMED_OUT)
_AUTHORITY = _unreachable(Reason.AUTHORITY_UNREACHABLE, Reason.AUTHORITY_UNREACHABLE)


class BlockingLogClient(BlockingClient):
    """Anyone in the network at the exchange log, blocking."""

    def __init__(self, connection: Connection) -> None:
        """As every blocking client."""
        super().__init__(connection)
        self._stub = LogServiceStub(cast(grpc.Channel, self._channel))

    def checkpoint(self, *, timeout: float = _CALL_SECONDS) -> bytes:
        """A signed checkpoint: the supervisor's covers everything sequenced before the call, others' is of the beat."""
        with translated(_HUB):
            return bytes(self._stub.GetCheckpoint(log_pb2.GetCheckpointRequest(), timeout=timeout).signed_note)

    def inclusion_proof(
        self, position: int, tree_size: int, *, timeout: float = _CALL_SECONDS
    ) -> log_pb2.GetInclusionProofResponse:
        """The proof that a leaf is in the tree of that size, and the leaf where the caller may see it."""
        request = log_pb2.GetInclusionProofRequest(position=position, tree_size=tree_size)
        with translated(_HUB):
            return self._stub.GetInclusionProof(request, timeout=timeout)

    def consistency_proof(self, first: int, second: int, *, timeout: float = _CALL_SECONDS) -> list[bytes]:
        """The proof that the tree of size ``second`` only adds to that of size ``first``."""
        request = log_pb2.GetConsistencyProofRequest(first_size=first, second_size=second)
        with translated(_HUB):
            return list(self._stub.GetConsistencyProof(request, timeout=timeout).hashes)


class BlockingSupervisionClient(BlockingClient):
    """The supervisor at the hub, blocking."""

    def __init__(self, connection: Connection) -> None:
        """As every blocking client."""
        super().__init__(connection)
        self._stub = SupervisionServiceStub(cast(grpc.Channel, self._channel))

    def set_assessment(
        self,
        institution_code: str,
        item_code: str,
        status: supervision_pb2.AssessmentStatus,
        *,
        timeout: float = _CALL_SECONDS,
    ) -> int:
        """Withdraw or reinstate the assessment of one file; the position of the leaf that says so."""
        assessment = supervision_pb2.Assessment(
            institution_code=sendable(institution_code, "assessment.institution_code"),
            item_code=sendable(item_code, "assessment.item_code"),
            status=status,
        )
        request = supervision_pb2.SetAssessmentStatusRequest(assessment=assessment)
        with translated(_HUB):
            return int(self._stub.SetAssessmentStatus(request, timeout=timeout).position)

    def withdrawn_assessments(self, *, timeout: float = _CALL_SECONDS) -> Iterator[supervision_pb2.Assessment]:
        """The assessments that are withdrawn, by institution and item. ``timeout`` is for each page."""
        request = supervision_pb2.ListWithdrawnAssessmentsRequest()
        while True:
            with translated(_HUB):
                page = self._stub.ListWithdrawnAssessments(request, timeout=timeout)
            yield from page.assessments
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token


class BlockingAuthorityClient(BlockingClient):
    """A resident registry's business system at the numbering authority, blocking."""

    def __init__(self, connection: Connection) -> None:
        """As every blocking client."""
        super().__init__(connection)
        self._stub = AuthorityServiceStub(cast(grpc.Channel, self._channel))

    def designate_my_numbers(
        self, resident_record_codes: Sequence[str], *, timeout: float = _CALL_SECONDS
    ) -> list[str]:
        """The My Number of each resident record code, in order; the same again when asked again.

        An error's ``where`` counts in ``resident_record_codes``; its ``done`` says how many of them have a number.
        """
        numbers, give_up = list[str](), time.monotonic() + timeout
        codes = sendable_each(resident_record_codes, "resident_record_codes")
        for piece in pieces(codes, "resident_record_codes", count=_DESIGNATED_AT_ONCE):
            request = authority_pb2.DesignateMyNumbersRequest(resident_record_codes=piece.things)
            with piece.told(), translated(_AUTHORITY):
                left = max(0.0, give_up - time.monotonic())
                numbers += self._stub.DesignateMyNumbers(request, timeout=left).my_numbers
        return numbers
