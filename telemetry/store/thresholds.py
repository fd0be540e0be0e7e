"""Thresholds of series: the values above or below which a reading stands out.

``body`` is JSON: ``[[value, above], …]``. Each function runs inside ``Store.read`` or ``Store.write``.
"""

from __future__ import annotations

import json
import sqlite3

from telemetry.model import Threshold

SCHEMA = (
    "CREATE TABLE thresholds (series INTEGER PRIMARY KEY, body TEXT NOT NULL, who TEXT NOT NULL,"
    " made INTEGER NOT NULL) STRICT"
)


def every(connection: sqlite3.Connection) -> dict[int, tuple[Threshold, ...]]:
    """The thresholds by the id of the series."""
    rows = connection.execute("SELECT series, body FROM thresholds")
    return {series: tuple(Threshold(*one) for one in json.loads(body)) for series, body in rows}


def put(connection: sqlite3.Connection, series: int, found: tuple[Threshold, ...], who: str, made: int) -> None:
    """Store what someone gave at ``made`` (ms); none takes them away."""
    if not found:
        connection.execute("DELETE FROM thresholds WHERE series = ?", (series,))
    else:
        body = json.dumps([list(one) for one in found])
        connection.execute("INSERT OR REPLACE INTO thresholds VALUES (?, ?, ?, ?)", (series, body, who, made))
