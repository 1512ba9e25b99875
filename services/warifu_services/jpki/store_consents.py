"""Consents to give the newest four items: kept, found, ended. One transaction each."""

from __future__ import annotations

from typing import Any, Final

from warifu.errors import Reason, WarifuError
from warifu.party.storage import PartyDatabase
from warifu_services.jpki.rows import ConsentRow

__all__ = ["ConsentRows"]

_COLUMNS: Final = (
    "consent_id, verifier, service, items, nonce, signing_serial, signature, holder, consented_ms, expires_ms, ended_ms"
)


class ConsentRows:
    """The consents in the authority's database. Writing methods raise STORE_UNAVAILABLE when the disk refuses."""

    def __init__(self, database: PartyDatabase) -> None:
        self._database = database

    async def keep(self, consent: ConsentRow) -> ConsentRow:
        """Keep a consent; the earlier one where the same was brought before. Raises: REQUEST_REUSED for its nonce with another."""
        return await self._database.write(lambda connection: _keep(connection, consent))

    async def end(self, consent_id: bytes, verifier: str, at_ms: int) -> bool:
        """End a consent of that verifier's; whether there was one that had not ended."""
        sql = "UPDATE consent SET ended_ms = ? WHERE consent_id = ? AND verifier = ? AND ended_ms IS NULL"
        parameters = (at_ms, consent_id, verifier)
        return await self._database.write(lambda connection: connection.execute(sql, parameters).rowcount == 1)

    def find(self, consent_id: bytes, verifier: str) -> ConsentRow | None:
        """A consent of that verifier's, ended or not."""
        sql = f"SELECT {_COLUMNS} FROM consent WHERE consent_id = ? AND verifier = ?"  # noqa: S608  names only
        found = self._database.reader.execute(sql, (consent_id, verifier)).fetchone()
        return None if found is None else _consent_of(found)


def _keep(connection: Any, consent: ConsentRow) -> ConsentRow:
    sql = f"SELECT {_COLUMNS} FROM consent WHERE nonce = ?"  # noqa: S608  names only
    found = connection.execute(sql, (consent.nonce,)).fetchone()
    if found is not None:
        standing = _consent_of(found)
        if _signed(standing) != _signed(consent):
            raise WarifuError(Reason.REQUEST_REUSED, where="nonce")
        return standing
    told = (
        consent.consent_id,
        consent.verifier,
        consent.service,
        ",".join(consent.items),
        consent.nonce,
        consent.signing_serial,
        consent.signature,
        consent.holder,
        consent.consented_ms,
        consent.expires_ms,
        None,
    )
    connection.execute("INSERT INTO consent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", told)
    return consent


def _signed(consent: ConsentRow) -> tuple[object, ...]:
    return consent.verifier, consent.service, consent.items, consent.signing_serial, consent.signature


def _consent_of(found: Any) -> ConsentRow:
    consent_id, verifier, service, items, nonce, serial, signature, holder, consented_ms, expires_ms, ended_ms = found
    return ConsentRow(
        consent_id=consent_id,
        verifier=verifier,
        service=service,
        items=tuple(items.split(",")),
        nonce=nonce,
        signing_serial=serial,
        signature=signature,
        holder=holder,
        consented_ms=consented_ms,
        expires_ms=expires_ms,
        ended_ms=ended_ms,
    )
