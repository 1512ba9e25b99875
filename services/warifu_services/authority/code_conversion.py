"""Having the hub convert codes that are being issued.

Decides what the authority makes of the hub's answer, or of its absence: an answer counts only when the hub signed
exactly as many codes as were asked for, in this context. When the hub refuses, the fault lies between authority and
hub, and the agency that waits must not take it for its own; only what the agency can act on is passed on. Never sees a
My Number: there is none in what it sends.
"""

from __future__ import annotations

from typing import Protocol

import grpc

from warifu.api.hub.v1.hub_service_pb2 import ConvertIssuedCodesRequest, ConvertIssuedCodesResponse
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceStub
from warifu.curve.group import POINT_SIZE
from warifu.errors import Reason, WarifuError
from warifu.exchange.statements import check_conversion
from warifu.rpc.channel import PeerChannel
from warifu.rpc.status import CodeTable, parsed, translated, unconnected_as

__all__ = ["CodeConverter", "HubConverter", "check_answer"]

_WITHOUT_REASON: CodeTable = {
    grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.HUB_TIMED_OUT,
    grpc.StatusCode.INTERNAL: Reason.HUB_ANSWER_INVALID,  # what gRPC says of a reply that does not parse
    grpc.StatusCode.UNKNOWN: Reason.HUB_ANSWER_INVALID,
}
_PASSED_ON = frozenset(
    {
        Reason.HUB_UNREACHABLE,
        Reason.HUB_TIMED_OUT,
        Reason.HUB_ANSWER_INVALID,
        Reason.LOG_UNAVAILABLE,
        Reason.LOG_BEHIND,
        Reason.OVERLOADED,
        Reason.EPOCH_STALE,
        Reason.DEADLINE_TOO_SHORT,
    }
)


class CodeConverter(Protocol):
    """Whoever converts codes being issued: the hub, at the other end of a channel."""

    async def convert(self, request: ConvertIssuedCodesRequest, timeout: float) -> ConvertIssuedCodesResponse:
        """The hub's answer within ``timeout`` seconds, not yet checked."""


class HubConverter:
    """:class:`CodeConverter` over the lasting channel to the hub."""

    __slots__ = ("_hub",)

    def __init__(self, hub: PeerChannel) -> None:
        self._hub = hub

    async def convert(self, request: ConvertIssuedCodesRequest, timeout: float) -> ConvertIssuedCodesResponse:
        """The hub's answer.

        Raises: HUB_UNREACHABLE, HUB_TIMED_OUT, HUB_ANSWER_INVALID, LOG_UNAVAILABLE, LOG_BEHIND, OVERLOADED, EPOCH_STALE
        or DEADLINE_TOO_SHORT; INTERNAL for any other refusal, which is noted in the authority's log.
        """
        try:
            with unconnected_as(Reason.HUB_UNREACHABLE), translated(_WITHOUT_REASON):
                stub = self._hub.stub(HubServiceStub)
                asked = stub.ConvertIssuedCodes(request, timeout=timeout)
                answer: ConvertIssuedCodesResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
                return answer
        except WarifuError as error:
            if error.reason in _PASSED_ON:
                raise WarifuError(error.reason, debug=error.debug) from None
            raise WarifuError(Reason.INTERNAL, debug=f"the hub refused: {error.reason.value} {error.where}") from None


def check_answer(hub_key: bytes, request: ConvertIssuedCodesRequest, answer: ConvertIssuedCodesResponse) -> None:
    """Accept ``answer`` as the hub's answer to ``request``. Raises: HUB_ANSWER_INVALID."""
    codes = answer.converted_codes
    if len(codes) != len(request.encrypted_codes):
        raise WarifuError(Reason.HUB_ANSWER_INVALID, where="converted_codes")
    if any(len(code.c1) != POINT_SIZE or len(code.c2) != POINT_SIZE for code in codes):
        raise WarifuError(Reason.HUB_ANSWER_INVALID, where="converted_codes")
    try:
        check_conversion(hub_key, answer.hub_signature, request.context, codes, answer.conversion_proofs)
    except WarifuError as error:
        raise WarifuError(Reason.HUB_ANSWER_INVALID, where=error.where) from None
