"""A Datasette plug-in: the SQL function ``readings(series, from, to)``, raw readings as JSON ``[[ts, value], …]``.

Use it with ``json_each``; see docs/sql.md. Times as the API takes them: ms, ISO 8601, ``-6h``, ``now``.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from itertools import islice
from pathlib import Path

from datasette import hookimpl

sys.path.append(str(Path(__file__).resolve().parents[2]))
from telemetry.store.outside import readings

MOST = 1_000_000
"""Readings that one call gives."""


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Add the function to a connection of Datasette's."""
    (path,) = (file for _, name, file in conn.execute("PRAGMA database_list") if name == "main")

    def raw(series: str, frm: str | int, to: str | int) -> str:
        return json.dumps(list(islice(readings(path, series, frm, to), MOST)), ensure_ascii=False)

    if path:
        conn.create_function("readings", 3, raw)
