"""The verifier's RPCs: from messages to values and back, and who may ask. A service is whoever calls: it never names another.

Decides the shape of requests, and nothing about certificates, users or accounts.
"""

from __future__ import annotations

from warifu.api.verifier.v1 import bank_service_pb2 as bank_pb
from warifu.api.verifier.v1 import counter_service_pb2 as counter_pb
from warifu.api.verifier.v1 import platform_service_pb2 as pb
from warifu.api.verifier.v1.bank_service_pb2_grpc import BankServiceServicer
from warifu.api.verifier.v1.counter_service_pb2_grpc import CounterServiceServicer
from warifu.api.verifier.v1.platform_service_pb2_grpc import PlatformServiceServicer
from warifu.errors import Reason, WarifuError
from warifu.jpki.signature import SIGNATURE_SIZE
from warifu.jpki.statements import NONCE_SIZE
from warifu.pki import Role
from warifu.rpc.access import AccessTable
from warifu.rpc.identity import AnyContext, caller
from warifu_services.verifier.bank import ACCOUNT_DIGITS, Bank, BankApplication
from warifu_services.verifier.counter import LARGEST_CERTIFICATE, LARGEST_FACE, Counter, ReadCard
from warifu_services.verifier.jpki_port import JpkiPort
from warifu_services.verifier.messages import ITEMS, bounded, items_in, items_message, presented_in, text_in
from warifu_services.verifier.store import VerifierStore
from warifu_services.verifier.users import USER_ID_SIZE, Users
from warifu_services.verifier.verifying import Verification

__all__ = ["VERIFIER_ACCESS", "BankServicer", "CounterServicer", "PlatformServicer"]

_PACKAGE = "/warifu.api.verifier.v1"
_METHODS = {
    "PlatformService": ("GetNonce", "Register", "LogIn", "Replace", "GiveConsent", "GetLatestItems", "EndConsent"),
    "BankService": ("OpenAccount", "CloseAccount", "GetEvidence"),
    "CounterService": ("CheckIdentity",),
}
VERIFIER_ACCESS: AccessTable = {
    f"{_PACKAGE}.{service}/{method}": frozenset({Role.BUSINESS})
    for service, methods in _METHODS.items()
    for method in methods
}
"""Who may call what of these services: business systems, each for its own institution."""

_LONGEST_ANSWER = 100
_DATE_DIGITS = 8
_REFERENCE_NUMBERS = frozenset({1, 2})


class PlatformServicer(PlatformServiceServicer):
    """See the contract in ``platform_service.proto``, which says what each of these is for."""

    def __init__(self, *, users: Users, verification: Verification, jpki: JpkiPort) -> None:
        self._users = users
        self._verification = verification
        self._jpki = jpki

    async def GetNonce(self, request: pb.GetNonceRequest, context: AnyContext) -> pb.GetNonceResponse:
        """Open a nonce."""
        nonce, expires_ms = await self._verification.nonce(caller(context).institution)
        return pb.GetNonceResponse(nonce=nonce, expires_at_unix_ms=expires_ms)

    async def Register(self, request: pb.RegisterRequest, context: AnyContext) -> pb.RegisterResponse:
        """Make somebody a user."""
        service = caller(context).institution
        user_id, items = await self._users.register(service, presented_in(request.presented))
        return pb.RegisterResponse(user_id=user_id, four_items=items_message(items))

    async def LogIn(self, request: pb.LogInRequest, context: AnyContext) -> pb.LogInResponse:
        """Say who it is."""
        service = caller(context).institution
        return pb.LogInResponse(user_id=await self._users.log_in(service, presented_in(request.presented)))

    async def Replace(self, request: pb.ReplaceRequest, context: AnyContext) -> pb.ReplaceResponse:
        """Take a user's new certificate."""
        service = caller(context).institution
        user_id, items = await self._users.replace(service, presented_in(request.presented))
        return pb.ReplaceResponse(user_id=user_id, four_items=items_message(items))

    async def GiveConsent(self, request: pb.GiveConsentRequest, context: AnyContext) -> pb.GiveConsentResponse:
        """Bring a consent."""
        named = tuple(request.items)
        if not named or named != tuple(item for item in ITEMS if item in named):
            raise WarifuError(Reason.REQUEST_MALFORMED, where="items")
        service = caller(context).institution
        consent_id, expires_ms = await self._users.give_consent(service, presented_in(request.presented), named)
        return pb.GiveConsentResponse(consent_id=consent_id, expires_at_unix_ms=expires_ms)

    async def GetLatestItems(self, request: pb.GetLatestItemsRequest, context: AnyContext) -> pb.GetLatestItemsResponse:
        """Tell the newest items."""
        consent_id = bounded(request.consent_id, USER_ID_SIZE, USER_ID_SIZE, "consent_id")
        items, changed = await self._jpki.latest_items(consent_id)
        return pb.GetLatestItemsResponse(four_items=pb.FourItems(**items), changed=changed)

    async def EndConsent(self, request: pb.EndConsentRequest, context: AnyContext) -> pb.EndConsentResponse:
        """End a consent."""
        await self._jpki.end_consent(bounded(request.consent_id, USER_ID_SIZE, USER_ID_SIZE, "consent_id"))
        return pb.EndConsentResponse()


