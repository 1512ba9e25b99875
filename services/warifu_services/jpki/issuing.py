"""Issuing a card's certificates, once for each request, and ending them.

Decides who gets which certificate: of a card that is ordered, or in use; none for signing under 15; with proof that the card has the key.
A request is answered when its certificates are on the disk, and the same request again gets the same ones. So an authority that is
killed in the middle has issued either none of them or all, and whoever asks again learns which.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from warifu.canonical import digest
from warifu.clock import Clock, day_in_japan
from warifu.errors import Reason, WarifuError
from warifu.jpki.four_items import FourItems
from warifu.jpki.profile import KEY_BITS, CertificateUse
from warifu.jpki.signature import check_signature
from warifu.jpki.statements import possession_statement
from warifu_services.jpki.card_life import CardState, CardStep, StepFacts, next_state
from warifu_services.jpki.certifying import RootKey, Subject, certify, serial_bytes
from warifu_services.jpki.lapsing import Event, effect_of
from warifu_services.jpki.rows import CardRow, CertificateRow
from warifu_services.jpki.store import JpkiStore, Step
from warifu_services.jpki.validity import LEAST_AGE_TO_SIGN, age_on, certificate_last_day, end_of_day

__all__ = ["CardKey", "Issuer"]

_LABEL: Final = b"warifu-v1/jpki-issue"
_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class CardKey:
    """A key for which a certificate is wanted, DER, and the signature that proves that the card has the other half."""

    public_key: bytes
    possession: bytes


class Issuer:
    """Issues with the two roots. ``workers`` do the signing, some milliseconds each."""

    def __init__(
        self, *, roots: Mapping[CertificateUse, RootKey], store: JpkiStore, clock: Clock, workers: Executor
    ) -> None:
        self._roots = roots
        self._store = store
        self._clock = clock
        self._workers = workers

    async def issue(
        self, request_id: bytes, application: str, keys: Mapping[CertificateUse, CardKey]
    ) -> dict[CertificateUse, bytes]:
        """The certificates for ``keys``, DER, durable.

        Raises: REQUEST_REUSED; CARD_UNKNOWN; CARD_STEP_REFUSED; HOLDER_TOO_YOUNG; SIGNATURE_INVALID; REQUEST_MALFORMED for a key that is none;
            STORE_UNAVAILABLE.
        """
        asked = _digest(application, keys)
        earlier = self._store.issued(request_id, asked)
        if earlier is not None:
            return earlier
        publics = {use: _checked_key(request_id, use, key) for use, key in keys.items()}
        card, now = self._store.card(application), self._clock.now()
        _check_age(card, keys, now)
        self._decide(card)
        until = self._last_days(card, keys, now)
        loop = asyncio.get_running_loop()
        signing = (
            loop.run_in_executor(self._workers, self._certified, card, use, publics[use], now, until[use])
            for use in publics
        )
        rows = await asyncio.gather(*signing)
        return await self._store.issue(request_id, asked, rows, self._decide, self._clock.unix_ms())

    async def report(self, application: str, event: Event, items: FourItems | None) -> list[bytes]:
        """Record what happened; the serial numbers that lapsed by it. Raises: CARD_UNKNOWN; STORE_UNAVAILABLE."""
        return await self._store.lapse(application, effect_of(event), self._clock.unix_ms(), items)

    def _decide(self, card: CardRow) -> Step | None:
        """Where issuing takes the card: an ordered one is personalised by it, one in use stays so."""
        if card.state is CardState.ACTIVE:
            return None
        facts = StepFacts(today=day_in_japan(self._clock.now()), last_day=card.last_day)
        return next_state(card.state, CardStep.PERSONALISE, facts), {}

    def _certified(
        self, card: CardRow, use: CertificateUse, key: rsa.RSAPublicKey, now: datetime, last: date
    ) -> CertificateRow:
        until = end_of_day(last)
        subject = Subject(
            public_key=key,
            place=card.place,
            items=card.items if use is CertificateUse.SIGNING else None,
            not_before=now - _SKEW,
            not_after=until,
        )
        certificate = certify(self._roots[use], subject)
        return CertificateRow(
            serial=serial_bytes(certificate.serial_number),
            use=use,
            holder=card.holder,
            application=card.application,
            der=certificate.public_bytes(Encoding.DER),
            not_after_ms=int(until.timestamp() * 1000),
        )

    def _last_days(self, card: CardRow, uses: Iterable[CertificateUse], now: datetime) -> dict[CertificateUse, date]:
        """Until when each is good: by birthdays, by what it follows, and one for signing no longer than the other one."""
        held = {use: _last_day(row) for use, row in self._store.certificates_of(card.application).items()}
        born, day = card.items.birth_date, day_in_japan(now)
        found = {use: certificate_last_day(born, day, card.last_day, follows=held.get(use)) for use in uses}
        other = {**held, **found}.get(CertificateUse.AUTHENTICATION)
        if other is not None and CertificateUse.SIGNING in found:
            found[CertificateUse.SIGNING] = min(found[CertificateUse.SIGNING], other)
        return found


def _last_day(row: CertificateRow) -> date:
    return day_in_japan(datetime.fromtimestamp(row.not_after_ms / 1000, UTC))


def _check_age(card: CardRow, keys: Mapping[CertificateUse, CardKey], now: datetime) -> None:
    young = age_on(card.items.birth_date, day_in_japan(now)) < LEAST_AGE_TO_SIGN
    if young and CertificateUse.SIGNING in keys:
        raise WarifuError(Reason.HOLDER_TOO_YOUNG, where="signing_key")


def _checked_key(request_id: bytes, use: CertificateUse, key: CardKey) -> rsa.RSAPublicKey:
    where = f"{use.value}_key"
    try:
        public = load_der_public_key(key.public_key)
    except Exception:  # noqa: BLE001  # the library raises what its parser meets
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where) from None
    if not isinstance(public, rsa.RSAPublicKey) or public.key_size != KEY_BITS:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where)
    statement = possession_statement(request_id, use, key.public_key)
    check_signature(public, key.possession, statement, where=f"{where}.possession")
    return public


def _digest(application: str, keys: Mapping[CertificateUse, CardKey]) -> bytes:
    """What makes a request the same again. The proofs are not in it: a card may make them anew."""
    told = (keys[use].public_key if use in keys else b"" for use in CertificateUse)
    return digest(_LABEL, application.encode(), *told)
