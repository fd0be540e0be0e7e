"""Units and display names that people gave to series; they stand above what the source says.

``series.unit`` is the unit that is shown, so that SQL sees it; ``source_unit`` here is what the source said when it was
edited. Each function runs inside ``Store.read`` or ``Store.write``.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

SCHEMA = (
    "CREATE TABLE labels (series INTEGER PRIMARY KEY, unit TEXT, source_unit TEXT, title TEXT, who TEXT NOT NULL,"
    " made INTEGER NOT NULL) STRICT"
)


class Label(NamedTuple):
    """What stands for a series: ``unit`` and ``title`` are None where the source has its way."""

    unit: str | None
    source_unit: str | None
    title: str | None


def every(connection: sqlite3.Connection) -> dict[int, Label]:
    """The labels by the id of the series."""
    rows = connection.execute("SELECT series, unit, source_unit, title FROM labels")
    return {series: Label(*label) for series, *label in rows}


def put(connection: sqlite3.Connection, series: int, label: Label, who: str, made: int) -> None:
    """Store what someone gave at ``made`` (ms), or that nothing stands any more."""
    shown = label.unit if label.unit is not None else label.source_unit
    connection.execute("UPDATE series SET unit = ? WHERE id = ? AND unit IS NOT ?", (shown, series, shown))
    if label.unit is None and label.title is None:
        connection.execute("DELETE FROM labels WHERE series = ?", (series,))
    else:
        connection.execute("INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?, ?, ?)", (series, *label, who, made))
