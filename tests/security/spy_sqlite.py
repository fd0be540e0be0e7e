"""Put on the path of a server process as ``sitecustomize``: writes every SQL statement, before values are bound.

SQLite's own trace would show statements with their values in them, so the text is taken where Python hands it over.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

_said: set[str] = set()
_connect = sqlite3.connect


def note(sql: str) -> None:
    """Write a statement, once."""
    if sql not in _said:
        _said.add(sql)
        with Path(os.environ["SPY_SQLITE"]).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(sql.replace("\n", " ") + "\n")


class Cursor(sqlite3.Cursor):
    def execute(self, sql: str, *args: Any) -> Any:
        note(sql)
        return super().execute(sql, *args)

    def executemany(self, sql: str, *args: Any) -> Any:
        note(sql)
        return super().executemany(sql, *args)

    def executescript(self, sql: str) -> Any:
        note(sql)
        return super().executescript(sql)


class Connection(sqlite3.Connection):
    def cursor(self, factory: Any = Cursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, *args: Any) -> Any:
        return self.cursor().execute(sql, *args)

    def executemany(self, sql: str, *args: Any) -> Any:
        return self.cursor().executemany(sql, *args)

    def executescript(self, sql: str) -> Any:
        return self.cursor().executescript(sql)


def connect(*args: Any, **options: Any) -> Any:
    """As sqlite3.connect, with connections that are listened to."""
    return _connect(*args, **{"factory": Connection} | options)


if "SPY_SQLITE" in os.environ:
    sqlite3.connect = connect
