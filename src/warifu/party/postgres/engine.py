"""How groups are written to a PostgreSQL server: :class:`warifu.party.group_writer.Engine` over one session.

Decides that everything of a group runs on the writer's thread, which waits for the server, and what becomes of a group whose server
went away: nobody is told that it was written, whatever became of it, and nothing is run again. Whoever asks again finds out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from warifu.errors import Reason, WarifuError
from warifu.party.postgres.session import PostgresSession

__all__ = ["ServerEngine"]

_KINDS: Final = {
    "ReadOnlySQLTransactionError": "the server takes no writes",
    "DiskFullError": "the server's disk is full",
    "SSLCertVerificationError": "the server's certificate does not verify",
    "InvalidPasswordError": "the server does not let this role in",
    "InvalidAuthorizationSpecificationError": "the server does not let this role in",
    "InsufficientPrivilegeError": "the server does not let this role do that",
    "InvalidCatalogNameError": "the server has no such database",
    "TooManyConnectionsError": "the server takes no more connections",
    "ClientConfigurationError": "PGSSLROOTCERT, or another setting of the driver, does not fit",
}
"""What an operator is told of some kinds of faults, by the driver's names for them."""

_SILENT: Final = "the server does not answer"
_NO_TLS: Final = "the server does not encrypt, which sslmode asks for"


class _ServerGoneError(Exception):
    """The server, or the way to it, failed in a transaction. ``told`` is what its callers are told."""

    def __init__(self, told: Exception) -> None:
        super().__init__()
        self.told = told


class ServerEngine:
    """See :class:`warifu.party.group_writer.Engine`. ``where`` is what the store is called in an error."""

    on_loop = False

    def __init__(self, session: PostgresSession, unavailable: Reason, where: str) -> None:
        self._session = session
        self._unavailable = unavailable
        self._where = where

    def run(self, mutations: Sequence[Callable[[Any], Any]]) -> list[Any]:
        """See the contract."""
        session = self._session
        try:
            session.begin()
        except Exception as error:
            raise _ServerGoneError(self.told(error)) from error
        try:
            return [mutation(session) for mutation in mutations]
        except Exception as error:
            if not session.roll_back():
                raise _ServerGoneError(self.told(error)) from error
            raise

    def commit(self) -> None:
        """See the contract."""
        try:
            self._session.commit()
        except Exception as error:
            self._session.roll_back()
            raise _ServerGoneError(self.told(error)) from error

    def commits_on_loop(self, records: int) -> bool:
        """Never."""
        del records
        return False

    def commit_on_loop(self) -> None:
        """Nobody asks for it."""
        self.commit()

    def patient(self, patient: bool) -> None:
        """Nobody else writes: a schema has one owner."""

    def is_of_all(self, error: BaseException) -> bool:
        """Whether the server went away: it may have committed, so nothing is run again."""
        return isinstance(error, _ServerGoneError)

    def told(self, error: BaseException) -> Exception:
        """The server's faults are the store's; all others are the mutation's own."""
        if isinstance(error, _ServerGoneError):
            return error.told
        if isinstance(error, Exception) and not self._session.is_servers(error):
            return error
        # a server's own words may name values; what kind of fault it was says enough
        kind = type(error).__name__
        words = _KINDS.get(kind, _SILENT if isinstance(error, TimeoutError) else "")
        if isinstance(error, ConnectionError) and "SSL" in str(error):
            words = _NO_TLS
        where = f"{self._where}: {words}" if words else self._where
        return WarifuError(self._unavailable, where=where, debug=kind)
