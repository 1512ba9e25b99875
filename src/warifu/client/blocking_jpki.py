"""A municipality's counter at the certificate authority, and a service's business system at the verifier, without an event loop.

Decides nothing: messages of the contract go in and come out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar, cast

import grpc

from warifu.api.jpki.v1 import card_service_pb2 as cards
from warifu.api.jpki.v1 import certificate_service_pb2 as certificates
from warifu.api.jpki.v1.card_service_pb2_grpc import CardServiceStub
from warifu.api.jpki.v1.certificate_service_pb2_grpc import CertificateServiceStub
from warifu.api.verifier.v1 import bank_service_pb2 as bank
from warifu.api.verifier.v1 import counter_service_pb2 as counter
from warifu.api.verifier.v1 import platform_service_pb2 as platform
from warifu.api.verifier.v1.bank_service_pb2_grpc import BankServiceStub
from warifu.api.verifier.v1.counter_service_pb2_grpc import CounterServiceStub
from warifu.api.verifier.v1.platform_service_pb2_grpc import PlatformServiceStub
from warifu.client.blocking_channel import BlockingClient
from warifu.client.connection import Connection
from warifu.errors import Reason
from warifu.rpc.status import CodeTable, translated

__all__ = ["BlockingCardClient", "BlockingVerifierClient"]

Response = TypeVar("Response")

_CALL_SECONDS: Final = 30.0
_BROKEN: CodeTable = {
    grpc.StatusCode.UNAVAILABLE: Reason.JPKI_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.JPKI_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.JPKI_UNREACHABLE,
    grpc.StatusCode.INTERNAL: Reason.JPKI_ANSWER_INVALID,
}


class BlockingCardClient(BlockingClient):
    """A municipality's counter, blocking: it has cards made and hands them over. A context manager.

    Every method raises what its RPC does, and JPKI_UNREACHABLE.
    """

    def __init__(self, connection: Connection) -> None:
        """As every blocking client."""
        super().__init__(connection)
        channel = cast(grpc.Channel, self._channel)
        self._cards, self._certificates = CardServiceStub(channel), CertificateServiceStub(channel)

    def apply(self, request: cards.ApplyForCardRequest) -> cards.ApplyForCardResponse:
        """Apply for a card."""
        return _answered(self._cards.ApplyForCard, request)

    def advance(self, request: cards.AdvanceCardRequest) -> cards.AdvanceCardResponse:
        """Take a card a step on."""
        return _answered(self._cards.AdvanceCard, request)

    def card(self, application_id: str) -> cards.GetCardResponse:
        """How far a card is."""
        return _answered(self._cards.GetCard, cards.GetCardRequest(application_id=application_id))

    def issue(self, request: certificates.IssueCertificatesRequest) -> certificates.IssueCertificatesResponse:
        """Have certificates issued for the keys of a card."""
        return _answered(self._certificates.IssueCertificates, request)

    def report(self, request: certificates.ReportEventRequest) -> certificates.ReportEventResponse:
        """Report what happened to a holder or her keys."""
        return _answered(self._certificates.ReportEvent, request)

    def trust(self) -> certificates.GetTrustResponse:
        """The roots."""
        return _answered(self._certificates.GetTrust, certificates.GetTrustRequest())


class BlockingVerifierClient(BlockingClient):
    """A service that stands on the platform operator, blocking. A context manager.

    Every method raises what its RPC does, and JPKI_UNREACHABLE.
    """

    def __init__(self, connection: Connection) -> None:
        """As every blocking client."""
        super().__init__(connection)
        self.service = connection.expect.institution
        channel = cast(grpc.Channel, self._channel)
        self._platform, self._bank = PlatformServiceStub(channel), BankServiceStub(channel)
        self._counter = CounterServiceStub(channel)

    def nonce(self) -> bytes:
        """A nonce, good for one of the others within five minutes."""
        response: platform.GetNonceResponse = _answered(self._platform.GetNonce, platform.GetNonceRequest())
        return response.nonce

    def register(self, presented: platform.Presented) -> platform.RegisterResponse:
        """Make the holder of a signing certificate a user."""
        return _answered(self._platform.Register, platform.RegisterRequest(presented=presented))

    def log_in(self, presented: platform.Presented) -> platform.LogInResponse:
        """Say which user presents an authentication certificate."""
        return _answered(self._platform.LogIn, platform.LogInRequest(presented=presented))

    def replace(self, presented: platform.Presented) -> platform.ReplaceResponse:
        """Take a user's new signing certificate."""
        return _answered(self._platform.Replace, platform.ReplaceRequest(presented=presented))

    def open_account(self, request: bank.OpenAccountRequest) -> bank.OpenAccountResponse:
        """Open a bank account."""
        return _answered(self._bank.OpenAccount, request)

    def check_identity(self, request: counter.CheckIdentityRequest) -> counter.CheckIdentityResponse:
        """Have a card judged that was read at a counter."""
        return _answered(self._counter.CheckIdentity, request)


def _answered(rpc: Callable[..., Response], request: object) -> Response:
    with translated(_BROKEN):
        return rpc(request, timeout=_CALL_SECONDS)
