"""The authority's rows on disk: holders, cards and their steps, certificates, consents.

Decides what is one transaction: what a caller is told is on the disk, whole, before it is told. Whether a step may be taken is decided
by what is handed in, inside that transaction, so that two who take steps at once see each other. It knows no certificate's meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from warifu.errors import Reason, WarifuError
from warifu.jpki.four_items import FourItems
from warifu.jpki.profile import CertificateUse
from warifu.jpki.status import Revocation
from warifu.party.storage import open_database
from warifu_services.jpki.card_life import CardState, IdentityCheck
from warifu_services.jpki.rows import (
    CARD_COLUMNS,
    CERTIFICATE_COLUMNS,
    MIGRATIONS,
    USE_NUMBERS,
    CardRow,
    CertificateRow,
    Transition,
    card_of,
    certificate_of,
)
from warifu_services.jpki.store_consents import ConsentRows

__all__ = ["CheckPredecessor", "DecideStep", "Effects", "JpkiStore", "Step"]

Effects = Mapping[CertificateUse, Revocation | None]
"""What becomes of the certificates of a card: why they are not good, or None where they are good again."""

Step = tuple[CardState, Effects]
DecideStep = Callable[[CardRow], Step | None]
"""Where a card goes and what becomes of its certificates; None where it is there already. Raises what stands against it."""

CheckPredecessor = Callable[[CardRow, CardRow, Sequence[CardState]], None]
"""Is handed a card, the one that it takes the place of, and where others are that were to. Raises what stands against it."""

_HOLD: Final = Revocation.CERTIFICATE_HOLD.value
_CARD = f"SELECT {CARD_COLUMNS} FROM card JOIN holder ON holder.handle = card.holder"  # noqa: S608  names only
_CERTIFICATE = f"SELECT {CERTIFICATE_COLUMNS} FROM certificate"  # noqa: S608  names only
_LAPSE = f"""
    UPDATE certificate SET revoked = ?, changed_ms = ?
    WHERE application = ? AND use = ? AND (revoked IS NULL OR revoked = '{_HOLD}') AND revoked IS NOT ? RETURNING serial
"""  # noqa: S608  a constant
_LIFT = f"""
    UPDATE certificate SET revoked = NULL, changed_ms = ?
    WHERE application = ? AND use = ? AND revoked = '{_HOLD}' RETURNING serial
