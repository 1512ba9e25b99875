"""What a node answered in a whole run, by whom it was about: what looks at very many answers need not ask for all of them again."""

from __future__ import annotations

from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu_kit.conformance.cast import CastPerson

__all__ = ["Answered", "History"]

Answered = tuple[ProvisionPermit, SignedAnswer]


class History:
    """Each exchange once, by its request_id, with the answer that it got first."""

    def __init__(self) -> None:
        self._whom: dict[bytes, str] = {}
        self._answered: dict[bytes, Answered] = {}

    def asked(self, request_id: bytes, person: CastPerson) -> None:
        """Somebody is asked about."""
        self._whom[request_id] = person.name

    def answered(self, permit: ProvisionPermit, answer: SignedAnswer) -> None:
        """A permit was answered."""
        self._answered.setdefault(_request_id(permit), (permit, answer))

    def before(self, others: int) -> Answered | None:
        """The first answer of the run, where so many others were answered after it; else None."""
        return next(iter(self._answered.values())) if len(self._answered) > others else None

    def of(self, person: CastPerson) -> list[Answered]:
        """All that was answered about somebody, in its order; not what waits for a clerk."""
        return [
            each
            for request_id, each in self._answered.items()
            if self._whom.get(request_id) == person.name and each[1].outcome == inquiry_pb2.PROVISION_OUTCOME_ANSWERED
        ]


def _request_id(permit: ProvisionPermit) -> bytes:
    return permit.inquiry.context[2:18]
