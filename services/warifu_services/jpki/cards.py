"""The office that has cards made: applications, steps, ends.

Decides who may have a card and which numbers applications get. Which step may follow which is decided in ``card_life``, inside the
transaction that takes it. It sees no PIN and no chip: those are between the holder, the counter and the card.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from warifu.canonical import digest
from warifu.clock import Clock, day_in_japan
from warifu.errors import Reason, WarifuError
from warifu.jpki.four_items import FourItems
from warifu.jpki.profile import CertificateUse
from warifu.jpki.status import Revocation
from warifu_services.jpki.card_life import ENDS, CardState, CardStep, IdentityCheck, StepFacts, next_state
from warifu_services.jpki.certifying import Place
from warifu_services.jpki.lapsing import Event, effect_of
from warifu_services.jpki.rows import CardRow
from warifu_services.jpki.store import Effects, JpkiStore, Step
from warifu_services.jpki.validity import card_last_day

__all__ = ["APPLICATION_DIGITS", "LARGEST_PORTRAIT", "Application", "CardOffice", "check_portrait"]

APPLICATION_DIGITS: Final = 23
"""Digits of the number of an application (申請書ID)."""

LARGEST_PORTRAIT: Final = 65_536
"""Bytes in a portrait."""

_JP2: Final = bytes.fromhex("0000000c6a5020200d0a870a")
_LABEL: Final = b"warifu-v1/jpki-application"
_HANDLE_SIZE: Final = 16

_NOT_REPLACED: Final = frozenset({CardState.APPLIED, CardState.ORDERED, CardState.REISSUED})
_EVENTS: Final = {
    CardStep.SUSPEND: Event.CARD_SUSPENDED,
    CardStep.RETURN: Event.CARD_RETURNED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What is asked for. ``predecessor`` is the application of the card that this one takes the place of."""

    request_id: bytes
    items: FourItems
    place: Place
    portrait: bytes = field(repr=False)
    predecessor: str | None = field(default=None, repr=False)


class CardOffice:
    """Takes cards through their lives."""

    def __init__(self, *, store: JpkiStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def apply(self, application: Application) -> CardRow:
        """The card that is now applied for, durable; the same one when the same is asked again.

        Raises: REQUEST_MALFORMED for what is no portrait; REQUEST_REUSED; CARD_UNKNOWN, CARD_STEP_REFUSED, ITEMS_DIFFER for a predecessor;
            STORE_UNAVAILABLE.
        """
        check_portrait(application.portrait)
        if application.items.birth_date > day_in_japan(self._clock.now()):
            raise WarifuError(Reason.REQUEST_MALFORMED, where="four_items.birth_date")
        holder = secrets.token_bytes(_HANDLE_SIZE)
        if application.predecessor is not None:
            holder = self._store.card(application.predecessor).holder
        card = CardRow(
            application=f"{secrets.randbelow(10**APPLICATION_DIGITS):0{APPLICATION_DIGITS}d}",
            request_id=application.request_id,
            digest=_digest(application),
            holder=holder,
            items=application.items,
            state=CardState.APPLIED,
            last_day=card_last_day(application.items.birth_date, day_in_japan(self._clock.now())),
            place=application.place,
            portrait=application.portrait,
            predecessor=application.predecessor,
        )
        return await self._store.apply(card, self._clock.unix_ms(), _check_predecessor)

    async def advance(self, application: str, step: CardStep, check: IdentityCheck | None) -> CardState:
        """Take a card a step on; where it is then. A step that it took last is not taken again.

        Raises: CARD_UNKNOWN; CARD_STEP_REFUSED, saying what stands against it; STORE_UNAVAILABLE.
        """

        def decide(card: CardRow) -> Step | None:
            facts = StepFacts(today=day_in_japan(self._clock.now()), last_day=card.last_day, identity_check=check)
            return next_state(card.state, step, facts), _effects(step)

        return await self._store.advance(application, decide, self._clock.unix_ms(), check)


def check_portrait(portrait: bytes) -> None:
    """Refuse what is no JPEG 2000 image in a JP2 file (ISO/IEC 15444-1, Annex I). Raises: REQUEST_MALFORMED."""
    if not portrait.startswith(_JP2) or len(portrait) > LARGEST_PORTRAIT:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="portrait")


def _check_predecessor(card: CardRow, before: CardRow, successors: Sequence[CardState]) -> None:
    """A card takes the place of one that its holder was given, or that is on the way to her; one does, and for the same person.

    ``successors`` are the states of others that were to. Raises: CARD_STEP_REFUSED; ITEMS_DIFFER where a change was not reported.
    """
    why = f"that card is {before.state.name.lower()}" if before.state in _NOT_REPLACED else ""
    if any(state not in ENDS for state in successors):
        why = "another card is to take its place"
    if why:
        raise WarifuError(Reason.CARD_STEP_REFUSED, where=f"predecessor_application_id: {why}")
    if card.items != before.items:
        raise WarifuError(Reason.ITEMS_DIFFER, where="four_items: not those on record; report the change first")


def _effects(step: CardStep) -> Effects:
    """What a step does to the certificates of the card."""
    if step is CardStep.RESUME:
        return dict.fromkeys(CertificateUse, None)
    event = _EVENTS.get(step)
    lapsing: dict[CertificateUse, Revocation | None] = {} if event is None else {**effect_of(event)}
    return lapsing


def _digest(application: Application) -> bytes:
    items = application.items
    told = (items.name, items.address, items.birth_text, items.sex.value, application.predecessor or "")
    place = application.place
    texts = (*told, place.prefecture, place.municipality)
    return digest(_LABEL, *(text.encode() for text in texts), application.portrait)
