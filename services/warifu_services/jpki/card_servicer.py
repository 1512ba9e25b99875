"""The office's RPCs about cards: from messages to values and back, and who may ask. Decides nothing about cards."""

from __future__ import annotations

from warifu.api.jpki.v1 import card_service_pb2 as pb
from warifu.api.jpki.v1.card_service_pb2_grpc import CardServiceServicer
from warifu.jpki.profile import CertificateUse
from warifu.pki import Role
from warifu.rpc.access import AccessTable
from warifu.rpc.identity import AnyContext
from warifu_services.jpki.card_life import CardStep, IdentityCheck
from warifu_services.jpki.cards import Application, CardOffice
from warifu_services.jpki.certifying import Place
from warifu_services.jpki.messages import (
    REQUEST_ID_SIZE,
    application_in,
    chosen,
    items_in,
    items_message,
    sized,
    text_in,
)
from warifu_services.jpki.rows import Transition
from warifu_services.jpki.servicer import check_municipal
from warifu_services.jpki.store import JpkiStore

__all__ = ["CARD_ACCESS", "CardServicer"]

_SERVICE = "/warifu.api.jpki.v1.CardService"
CARD_ACCESS: AccessTable = {
    f"{_SERVICE}/{method}": frozenset({Role.BUSINESS}) for method in ("ApplyForCard", "AdvanceCard", "GetCard")
}
"""Who may call what of this service."""

_LONGEST_PLACE = 50


class CardServicer(CardServiceServicer):
    """See the contract in ``card_service.proto``, which says what each of these is for."""

    def __init__(self, *, office: CardOffice, store: JpkiStore) -> None:
        self._office = office
        self._store = store

    async def ApplyForCard(self, request: pb.ApplyForCardRequest, context: AnyContext) -> pb.ApplyForCardResponse:
        """Take an application."""
        check_municipal(context)
        before = request.predecessor_application_id
        application = Application(
            request_id=sized(request.request_id, REQUEST_ID_SIZE, "request_id"),
            items=items_in(request.four_items),
            place=Place(
                prefecture=text_in(request.prefecture, _LONGEST_PLACE, "prefecture"),
                municipality=text_in(request.municipality, _LONGEST_PLACE, "municipality"),
            ),
            portrait=request.portrait,
            predecessor=application_in(before, "predecessor_application_id") if before else None,
        )
        card = await self._office.apply(application)
        return pb.ApplyForCardResponse(application_id=card.application, last_day=f"{card.last_day:%Y%m%d}")

    async def AdvanceCard(self, request: pb.AdvanceCardRequest, context: AnyContext) -> pb.AdvanceCardResponse:
        """Take a step."""
        check_municipal(context)
        step = chosen(CardStep, request.step, "step")
        check = chosen(IdentityCheck, request.identity_check, "identity_check") if request.identity_check else None
        state = await self._office.advance(application_in(request.application_id), step, check)
        return pb.AdvanceCardResponse(state=state.value)  # type: ignore[arg-type]

    async def GetCard(self, request: pb.GetCardRequest, context: AnyContext) -> pb.GetCardResponse:
        """How far it is."""
        check_municipal(context)
        card = self._store.card(application_in(request.application_id))
        certificates = {use: row.der for use, row in self._store.certificates_of(card.application).items()}
        return pb.GetCardResponse(
            state=card.state.value,  # type: ignore[arg-type]
            transitions=_told(self._store.transitions(card.application)),
            last_day=f"{card.last_day:%Y%m%d}",
            four_items=items_message(card.items),
            portrait=card.portrait,
            signing_certificate=certificates.get(CertificateUse.SIGNING, b""),
            authentication_certificate=certificates.get(CertificateUse.AUTHENTICATION, b""),
            predecessor_application_id=card.predecessor or "",
        )


def _told(transitions: list[Transition]) -> list[pb.CardTransition]:
    before, told = 0, []
    for step in transitions:
        message = pb.CardTransition(at_unix_ms=step.at_ms, to=step.state.value)  # type: ignore[arg-type]
        setattr(message, "from", before)
        if step.identity_check is not None:
            message.identity_check = step.identity_check.value  # type: ignore[assignment]
        told.append(message)
        before = step.state.value
    return told
