"""The verifier's link to the certificate authority.

Decides what a broken call means: JPKI_UNREACHABLE, or JPKI_ANSWER_INVALID where what came does not parse. What the authority refuses
is told as it said it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import grpc

from warifu.api.jpki.v1 import certificate_service_pb2 as pb
from warifu.api.jpki.v1.certificate_service_pb2_grpc import CertificateServiceStub
from warifu.errors import Reason
from warifu.jpki.profile import CertificateUse
from warifu.rpc.channel import PeerChannel
from warifu.rpc.status import CodeTable, parsed, translated, unconnected_as

__all__ = ["GrpcJpki"]

_CALL_S: Final = 5.0
_WITHOUT_REASON: CodeTable = {
    grpc.StatusCode.UNAVAILABLE: Reason.JPKI_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.JPKI_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.JPKI_UNREACHABLE,
    grpc.StatusCode.INTERNAL: Reason.JPKI_ANSWER_INVALID,
    grpc.StatusCode.UNKNOWN: Reason.JPKI_ANSWER_INVALID,
}
_NUMBERS: Final = {CertificateUse.SIGNING: 1, CertificateUse.AUTHENTICATION: 2}


@contextmanager
def _translated() -> Iterator[None]:
    with unconnected_as(Reason.JPKI_UNREACHABLE), translated(_WITHOUT_REASON):
        yield


class GrpcJpki:
    """:class:`warifu_services.verifier.jpki_port.JpkiPort` over the lasting channel to the authority."""

    def __init__(self, jpki: PeerChannel) -> None:
        self._jpki = jpki

    @property
    def _stub(self) -> Any:
        return self._jpki.stub(CertificateServiceStub)

    async def ocsp(self, request: bytes) -> bytes:
        """See the contract."""
        with _translated():
            asked = self._stub.AnswerOcsp(pb.AnswerOcspRequest(ocsp_request=request), timeout=_CALL_S)
            told: pb.AnswerOcspResponse = await parsed(asked, Reason.JPKI_ANSWER_INVALID)
        return told.ocsp_response

    async def revocation_list(self, use: CertificateUse) -> bytes:
        """See the contract."""
        request = pb.GetRevocationListRequest(use=_NUMBERS[use])  # type: ignore[arg-type]
        with _translated():
            asked = self._stub.GetRevocationList(request, timeout=_CALL_S)
            told: pb.GetRevocationListResponse = await parsed(asked, Reason.JPKI_ANSWER_INVALID)
        return told.revocation_list

    async def links(self, serial: bytes) -> tuple[bytes, bytes, bool]:
        """See the contract."""
        with _translated():
            asked = self._stub.GetLinks(pb.GetLinksRequest(serial=serial), timeout=_CALL_S)
            told: pb.GetLinksResponse = await parsed(asked, Reason.JPKI_ANSWER_INVALID)
        return told.predecessor_serial, told.signing_serial, told.signing_is_good

    async def give_consent(
        self, *, service: str, items: Sequence[str], nonce: bytes, serial: bytes, signature: bytes
    ) -> tuple[bytes, int]:
        """See the contract."""
        request = pb.GiveConsentRequest(
            service=service, items=items, nonce=nonce, signing_serial=serial, signature=signature
        )
        with _translated():
            asked = self._stub.GiveConsent(request, timeout=_CALL_S)
            told: pb.GiveConsentResponse = await parsed(asked, Reason.JPKI_ANSWER_INVALID)
        return told.consent.consent_id, told.consent.expires_at_unix_ms

    async def end_consent(self, consent_id: bytes) -> None:
        """See the contract."""
        with _translated():
            asked = self._stub.EndConsent(pb.EndConsentRequest(consent_id=consent_id), timeout=_CALL_S)
            await parsed(asked, Reason.JPKI_ANSWER_INVALID)

    async def latest_items(self, consent_id: bytes) -> tuple[dict[str, str], bool]:
        """See the contract."""
        with _translated():
            asked = self._stub.GetLatestItems(pb.GetLatestItemsRequest(consent_id=consent_id), timeout=_CALL_S)
            told: pb.GetLatestItemsResponse = await parsed(asked, Reason.JPKI_ANSWER_INVALID)
        items = {field.name: str(value) for field, value in told.four_items.ListFields()}
        return items, told.changed