class BankServicer(BankServiceServicer):
    """See the contract in ``bank_service.proto``, which says what each of these is for."""

    def __init__(self, *, bank: Bank, store: VerifierStore) -> None:
        self._bank = bank
        self._store = store

    async def OpenAccount(
        self, request: bank_pb.OpenAccountRequest, context: AnyContext
    ) -> bank_pb.OpenAccountResponse:
        """Open an account."""
        written = request.application
        application = BankApplication(
            items=items_in(written.four_items, "application.four_items"),
            purpose=text_in(written.purpose, _LONGEST_ANSWER, "application.purpose"),
            occupation=text_in(written.occupation, _LONGEST_ANSWER, "application.occupation"),
        )
        service = caller(context).institution
        account, checks = await self._bank.open(service, application, presented_in(request.presented))
        return bank_pb.OpenAccountResponse(account_number=account, checks=checks)

    async def CloseAccount(
        self, request: bank_pb.CloseAccountRequest, context: AnyContext
    ) -> bank_pb.CloseAccountResponse:
        """End a contract."""
        account = _digits(request.account_number, ACCOUNT_DIGITS, "account_number")
        return bank_pb.CloseAccountResponse(
            kept_until_unix_ms=await self._bank.close(caller(context).institution, account)
        )

    async def GetEvidence(
        self, request: bank_pb.GetEvidenceRequest, context: AnyContext
    ) -> bank_pb.GetEvidenceResponse:
        """Show evidence."""
        account = _digits(request.account_number, ACCOUNT_DIGITS, "account_number")
        kept = self._store.evidence(account, caller(context).institution)
        return bank_pb.GetEvidenceResponse(
            statement=kept.statement,
            certificate=kept.certificate,
            signature=kept.signature,
            verified_at_unix_ms=kept.verified_ms,
            kept_until_unix_ms=kept.kept_until_ms,
        )


class CounterServicer(CounterServiceServicer):
    """See the contract in ``counter_service.proto``, which says what this is for."""

    def __init__(self, *, counter: Counter) -> None:
        self._counter = counter

    async def CheckIdentity(
        self, request: counter_pb.CheckIdentityRequest, context: AnyContext
    ) -> counter_pb.CheckIdentityResponse:
        """Judge a card."""
        if request.reference_number not in _REFERENCE_NUMBERS:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="reference_number")
        card = ReadCard(
            nonce=bounded(request.nonce, NONCE_SIZE, NONCE_SIZE, "nonce"),
            cv_certificate=bounded(request.cv_certificate, 1, LARGEST_CERTIFICATE, "cv_certificate"),
            face_record=bounded(request.face_record, 1, LARGEST_FACE, "face_record"),
            presence=bounded(request.presence, SIGNATURE_SIZE, SIGNATURE_SIZE, "presence"),
            printed_birth_date=_digits(request.printed_birth_date, _DATE_DIGITS, "printed_birth_date"),
            printed_sex=_digits(request.printed_sex, 1, "printed_sex"),
            printed_expiry=_digits(request.printed_expiry, _DATE_DIGITS, "printed_expiry"),
            texts_agree=request.texts_agree,
            faces_agree=request.faces_agree,
        )
        checks = await self._counter.check(caller(context).institution, card)
        return counter_pb.CheckIdentityResponse(checks=checks)


def _digits(found: str, count: int, where: str) -> str:
    if len(found) != count or not (found.isascii() and found.isdecimal()):
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where)
    return found
