"""What a party received in one test: the inquiries that came to its node, as its own exchange records say.

Decides what counts as received (the records of the provider's side that were not there when the test began), and when an
expectation is met. The records are read as the party's business system reads them; nothing listens in.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from warifu.api.node.v1.node_service_pb2 import ExchangeOutcome, ExchangeRecord, ExchangeSide

if TYPE_CHECKING:
    from warifu_kit.testing.attached import AttachedAgency
    from warifu_kit.testing.live import LiveNetwork

__all__ = ["ReceivedInquiries", "ReceivedInquiry"]

_LOOK_S: Final = 0.05
_OUTCOME: Final = "EXCHANGE_OUTCOME_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedInquiry:
    """One inquiry at a provider. ``inquirer`` is a party's name; ``outcome`` is ANSWERED, PENDING and so on."""

    inquirer: str
    item_code: str
    procedure_code: str
    processing_number: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Expected:
    party: str
    times: int | None
    within_s: float
    fields: Mapping[str, Any]

    def is_met_by(self, found: int) -> bool:
        return found > 0 if self.times is None else found == self.times

    def __str__(self) -> str:
        wanted = "at least once" if self.times is None else f"{self.times} times"
        like = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{self.party} was to receive {like or 'any inquiry'} {wanted}"


class ReceivedInquiries:
    """What parties received since this was made. Called with a party, it lists that."""

    def __init__(self, network: LiveNetwork) -> None:
        self._network = network
        self._expected: list[_Expected] = []
        self._before = {party: self._count(party) for party in network.description.agencies()}

    def __call__(self, party: str | AttachedAgency, **fields: Any) -> list[ReceivedInquiry]:
        """What ``party`` received, oldest first; with fields of :class:`ReceivedInquiry`, only what has those.

        Raises: TypeError for a field that there is none of.
        """
        if unknown := set(fields) - set(ReceivedInquiry.__dataclass_fields__):
            raise TypeError(f"an inquiry has no {min(unknown)}")
        records = self._provided(str(party))[self._before.get(str(party), 0) :]
        received = map(self._told, records)
        return [each for each in received if all(getattr(each, name) == value for name, value in fields.items())]

    def expect(
        self, party: str | AttachedAgency, *, times: int | None = None, within: float = 5.0, **fields: Any
    ) -> None:
        """Have the test fail unless ``party`` receives this by its end: so many times, or at least once.

        Waits at the end of the test for what is still under way, ``within`` seconds at most.
        """
        if times is not None and times < 0:
            raise ValueError(f"nothing comes {times} times")
        self(party, **fields)  # a field that there is none of is told now
        self._expected.append(_Expected(str(party), times, within, fields))

    def unmet(self) -> list[str]:
        """What was expected and did not happen, a sentence each."""
        return [sentence for each in self._expected if (sentence := self._unmet(each))]

    def _unmet(self, expected: _Expected) -> str:
        give_up = time.monotonic() + expected.within_s
        while not expected.is_met_by(len(self(expected.party, **expected.fields))):
            if time.monotonic() > give_up:
                all_of_them = self(expected.party)
                matching = len(self(expected.party, **expected.fields))
                return f"{expected}; it received that {matching} times, of {len(all_of_them)} inquiries: {all_of_them}"
            time.sleep(_LOOK_S)
        return ""

    def _count(self, party: str) -> int:
        return len(self._provided(party))

    def _provided(self, party: str) -> list[ExchangeRecord]:
        provider = ExchangeSide.EXCHANGE_SIDE_PROVIDER
        return [each for each in self._network.node(party).exchange_records() if each.side == provider]

    def _told(self, record: ExchangeRecord) -> ReceivedInquiry:
        parties = self._network.description.parties
        names = {about["institution_code"]: party for party, about in parties.items()}
        return ReceivedInquiry(
            inquirer=names.get(record.inquirer, record.inquirer),
            item_code=record.item_code,
            procedure_code=record.procedure_code,
            processing_number=record.processing_number,
            outcome=ExchangeOutcome.Name(record.outcome).removeprefix(_OUTCOME),
            reason=record.reason,
        )
