"""What clerks have in common: they ask their own node about one of their people and look at what comes back.

Decides what an answer is: a record that opens as the message type it says it is, or one that a clerk at the provider must
release first.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import ClassVar

from google.protobuf.message import DecodeError

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.errors import Reason, WarifuError
from warifu.rpc.hops import Hop, parts
from warifu_loadtest.deciding.tally import ANSWERED, PENDING
from warifu_loadtest.driving.neighbourhood import Neighbourhood, Office
from warifu_loadtest.driving.visit import CALL_SECONDS, Visit
from warifu_loadtest.users.user import LoadUser

__all__ = ["INQUIRE", "Clerk", "ask", "ask_timed", "inquiry_of", "meant_refusals", "told_of"]

INQUIRE = "NodeService.Inquire"
_RECORDS = {kind.DESCRIPTOR.full_name: kind for kind in (LocalTaxRecord, ResidentRecord)}
_SLIPS = 50  # one in so many local numbers is mistyped
_TIMED = 20  # of so many inquiries one asks how long each party took


def meant_refusals(company: Collection[str]) -> frozenset[Reason]:
    """What a clerk may be refused with, by who else is there: what the supervisor withdrew for a moment."""
    return frozenset({Reason.ASSESSMENT_NOT_IN_FORCE}) if "supervisor" in company else frozenset()


class Clerk(LoadUser):
    """A clerk at one ``kind`` of office. Now and then it mistypes a local number, and means to be refused."""

    kind: ClassVar[str]

    def __init__(self, around: Neighbourhood, company: Collection[str]) -> None:
        super().__init__(around, company)
        self._offices = around.offices_of(self.kind)
        self._meant = meant_refusals(company)

    @classmethod
    def can_be(cls, around: Neighbourhood) -> bool:
        """Whether there is such an office here."""
        return bool(around.offices_of(cls.kind))

    def visit(self, visit: Visit) -> None:
        """Ask about one person."""
        office = random.choice(self._offices)
        if not random.randrange(_TIMED):
            ask_timed(self.around, office, visit, meant=self._meant)
        elif random.randrange(_SLIPS):
            ask(self.around, office, visit, meant=self._meant)
        else:
            ask(self.around, office, visit, meant={Reason.CODE_NOT_ACQUIRED}, person="mistyped")


def ask(
    around: Neighbourhood,
    office: Office,
    visit: Visit,
    *,
    meant: Collection[Reason],
    person: str = "",
) -> None:
    """Ask one provider about one person; ``person`` is a local number that nobody has, or empty for one of the office's."""
    inquiry = inquiry_of(around, office, person)
    made = partial(around.node(office.agency).inquire, inquiry, timeout=CALL_SECONDS)
    visit.call(INQUIRE, made, told=told_of, meant=meant, refused=bool(person))


def ask_timed(around: Neighbourhood, office: Office, visit: Visit, *, meant: Collection[Reason]) -> None:
    """Ask about one of the office's people, and how long each party took."""
    node, began_s = around.node(office.agency), time.monotonic()

    def hops(told: Sequence[Hop]) -> None:
        visit.hops(parts((time.monotonic() - began_s) * 1000, told))

    made = partial(node.inquire, inquiry_of(around, office), timeout=CALL_SECONDS, hops=hops)

    visit.call(f"{INQUIRE} (timed)", made, told=told_of, meant=meant)


def inquiry_of(around: Neighbourhood, office: Office, person: str = "") -> node_pb2.Inquiry:
    """An inquiry with a new request_id, about one of the office's people unless another ``person`` is named."""
    question = random.choice(office.questions)
    return node_pb2.Inquiry(
        request_id=secrets.token_bytes(16),
        local_number=person or random.choice(question.people),
        procedure_code=office.procedure_code,
        provider=around.described.institution(question.provider),
        item_code=question.item_code,
    )


def told_of(result: node_pb2.InquiryResult) -> str:
    """How an answer counts. Raises: HUB_ANSWER_INVALID for one that is none."""
    if result.state == node_pb2.INQUIRY_STATE_PENDING:
        return PENDING
    kind = _RECORDS.get(result.record_type)
    try:
        if kind is None or result.state != node_pb2.INQUIRY_STATE_ANSWERED:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="result")
        kind.FromString(result.record)
    except DecodeError:
        raise WarifuError(Reason.HUB_ANSWER_INVALID, where="result.record") from None
    return ANSWERED
