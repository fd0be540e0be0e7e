"""Annotations: texts at a time or over a span, on one series or on all.

A series is kept by its id, so that a rename loses nothing; NULL is global. What was deleted stays for ``restore`` until
its room is needed. Each function runs inside ``Store.read`` or ``Store.write``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

COLUMNS = "id, series, from_ts, to_ts, text, author, created, changed, deleted"
PAGE = (
    f"SELECT {COLUMNS} FROM annotations WHERE deleted IS NULL AND from_ts < :to"  # noqa: S608 - only our own names
    " AND ifnull(to_ts, from_ts + 1) > :frm AND (from_ts, id) < (:before_ts, :before_id)"
    " AND (series IS NULL OR :series IS NULL OR series IN (SELECT value FROM json_each(:series)))"
    " ORDER BY from_ts DESC, id DESC LIMIT :limit"
)
"""A span may have begun long before ``:frm``, so everything older is looked at: some ms at 100,000 rows."""
LAST = (2**63 - 1, 2**63 - 1)
"""The position before which every annotation stands."""


class AnnotationRow(NamedTuple):
    """One annotation: times in ms, ``to_ts`` (exclusive) None for a point, ``series`` an id or None for all.

    ``author`` wrote what it says now; ``deleted`` is None while it stands.
    """

    id: int
    series: int | None
    from_ts: int
    to_ts: int | None
    text: str
    author: str
    created: int
    changed: int
    deleted: int | None = None


def between(
    connection: sqlite3.Connection,
    frm: int,
    to: int,
    *,
    series: Sequence[int] | None,
    before: tuple[int, int] = LAST,
    limit: int,
) -> list[AnnotationRow]:
    """What overlaps [``frm``, ``to``) ms, newest first: global ones, and those of ``series`` (ids; None: of any).

    ``before`` is (from_ts, id) of the last one of the page before.
    """
    query = {
        "frm": frm,
        "to": to,
        "before_ts": before[0],
        "before_id": before[1],
        "series": None if series is None else json.dumps(list(series)),
        "limit": limit,
    }
    return [AnnotationRow(*row) for row in connection.execute(PAGE, query)]


def find(connection: sqlite3.Connection, annotation: int) -> AnnotationRow | None:
    """One annotation, deleted or not."""
    found = connection.execute(f"SELECT {COLUMNS} FROM annotations WHERE id = ?", (annotation,))  # noqa: S608
    row = found.fetchone()
    return None if row is None else AnnotationRow(*row)


def has_series(connection: sqlite3.Connection, series: int) -> bool:
    """Whether a series is on the disk, so that its id stays its own over a crash."""
    return connection.execute("SELECT 1 FROM series WHERE id = ?", (series,)).fetchone() is not None


def make_room(connection: sqlite3.Connection, most: int) -> bool:
    """Whether one more than now fits into ``most`` rows; the longest deleted ones make room if they have to."""
    (total,) = connection.execute("SELECT count(*) FROM annotations").fetchone()
    over = int(total) + 1 - most
    if over <= 0:
        return True
    gone = connection.execute(
        "DELETE FROM annotations WHERE id IN"
        " (SELECT id FROM annotations WHERE deleted IS NOT NULL ORDER BY deleted, id LIMIT ?)",
        (over,),
    )
    return gone.rowcount == over


def add(connection: sqlite3.Connection, row: AnnotationRow) -> AnnotationRow:
    """Store an annotation under a new id, which the answer has."""
    done = connection.execute(
        f"INSERT INTO annotations ({COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        row[1:],
    )
    return row._replace(id=int(done.lastrowid or 0))


def put(connection: sqlite3.Connection, row: AnnotationRow) -> None:
    """Replace the annotation of that id."""
    connection.execute(
        "UPDATE annotations SET series = ?, from_ts = ?, to_ts = ?, text = ?, author = ?, created = ?, changed = ?,"
        " deleted = ? WHERE id = ?",
        (*row[1:], row.id),
    )
