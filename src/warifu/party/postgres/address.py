"""Where a party's PostgreSQL database is.

Decides what an address may say, and that one which speaks of encryption gets it. It holds no password: an address stands in arguments and unit files, which others may
read. The server's usual places do: ``PGPASSFILE``, ``~/.pgpass``, ``PGPASSWORD``, or a certificate (``PGSSLCERT``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from warifu.errors import Reason, WarifuError

__all__ = ["PostgresAddress"]

_SCHEMES: Final = frozenset({"postgresql", "postgres"})
_SCHEMA: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_KNOWN: Final = frozenset({"schema", "host", "sslmode"})
_ENCRYPTS: Final = ("require", "verify-ca", "verify-full")


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A database, and the schema in it that is one party's own. ``dsn`` is what the driver is given."""

    dsn: str
    schema: str

    @classmethod
    def parse(cls, text: str, *, schema: str) -> PostgresAddress:
        """Read ``postgresql://[user@]host[:port]/database[?schema=NAME&host=SOCKET_FOLDER&sslmode=…]``.

        ``schema`` is what it is where the address does not say: each party's own.

        Raises:
            WarifuError: CONFIG_INVALID, which repeats nothing of an address that has a password.
        """
        try:
            parts = urlsplit(text)
            has_password = parts.password is not None
            _ = parts.port
        except ValueError:
            raise _invalid("not an address: postgresql://user@host:port/database") from None
        if parts.scheme not in _SCHEMES or not parts.path.strip("/"):
            raise _invalid("not an address: postgresql://user@host:port/database")
        if has_password:
            raise _invalid("a password in an address is read by others; put it into PGPASSFILE")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        unknown = sorted(options.keys() - _KNOWN)
        if unknown:
            raise _invalid(f"{unknown[0]} is not one of {', '.join(sorted(_KNOWN))}")
        mode = options.get("sslmode")
        if mode is not None and mode not in _ENCRYPTS:
            raise _invalid(f"sslmode is one of {', '.join(_ENCRYPTS)}; with any other the way may not be encrypted")
        if mode is not None and options.get("host", "").startswith("/"):
            raise _invalid("sslmode says nothing of a socket in a folder: leave it out")
        chosen = options.pop("schema", schema)
        if not _SCHEMA.fullmatch(chosen):
            raise _invalid("schema: lower-case letters, digits and _, at most 63")
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return cls(parts._replace(query=query).geturl(), chosen)

    def __str__(self) -> str:
        """The schema and the database's name: nothing of where it is."""
        return f"{urlsplit(self.dsn).path.strip('/')}.{self.schema}"


def _invalid(what: str) -> WarifuError:
    return WarifuError(Reason.CONFIG_INVALID, where=f"--store: {what}")
