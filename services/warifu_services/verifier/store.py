"""What a verifier keeps: open nonces, users by serial number, evidence that a law asks for. Durable when a method returns.

There is no place for a My Number or a code, and of a user none for a certificate: a serial number and nothing else. Evidence is another
table, because it is kept by another law and for another time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from warifu.errors import Reason, WarifuError
from warifu.party.storage import open_database

__all__ = ["MOST_OPEN_NONCES", "Evidence", "VerifierStore"]

MOST_OPEN_NONCES: Final = 10_000
"""Nonces of one service that may be open at a time."""

_MIGRATIONS: Final = (
    """
    CREATE TABLE nonce (nonce BLOB PRIMARY KEY, service TEXT NOT NULL, expires_ms INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX nonce_of_service ON nonce (service, expires_ms);
    CREATE TABLE user (
        user_id BLOB PRIMARY KEY, service TEXT NOT NULL, signing_serial BLOB NOT NULL, UNIQUE (service, signing_serial)
    ) WITHOUT ROWID;
    CREATE TABLE evidence (
        account TEXT PRIMARY KEY,
        service TEXT NOT NULL,
        statement BLOB NOT NULL,
        certificate BLOB NOT NULL,
        signature BLOB NOT NULL,
        verified_ms INTEGER NOT NULL,
        kept_until_ms INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What an account was opened on. ``kept_until_ms`` is 0 while the contract lasts."""

    account: str
    service: str
    statement: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    verified_ms: int
    kept_until_ms: int = 0


class VerifierStore:
    """One SQLite file. Writing methods raise STORE_UNAVAILABLE when the disk refuses; nothing is half-written."""

    def __init__(self, path: Path) -> None:
        """Open ``path``, or make it. Raises: STORE_UNAVAILABLE."""
        self.database = open_database(path, _MIGRATIONS, unavailable=Reason.STORE_UNAVAILABLE)
        self._reader = self.database.reader

    async def open_nonce(self, nonce: bytes, service: str, now_ms: int, expires_ms: int) -> None:
        """Let ``service`` use ``nonce`` once. Raises: OVERLOADED when it has too many open."""
        await self.database.write(lambda connection: _open_nonce(connection, nonce, service, now_ms, expires_ms))

    async def use_nonce(self, nonce: bytes, service: str, now_ms: int) -> None:
        """Use a nonce up: of two who do so at once, one does. Raises: NONCE_NOT_OPEN."""
        sql = "DELETE FROM nonce WHERE nonce = ? AND service = ? AND expires_ms > ?"
        parameters = (nonce, service, now_ms)
        if await self.database.write(lambda connection: connection.execute(sql, parameters).rowcount) != 1:
            raise WarifuError(Reason.NONCE_NOT_OPEN, where="nonce")

    async def add_user(self, user_id: bytes, service: str, serial: bytes) -> None:
        """Keep a user. Raises: USER_ALREADY_REGISTERED when ``service`` has one with that serial."""
        sql = "INSERT INTO user VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        parameters = (user_id, service, serial)
        if await self.database.write(lambda connection: connection.execute(sql, parameters).rowcount) != 1:
            raise WarifuError(Reason.USER_ALREADY_REGISTERED, where="presented.certificate")

    async def replace_serial(self, user_id: bytes, serial: bytes) -> None:
        """Put another serial in the place of a user's."""
        sql = "UPDATE user SET signing_serial = ? WHERE user_id = ?"
        await self.database.write(lambda connection: connection.execute(sql, (serial, user_id)).rowcount)

    def user_of(self, service: str, serial: bytes) -> bytes | None:
        """Which user of ``service`` has that serial."""
        sql = "SELECT user_id FROM user WHERE service = ? AND signing_serial = ?"
        found = self._reader.execute(sql, (service, serial)).fetchone()
        return None if found is None else bytes(found[0])

    async def keep_evidence(self, evidence: Evidence) -> bool:
        """Keep evidence; False, and nothing kept, where another account has that number."""
        sql = "INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        parameters = (
            evidence.account,
            evidence.service,
            evidence.statement,
            evidence.certificate,
            evidence.signature,
            evidence.verified_ms,
            evidence.kept_until_ms,
        )
        return await self.database.write(lambda connection: connection.execute(sql, parameters).rowcount == 1)

    async def end_contract(self, account: str, service: str, kept_until_ms: int) -> int:
        """Say until when evidence is kept; what was said before stands. Raises: USER_UNKNOWN."""
        return await self.database.write(lambda connection: _end_contract(connection, account, service, kept_until_ms))

    async def forget(self, now_ms: int) -> int:
        """Forget evidence past its time, and nonces; how much evidence that was."""
        return await self.database.write(lambda connection: _forget(connection, now_ms))

    def evidence(self, account: str, service: str) -> Evidence:
        """Evidence of one of the service's accounts. Raises: USER_UNKNOWN."""
        return _evidence(self._reader, account, service)

    def count_users(self) -> int:
        """Users of all services."""
        (number,) = self._reader.execute("SELECT count(*) FROM user").fetchone()
        return int(number)

    def close(self) -> None:
        """Finish what is queued and let go of the file."""
        self.database.close()


def _open_nonce(connection: Any, nonce: bytes, service: str, now_ms: int, expires_ms: int) -> None:
    connection.execute("DELETE FROM nonce WHERE service = ? AND expires_ms <= ?", (service, now_ms))
    (held,) = connection.execute("SELECT count(*) FROM nonce WHERE service = ?", (service,)).fetchone()
    if held >= MOST_OPEN_NONCES:
        raise WarifuError(Reason.OVERLOADED, where="nonces")
    connection.execute("INSERT INTO nonce VALUES (?, ?, ?)", (nonce, service, expires_ms))


def _end_contract(connection: Any, account: str, service: str, kept_until_ms: int) -> int:
    held = _evidence(connection, account, service)
    if held.kept_until_ms:
        return held.kept_until_ms
    connection.execute("UPDATE evidence SET kept_until_ms = ? WHERE account = ?", (kept_until_ms, account))
    return kept_until_ms


def _forget(connection: Any, now_ms: int) -> int:
    connection.execute("DELETE FROM nonce WHERE expires_ms <= ?", (now_ms,))
    sql = "DELETE FROM evidence WHERE kept_until_ms > 0 AND kept_until_ms <= ?"
    return int(connection.execute(sql, (now_ms,)).rowcount)


def _evidence(connection: Any, account: str, service: str) -> Evidence:
    sql = (
        "SELECT account, service, statement, certificate, signature, verified_ms, kept_until_ms FROM evidence "
        "WHERE account = ? AND service = ?"
    )
    found = connection.execute(sql, (account, service)).fetchone()
    if found is None:
        raise WarifuError(Reason.USER_UNKNOWN, where="account_number")
    names = ("account", "service", "statement", "certificate", "signature", "verified_ms", "kept_until_ms")
    return Evidence(**dict(zip(names, found, strict=True)))
