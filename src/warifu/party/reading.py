"""Reading a party's SQLite file: what the file refuses, at whatever row, is told as the store's own reason."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

__all__ = ["Reader", "Rows"]


class Reader(sqlite3.Connection):
    """Reads a party's file. What the file refuses, at the query or at any of its rows, is told as the store's reason."""

    told: Callable[[sqlite3.Error], Exception] = staticmethod(lambda error: error)

    def execute(self, sql: str, parameters: Any = ()) -> Rows:
        """As :meth:`sqlite3.Connection.execute`.

        Raises:
            WarifuError: the reason given to the :class:`Database` as ``unavailable``, naming the file.
        """
        try:
            return self.cursor(Rows).execute(sql, parameters)
        except sqlite3.Error as error:
            raise self.told(error) from error


class Rows(sqlite3.Cursor):
    """What a :class:`Reader` found: SQLite reads a row when it is asked for, and may find the damage only then."""

    connection: Reader

    def fetchone(self) -> Any:
        """The next row, or None. Raises: as :meth:`Reader.execute`."""
        try:
            return super().fetchone()
        except sqlite3.Error as error:
            raise self.connection.told(error) from error

    def fetchall(self) -> list[Any]:
        """All rows that are left. Raises: as :meth:`Reader.execute`."""
        try:
            return super().fetchall()
        except sqlite3.Error as error:
            raise self.connection.told(error) from error

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except sqlite3.Error as error:
            raise self.connection.told(error) from error
