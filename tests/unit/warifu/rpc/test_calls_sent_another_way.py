"""A call that a refused stream sent another way ends as that way says, whatever gRPC said of the stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from warifu.api.agency.v1.agency_service_pb2 import ProvideCall, ProvideRequest, ProvideResponse, ProvideStreamRequest
from warifu.errors import Reason, WarifuError
from warifu.rpc.multiplex import CallStream, StreamedRpc


class RefusedStream:
    """What gRPC gives for a stream that the peer refuses."""

    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    async def __aiter__(self) -> AsyncIterator[Any]:
        raise grpc.aio.AioRpcError(self._code, grpc.aio.Metadata(), grpc.aio.Metadata(), details="refused")
        yield None  # type: ignore[unreachable]  # what makes it a generator

    def cancel(self) -> None:
        """As a call has it."""


class Peer:
    """A channel whose other side serves no such stream. ``ends`` is what the other way says."""

    generation = 0

    def __init__(self, ends: WarifuError) -> None:
        self._ends = ends
        self.went_another_way = 0

    def connected(self) -> Any:
        return self

    async def another_way(self, _: ProvideRequest, __: float) -> ProvideResponse:
        self.went_another_way += 1
        raise self._ends


@pytest.mark.parametrize("code", [grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INTERNAL])
@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (Reason.EXCHANGE_NOT_PERMITTED, Reason.EXCHANGE_NOT_PERMITTED),
        (Reason.HUB_TIMED_OUT, Reason.HUB_TIMED_OUT),
        (Reason.NOT_CONNECTED, Reason.HUB_UNREACHABLE),
    ],
)
async def test_a_call_ends_as_the_other_way_says(code: grpc.StatusCode, ends: Reason, told: Reason) -> None:
    """Writing to a stream that the peer refuses makes gRPC say INTERNAL, which says nothing of the call's own end."""
    peer = Peer(WarifuError(ends))
    rpc = StreamedRpc(
        open=lambda _: RefusedStream(code),  # type: ignore[arg-type, return-value]  # as far as it is read
        alone=peer.another_way,
        call_type=ProvideCall,
        message_type=ProvideStreamRequest,
        error=lambda _: WarifuError(Reason.HUB_UNREACHABLE),
        timed_out=Reason.HUB_TIMED_OUT,
        ended=Reason.HUB_UNREACHABLE,
        garbled=Reason.HUB_ANSWER_INVALID,
    )
    stream: CallStream[ProvideRequest, ProvideResponse] = CallStream(peer, rpc)  # type: ignore[arg-type]  # likewise
    for _ in range(2):
        with pytest.raises(WarifuError) as failed:
            await stream.call(ProvideRequest(), 5)
        assert failed.value.reason is told
    assert peer.went_another_way == 2
