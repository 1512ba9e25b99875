"""What an event does to the certificates of a card. Pure.

Decides which of the two lapses and for which reason. A change of any of the four items ends the one that carries them and leaves the other
alone. The authority's own table of reasons is not public; this one is inferred from the reasons that it names.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from warifu.jpki.profile import CertificateUse
from warifu.jpki.status import Revocation

__all__ = ["Event", "effect_of"]


class Event(enum.Enum):
    """What happened. The value is the one in the contract; those from 101 on follow from something else that is done."""

    ITEMS_CHANGED = 1
    HOLDER_GONE = 2
    KEY_LEAKED = 3
    NUMBER_REPLACED = 4
    HOLDER_ASKED = 5
    CARD_SUSPENDED = 101
    CARD_RETURNED = 102
    CARD_REISSUED = 103


_BOTH: Final[Mapping[Event, Revocation]] = {
    Event.HOLDER_GONE: Revocation.CESSATION_OF_OPERATION,
    Event.KEY_LEAKED: Revocation.KEY_COMPROMISE,
    Event.NUMBER_REPLACED: Revocation.SUPERSEDED,
    Event.HOLDER_ASKED: Revocation.CESSATION_OF_OPERATION,
    Event.CARD_SUSPENDED: Revocation.CERTIFICATE_HOLD,
    Event.CARD_RETURNED: Revocation.CESSATION_OF_OPERATION,
    Event.CARD_REISSUED: Revocation.SUPERSEDED,
}


def effect_of(event: Event) -> Mapping[CertificateUse, Revocation]:
    """For each use whose certificate is no longer good after ``event``, why."""
    if event is Event.ITEMS_CHANGED:
        return {CertificateUse.SIGNING: Revocation.AFFILIATION_CHANGED}
    return dict.fromkeys(CertificateUse, _BOTH[event])
