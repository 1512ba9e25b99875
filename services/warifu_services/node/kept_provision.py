"""What a provider keeps of a provision, and when it is the same again.

Decides, as pure functions, what goes into the record of one, whether a permit carries the inquiry that its request_id was used for, and
what is given when it does. It must never know a code or what an answer says.
"""

from __future__ import annotations

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeFlags
from warifu.exchange.provision import CheckedPermit
from warifu_services.node.store import (
    ClerkDecision,
    ExchangeOutcome,
    ExchangeRecord,
    ExchangeSide,
    KeptProvision,
    PersonFlags,
    PersonReplicas,
)

__all__ = ["given_before", "is_decided", "must_be_same", "new_record", "without_inquiry"]


def is_decided(kept: KeptProvision) -> bool:
    """Whether it waited for a clerk, who has decided since."""
    return kept.record.outcome is ExchangeOutcome.PENDING and kept.decision is not ClerkDecision.UNDECIDED


def must_be_same(kept: KeptProvision, checked: CheckedPermit) -> None:
    """Refuse a permit that carries other bytes under a request_id or a processing number that was used. Raises: PERMIT_REUSED."""
    same_inquiry = kept.record.inquiry_digest == checked.asked
    if not same_inquiry or kept.record.processing_number != checked.processing_number:
        raise WarifuError(Reason.PERMIT_REUSED, where="permit")


def without_inquiry(permit: ProvisionPermit) -> bytes:
    """The hub's signed word, without the inquiry that its digest stands for in the record."""
    word = ProvisionPermit()
    word.CopyFrom(permit)
    word.ClearField("inquiry")
    return word.SerializeToString()


def given_before(kept: KeptProvision, checked: CheckedPermit) -> SignedAnswer:
    """The stored answer, byte for byte. One that is no longer kept is not made again: the permit was used. Raises: PERMIT_REUSED."""
    must_be_same(kept, checked)
    if not kept.answer:
        raise WarifuError(Reason.PERMIT_REUSED, where="permit", debug="answer no longer kept")
    return SignedAnswer.FromString(kept.answer)


def new_record(checked: CheckedPermit, person: PersonReplicas | None, received_ms: int) -> ExchangeRecord:
    """The record of a provision that is new here."""
    context = checked.context
    person_hidden = person is not None and PersonFlags.NON_DISCLOSURE in person.flags
    return ExchangeRecord(
        side=ExchangeSide.PROVIDER,
        request_id=context.request_id,
        processing_number=checked.processing_number,
        inquirer=context.inquirer,
        provider=context.provider,
        procedure_code=context.procedure_code,
        item_code=context.item_code,
        requested_ms=received_ms,
        inquiry_digest=checked.asked,
        non_disclosure=ExchangeFlags.NON_DISCLOSURE in context.flags or person_hidden,
    )
