"""What the authority keeps, as values, and the tables that they lie in.

Decides the shape of rows and nothing about them. There is no place for a My Number, a code or a private key.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, Final

from warifu.jpki.four_items import FourItems
from warifu.jpki.profile import CertificateUse
from warifu.jpki.status import Revocation
from warifu_services.jpki.card_life import CardState, IdentityCheck
from warifu_services.jpki.certifying import Place

__all__ = [
    "CARD_COLUMNS",
    "CERTIFICATE_COLUMNS",
    "MIGRATIONS",
    "USE_NUMBERS",
    "CardRow",
    "CertificateRow",
    "ConsentRow",
    "Transition",
    "card_of",
    "certificate_of",
]

USE_NUMBERS: Final = {CertificateUse.SIGNING: 1, CertificateUse.AUTHENTICATION: 2}
"""How a use is written in rows and messages."""

_USES: Final = {number: use for use, number in USE_NUMBERS.items()}

MIGRATIONS: Final = (
    """
    CREATE TABLE holder (
        handle BLOB PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL, birth TEXT NOT NULL, sex TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE card (
        application TEXT PRIMARY KEY,
        request_id BLOB NOT NULL UNIQUE,
        digest BLOB NOT NULL,
        holder BLOB NOT NULL REFERENCES holder (handle),
        state INTEGER NOT NULL,
        last_day TEXT NOT NULL,
        prefecture TEXT NOT NULL,
        municipality TEXT NOT NULL,
        portrait BLOB NOT NULL,
        predecessor TEXT REFERENCES card (application)
    ) WITHOUT ROWID;
    CREATE TABLE transition (
        application TEXT NOT NULL REFERENCES card (application),
        number INTEGER NOT NULL,
        state INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        identity_check INTEGER NOT NULL,
        PRIMARY KEY (application, number)
    ) WITHOUT ROWID;
    CREATE TABLE certificate (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        serial BLOB NOT NULL UNIQUE,
        use INTEGER NOT NULL,
        holder BLOB NOT NULL REFERENCES holder (handle),
        application TEXT NOT NULL REFERENCES card (application),
        der BLOB NOT NULL,
        predecessor BLOB,
        not_after_ms INTEGER NOT NULL,
        revoked TEXT,
        changed_ms INTEGER
    );
    CREATE INDEX certificate_of_holder ON certificate (holder, use);
    CREATE INDEX certificate_of_card ON certificate (application);
    CREATE INDEX certificate_revoked ON certificate (use) WHERE revoked IS NOT NULL;
    CREATE TABLE issue (request_id BLOB PRIMARY KEY, digest BLOB NOT NULL, signing BLOB, authentication BLOB)
        WITHOUT ROWID;
    CREATE TABLE consent (
        consent_id BLOB PRIMARY KEY,
        verifier TEXT NOT NULL,
        service TEXT NOT NULL,
        items TEXT NOT NULL,
        nonce BLOB NOT NULL UNIQUE,
        signing_serial BLOB NOT NULL,
        signature BLOB NOT NULL,
        holder BLOB NOT NULL REFERENCES holder (handle),
        consented_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        ended_ms INTEGER
    ) WITHOUT ROWID;
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRow:
    """One certificate: ``revoked`` is why it is not good, None while it is; ``changed_ms`` is since when."""

    serial: bytes
    use: CertificateUse
    holder: bytes = field(repr=False)
    application: str = field(repr=False)
    der: bytes = field(repr=False)
    not_after_ms: int
    predecessor: bytes | None = None
    revoked: Revocation | None = None
    changed_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """One card, from its application on. ``request_id`` and ``digest`` are of the application."""

    application: str = field(repr=False)
    request_id: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    holder: bytes = field(repr=False)
    items: FourItems
    state: CardState
    last_day: datetime.date
    place: Place
    portrait: bytes = field(repr=False)
    predecessor: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A card came to ``state``."""

    state: CardState
    at_ms: int
    identity_check: IdentityCheck | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """A consent, as it was signed; ``ended_ms`` is when it was taken back."""

    consent_id: bytes
    verifier: str
    service: str
    items: tuple[str, ...]
    nonce: bytes = field(repr=False)
    signing_serial: bytes
    signature: bytes = field(repr=False)
    holder: bytes = field(repr=False)
    consented_ms: int
    expires_ms: int
    ended_ms: int | None = None


CERTIFICATE_COLUMNS: Final = "serial, use, holder, application, der, not_after_ms, predecessor, revoked, changed_ms"
CARD_COLUMNS: Final = (
    "application, request_id, digest, card.holder, state, last_day, prefecture, municipality, portrait, predecessor, "
    "name, address, birth, sex"
)


def certificate_of(found: Any) -> CertificateRow:
    """The certificate in a row of :data:`CERTIFICATE_COLUMNS`."""
    serial, use, holder, application, der, not_after_ms, predecessor, revoked, changed_ms = found
    return CertificateRow(
        serial=serial,
        use=_USES[use],
        holder=holder,
        application=application,
        der=der,
        not_after_ms=not_after_ms,
        predecessor=predecessor,
        revoked=None if revoked is None else Revocation(revoked),
        changed_ms=changed_ms,
    )


def card_of(found: Any) -> CardRow:
    """The card in a row of :data:`CARD_COLUMNS`."""
    application, request_id, digest, holder, state, last_day, prefecture, municipality, portrait, predecessor = found[
        :10
    ]
    name, address, birth, sex = found[10:]
    return CardRow(
        application=application,
        request_id=request_id,
        digest=digest,
        holder=holder,
        items=FourItems.parse(name=name, address=address, birth_date=birth, sex=sex),
        state=CardState(state),
        last_day=datetime.date.fromisoformat(last_day),
        place=Place(prefecture=prefecture, municipality=municipality),
        portrait=portrait,
        predecessor=predecessor,
    )
