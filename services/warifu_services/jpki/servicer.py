"""The authority's RPCs about certificates: from messages to values and back, and who may ask.

Decides which kind of caller may call what, and that certificates are asked for by a municipality: the authority has no directory, for
it never asks the hub, so it goes by the institution code in the caller's certificate.
"""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.hazmat.primitives.serialization import Encoding

from warifu.api.jpki.v1 import certificate_service_pb2 as pb
from warifu.api.jpki.v1.certificate_service_pb2_grpc import CertificateServiceServicer
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.jpki.profile import CertificateUse
from warifu.jpki.signature import SIGNATURE_SIZE
from warifu.jpki.statements import NONCE_SIZE
from warifu.pki import Role
from warifu.rpc.access import AccessTable
from warifu.rpc.identity import AnyContext, caller
from warifu_services.jpki.certifying import RootKey
from warifu_services.jpki.consents import Consents
from warifu_services.jpki.issuing import CardKey, Issuer
from warifu_services.jpki.lapsing import Event
from warifu_services.jpki.messages import (
    REQUEST_ID_SIZE,
    application_in,
    chosen,
    items_in,
    items_message,
    serial_in,
    sized,
    use_in,
)
from warifu_services.jpki.responding import LARGEST_OCSP_REQUEST, Responder
from warifu_services.jpki.rows import ConsentRow
from warifu_services.jpki.store import JpkiStore

__all__ = ["CERTIFICATE_ACCESS", "CertificateServicer", "check_municipal"]

_SERVICE = "/warifu.api.jpki.v1.CertificateService"
_COUNTER, _VERIFIER = frozenset({Role.BUSINESS}), frozenset({Role.VERIFIER})
CERTIFICATE_ACCESS: AccessTable = {
    f"{_SERVICE}/IssueCertificates": _COUNTER,
    f"{_SERVICE}/ReportEvent": _COUNTER,
    f"{_SERVICE}/GetTrust": frozenset({Role.BUSINESS, Role.VERIFIER, Role.SUPERVISOR}),
    f"{_SERVICE}/AnswerOcsp": _VERIFIER,
    f"{_SERVICE}/GetRevocationList": _VERIFIER,
    f"{_SERVICE}/GetLinks": _VERIFIER,
    f"{_SERVICE}/GiveConsent": _VERIFIER,
    f"{_SERVICE}/EndConsent": _VERIFIER,
    f"{_SERVICE}/GetLatestItems": _VERIFIER,
}
"""Who may call what of this service."""

_LARGEST_KEY = 1_024
_MOST_ITEMS = 4


