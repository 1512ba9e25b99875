"""Asking a party how it is, without an event loop."""

from __future__ import annotations

from typing import cast

import grpc

from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu.api.party.v1.party_service_pb2_grpc import PartyServiceStub
from warifu.client.blocking_channel import BlockingClient
from warifu.client.connection import Connection
from warifu.errors import Reason
from warifu.rpc.status import CodeTable, translated

__all__ = ["BlockingPartyClient"]

_BROKEN: CodeTable = {
    grpc.StatusCode.UNAVAILABLE: Reason.NODE_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.NODE_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.NODE_TIMED_OUT,
}


class BlockingPartyClient(BlockingClient):
    """The supervisor, or somebody of the node's own institution, at a node, blocking. A context manager."""

    def __init__(self, connection: Connection) -> None:
        """As every blocking client."""
        super().__init__(connection)
        self._stub = PartyServiceStub(cast(grpc.Channel, self._channel))

    def status(self, *, timeout: float) -> party_pb2.GetStatusResponse:
        """How the party is; waits ``timeout`` seconds at most. Raises: as every client."""
        with translated(_BROKEN):
            response: party_pb2.GetStatusResponse = self._stub.GetStatus(party_pb2.GetStatusRequest(), timeout=timeout)
        return response