"""  # noqa: S608  a constant
_IN_HAND = "application IN (SELECT application FROM card WHERE state IN (5, 6, 7))"  # collected, active, suspended
_ITEMS = "UPDATE holder SET name = ?, address = ?, birth = ?, sex = ? WHERE handle = ?"


class JpkiStore:
    """One SQLite file. Writing methods raise STORE_UNAVAILABLE when the disk refuses; nothing is half-written."""

    def __init__(self, path: Path) -> None:
        """Open ``path``, or make it. Raises: STORE_UNAVAILABLE."""
        self.database = open_database(path, MIGRATIONS, unavailable=Reason.STORE_UNAVAILABLE)
        self._reader = self.database.reader
        self.consents = ConsentRows(self.database)

    async def apply(self, card: CardRow, at_ms: int, check: CheckPredecessor) -> CardRow:
        """Keep an application; the earlier one where its request_id was used for the same.

        Raises: REQUEST_REUSED; CARD_UNKNOWN; what ``check`` does.
        """
        return await self.database.write(lambda connection: _apply(connection, card, at_ms, check))

    async def advance(
        self, application: str, decide: DecideStep, at_ms: int, identity_check: IdentityCheck | None = None
    ) -> CardState:
        """Take a card a step on, with its certificates. Raises: CARD_UNKNOWN; what ``decide`` does."""
        return await self.database.write(
            lambda connection: _advance(connection, application, decide, at_ms, identity_check)
        )

    async def issue(
        self,
        request_id: bytes,
        digest: bytes,
        certificates: Sequence[CertificateRow],
        decide: DecideStep,
        at_ms: int,
    ) -> dict[CertificateUse, bytes]:
        """Keep certificates, take their card a step on, and give the DER of each; what was given before where it was.

        Raises: REQUEST_REUSED; CARD_UNKNOWN; what ``decide`` does.
        """
        return await self.database.write(
            lambda connection: _issue(connection, request_id, digest, certificates, decide, at_ms)
        )

    async def lapse(self, application: str, effects: Effects, at_ms: int, items: FourItems | None) -> list[bytes]:
        """End certificates of a card, and keep the holder's ``items`` where they changed. The serials that lapsed now.

        Raises: CARD_UNKNOWN.
        """
        return await self.database.write(lambda connection: _report(connection, application, effects, at_ms, items))

    def issued(self, request_id: bytes, digest: bytes) -> dict[CertificateUse, bytes] | None:
        """What a request for certificates was given; None where there was none. Raises: REQUEST_REUSED."""
        return _issued(self._reader, request_id, digest)

    def card(self, application: str) -> CardRow:
        """One card. Raises: CARD_UNKNOWN."""
        return _card(self._reader, application)

    def transitions(self, application: str) -> list[Transition]:
        """Every step of a card, in order."""
        sql = "SELECT state, at_ms, identity_check FROM transition WHERE application = ? ORDER BY number"
        return [
            Transition(state=CardState(state), at_ms=at_ms, identity_check=IdentityCheck(checked) if checked else None)
            for state, at_ms, checked in self._reader.execute(sql, (application,))
        ]

    def certificate(self, serial: bytes) -> CertificateRow | None:
        """The certificate of that serial number."""
        found = self._reader.execute(f"{_CERTIFICATE} WHERE serial = ?", (serial,)).fetchone()
        return None if found is None else certificate_of(found)

    def certificates_of(self, application: str) -> dict[CertificateUse, CertificateRow]:
        """The newest certificate of each use of a card."""
        rows = self._reader.execute(f"{_CERTIFICATE} WHERE application = ? ORDER BY number", (application,))
        return {row.use: row for row in map(certificate_of, rows.fetchall())}

    def newest_of(self, holder: bytes, use: CertificateUse) -> CertificateRow | None:
        """The certificate of a holder that counts now: good before not, of a card in her hands before one on its way, then the newest."""
        sql = f"{_CERTIFICATE} WHERE holder = ? AND use = ? ORDER BY revoked IS NOT NULL, {_IN_HAND} DESC, number DESC LIMIT 1"
        found = self._reader.execute(sql, (holder, USE_NUMBERS[use])).fetchone()
        return None if found is None else certificate_of(found)

    def items_of(self, holder: bytes) -> FourItems:
        """A holder's items as they are now."""
        sql = "SELECT name, address, birth, sex FROM holder WHERE handle = ?"
        name, address, birth, sex = self._reader.execute(sql, (holder,)).fetchone()
        return FourItems.parse(name=name, address=address, birth_date=birth, sex=sex)

    def revoked(self, use: CertificateUse, now_ms: int) -> list[tuple[bytes, int, str]]:
        """Serial, since when and why, of every certificate of a use that is not good and not yet past its end."""
        sql = "SELECT serial, changed_ms, revoked FROM certificate WHERE use = ? AND revoked IS NOT NULL AND not_after_ms >= ?"
        return list(self._reader.execute(sql, (USE_NUMBERS[use], now_ms)).fetchall())

    def count(self) -> int:
        """How many certificates were issued."""
        (number,) = self._reader.execute("SELECT count(*) FROM certificate").fetchone()
        return int(number)

    def close(self) -> None:
        """Finish what is queued and let go of the file."""
        self.database.close()


def _apply(connection: Any, card: CardRow, at_ms: int, check: CheckPredecessor) -> CardRow:
    found = connection.execute(f"{_CARD} WHERE request_id = ?", (card.request_id,)).fetchone()
    if found is not None:
        standing = card_of(found)
        if standing.digest != card.digest:
            raise WarifuError(Reason.REQUEST_REUSED, where="request_id")
        return standing
    if card.predecessor is None:
        items = (card.items.name, card.items.address, card.items.birth_text, card.items.sex.value)
        sql = "INSERT INTO holder (name, address, birth, sex, handle) VALUES (?, ?, ?, ?, ?)"
        connection.execute(sql, (*items, card.holder))
    else:
        rows = connection.execute("SELECT state FROM card WHERE predecessor = ?", (card.predecessor,)).fetchall()
        check(card, _card(connection, card.predecessor), [CardState(state) for (state,) in rows])
    connection.execute(
        "INSERT INTO card (application, request_id, digest, holder, state, last_day, prefecture, municipality, portrait, "
        "predecessor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            card.application,
            card.request_id,
            card.digest,
            card.holder,
            card.state.value,
            card.last_day.isoformat(),
            card.place.prefecture,
            card.place.municipality,
            card.portrait,
            card.predecessor,
        ),
    )
    _note(connection, card.application, card.state, at_ms, None)
    return card