class CertificateServicer(CertificateServiceServicer):
    """See the contract in ``certificate_service.proto``, which says what each of these is for."""

    def __init__(
        self,
        *,
        issuer: Issuer,
        responder: Responder,
        consents: Consents,
        store: JpkiStore,
        roots: Mapping[CertificateUse, RootKey],
    ) -> None:
        self._issuer = issuer
        self._responder = responder
        self._consents = consents
        self._store = store
        self._roots = roots
        self.http_endpoint = ""
        """Where OCSP can be had over HTTP, once it can."""

    async def IssueCertificates(
        self, request: pb.IssueCertificatesRequest, context: AnyContext
    ) -> pb.IssueCertificatesResponse:
        """Issue, once for each request."""
        check_municipal(context)
        request_id = sized(request.request_id, REQUEST_ID_SIZE, "request_id")
        keys = _keys_in(request)
        issued = await self._issuer.issue(request_id, application_in(request.application_id), keys)
        return pb.IssueCertificatesResponse(
            signing_certificate=issued.get(CertificateUse.SIGNING, b""),
            authentication_certificate=issued.get(CertificateUse.AUTHENTICATION, b""),
        )

    async def ReportEvent(self, request: pb.ReportEventRequest, context: AnyContext) -> pb.ReportEventResponse:
        """Record an event, and what lapses by it."""
        check_municipal(context)
        event = chosen(Event, request.event, "event")
        if (event is Event.ITEMS_CHANGED) is not request.HasField("four_items"):
            raise WarifuError(Reason.REQUEST_MALFORMED, where="four_items")
        items = items_in(request.four_items) if event is Event.ITEMS_CHANGED else None
        lapsed = await self._issuer.report(application_in(request.application_id), event, items)
        return pb.ReportEventResponse(lapsed_serials=lapsed)

    async def GetTrust(self, request: pb.GetTrustRequest, context: AnyContext) -> pb.GetTrustResponse:
        """Both roots."""
        der = {use: root.certificate.public_bytes(Encoding.DER) for use, root in self._roots.items()}
        return pb.GetTrustResponse(
            signing_roots=[der[CertificateUse.SIGNING]],
            authentication_roots=[der[CertificateUse.AUTHENTICATION]],
            http_endpoint=self.http_endpoint,
        )

    async def AnswerOcsp(self, request: pb.AnswerOcspRequest, context: AnyContext) -> pb.AnswerOcspResponse:
        """The answer, which is signed."""
        if not 1 <= len(request.ocsp_request) <= LARGEST_OCSP_REQUEST:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="ocsp_request")
        return pb.AnswerOcspResponse(ocsp_response=self._responder.answer(request.ocsp_request))

    async def GetRevocationList(
        self, request: pb.GetRevocationListRequest, context: AnyContext
    ) -> pb.GetRevocationListResponse:
        """The list, which is signed."""
        return pb.GetRevocationListResponse(revocation_list=self._responder.revocation_list(use_in(request.use)))

    async def GetLinks(self, request: pb.GetLinksRequest, context: AnyContext) -> pb.GetLinksResponse:
        """What belongs to a certificate."""
        row = self._store.certificate(serial_in(request.serial, "serial"))
        if row is None:
            raise WarifuError(Reason.CERTIFICATE_UNKNOWN, where="serial")
        newest = self._store.newest_of(row.holder, CertificateUse.SIGNING)
        return pb.GetLinksResponse(
            predecessor_serial=row.predecessor or b"",
            signing_serial=b"" if newest is None else newest.serial,
            signing_is_good=newest is not None and newest.revoked is None,
        )

    async def GiveConsent(self, request: pb.GiveConsentRequest, context: AnyContext) -> pb.GiveConsentResponse:
        """Record a consent."""
        if not 1 <= len(request.items) <= _MOST_ITEMS:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="items")
        consent = await self._consents.give(
            verifier=caller(context).institution,
            service=InstitutionCode.parse(request.service, "service"),
            items=request.items,
            nonce=sized(request.nonce, NONCE_SIZE, "nonce"),
            serial=serial_in(request.signing_serial, "signing_serial"),
            signature=sized(request.signature, SIGNATURE_SIZE, "signature"),
        )
        return pb.GiveConsentResponse(consent=_consent_message(consent))

    async def EndConsent(self, request: pb.EndConsentRequest, context: AnyContext) -> pb.EndConsentResponse:
        """End a consent."""
        consent_id = sized(request.consent_id, REQUEST_ID_SIZE, "consent_id")
        await self._consents.end(consent_id, caller(context).institution)
        return pb.EndConsentResponse()

    async def GetLatestItems(self, request: pb.GetLatestItemsRequest, context: AnyContext) -> pb.GetLatestItemsResponse:
        """What a consent allows."""
        consent_id = sized(request.consent_id, REQUEST_ID_SIZE, "consent_id")
        consent, items, changed = self._consents.latest(consent_id, caller(context).institution)
        return pb.GetLatestItemsResponse(four_items=items_message(items, consent.items), changed=changed)


def check_municipal(context: AnyContext) -> None:
    """Refuse whoever is not a municipality. Raises: CALLER_NOT_ALLOWED."""
    if caller(context).institution.municipality is None:
        raise WarifuError(Reason.CALLER_NOT_ALLOWED, where="caller: not a municipality")


def _keys_in(request: pb.IssueCertificatesRequest) -> dict[CertificateUse, CardKey]:
    asked = {CertificateUse.SIGNING: "signing_key", CertificateUse.AUTHENTICATION: "authentication_key"}
    keys = {use: getattr(request, name) for use, name in asked.items() if request.HasField(name)}
    if not keys:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="signing_key, authentication_key: one is needed")
    for use, key in keys.items():
        if not 1 <= len(key.public_key) <= _LARGEST_KEY:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{asked[use]}.public_key")
    return {use: CardKey(key.public_key, key.possession) for use, key in keys.items()}


def _consent_message(consent: ConsentRow) -> pb.FourItemConsent:
    return pb.FourItemConsent(
        consent_id=consent.consent_id,
        service=consent.service,
        items=consent.items,
        consented_at_unix_ms=consent.consented_ms,
        expires_at_unix_ms=consent.expires_ms,
    )