def _advance(
    connection: Any, application: str, decide: DecideStep, at_ms: int, identity_check: IdentityCheck | None
) -> CardState:
    card = _card(connection, application)
    step = decide(card)
    if step is None:
        return card.state
    state, effects = step
    _move(connection, card, state, at_ms, identity_check)
    _lapse(connection, application, effects, at_ms)
    return state


def _move(connection: Any, card: CardRow, state: CardState, at_ms: int, identity_check: IdentityCheck | None) -> None:
    connection.execute("UPDATE card SET state = ? WHERE application = ?", (state.value, card.application))
    _note(connection, card.application, state, at_ms, identity_check)
    if state is CardState.COLLECTED:
        connection.execute("UPDATE card SET portrait = x'' WHERE application = ?", (card.application,))
        if card.predecessor is not None:
            _replace(connection, card.predecessor, at_ms)


def _replace(connection: Any, application: str, at_ms: int) -> None:
    """The card that another takes the place of ends, unless it did before, and its certificates with it."""
    old = _card(connection, application)
    if old.state not in {CardState.RETURNED, CardState.EXPIRED, CardState.REISSUED}:
        _move(connection, old, CardState.REISSUED, at_ms, None)
    _lapse(connection, application, dict.fromkeys(CertificateUse, Revocation.SUPERSEDED), at_ms)


def _note(connection: Any, application: str, state: CardState, at_ms: int, check: IdentityCheck | None) -> None:
    connection.execute(
        "INSERT INTO transition SELECT ?, count(*), ?, ?, ? FROM transition WHERE application = ?",
        (application, state.value, at_ms, 0 if check is None else check.value, application),
    )


def _issue(
    connection: Any,
    request_id: bytes,
    digest: bytes,
    certificates: Sequence[CertificateRow],
    decide: DecideStep,
    at_ms: int,
) -> dict[CertificateUse, bytes]:
    earlier = _issued(connection, request_id, digest)
    if earlier is not None:
        return earlier
    (application,) = {row.application for row in certificates}
    card = _card(connection, application)
    step = decide(card)
    if step is not None:
        _move(connection, card, step[0], at_ms, None)
    for row in certificates:
        _lapse(connection, application, {row.use: Revocation.SUPERSEDED}, at_ms)
        _insert(connection, row)
    given = {row.use: row.der for row in certificates}
    connection.execute(
        "INSERT INTO issue VALUES (?, ?, ?, ?)", (request_id, digest, *(given.get(use) for use in CertificateUse))
    )
    return given


def _insert(connection: Any, row: CertificateRow) -> None:
    use = USE_NUMBERS[row.use]
    before = connection.execute(
        "SELECT serial FROM certificate WHERE holder = ? AND use = ? ORDER BY number DESC LIMIT 1", (row.holder, use)
    ).fetchone()
    connection.execute(
        "INSERT INTO certificate (serial, use, holder, application, der, predecessor, not_after_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row.serial, use, row.holder, row.application, row.der, before and before[0], row.not_after_ms),
    )


def _report(connection: Any, application: str, effects: Effects, at_ms: int, items: FourItems | None) -> list[bytes]:
    card = _card(connection, application)
    if items is not None:
        told = (items.name, items.address, items.birth_text, items.sex.value)
        connection.execute(_ITEMS, (*told, card.holder))
    return _lapse(connection, application, effects, at_ms)


def _lapse(connection: Any, application: str, effects: Effects, at_ms: int) -> list[bytes]:
    lapsed: list[bytes] = []
    for use, why in effects.items():
        number = USE_NUMBERS[use]
        if why is None:
            connection.execute(_LIFT, (at_ms, application, number)).fetchall()
        else:
            rows = connection.execute(_LAPSE, (why.value, at_ms, application, number, why.value)).fetchall()
            lapsed += [serial for (serial,) in rows]
    return lapsed


def _issued(connection: Any, request_id: bytes, digest: bytes) -> dict[CertificateUse, bytes] | None:
    sql = "SELECT digest, signing, authentication FROM issue WHERE request_id = ?"
    found = connection.execute(sql, (request_id,)).fetchone()
    if found is None:
        return None
    if found[0] != digest:
        raise WarifuError(Reason.REQUEST_REUSED, where="request_id")
    return {use: der for use, der in zip(CertificateUse, found[1:], strict=True) if der is not None}


def _card(connection: Any, application: str) -> CardRow:
    found = connection.execute(f"{_CARD} WHERE application = ?", (application,)).fetchone()
    if found is None:
        raise WarifuError(Reason.CARD_UNKNOWN, where="application_id")
    return card_of(found)
