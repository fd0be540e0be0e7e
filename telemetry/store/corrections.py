"""Corrections: what was deleted or masked, by whom and why, and how far the work on each has come.

States: ``waiting`` (noted, what is committed is not all sealed yet), ``running``, ``done``, ``undoing``, ``undone``. A
mask hides readings in the first three, also those that come later. A deletion takes out what was committed when it was
asked for (``upto``): what is sealed later while it waits or runs is noted in ``spared``. Each function runs inside
``Store.read`` or ``Store.write``. Knows no numpy: migrations use it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from telemetry.model import Mask
from telemetry.store import ledger

ACTIVE = "action = 'mask' AND state IN ('waiting', 'running', 'done')"
UNFINISHED = "state IN ('waiting', 'running', 'undoing')"
DELETING = f"{UNFINISHED} AND action = 'delete' AND state != 'undoing'"
COMMITTED = (
    "SELECT max((SELECT value FROM meta WHERE key = 'sealed_seq'), ifnull((SELECT first_seq + count - 1 FROM journal"
    " WHERE count > 0 ORDER BY first_seq DESC LIMIT 1), 0))"
)
"""The last seq of a row of the journal."""
EXPIRED = 200
"""Rows of ``hidden`` that one step deletes for ever."""
COLUMNS = (
    "id, series, from_ts, to_ts, action, above, below, why, who, made, readings, state, position, undone_by, undone_at,"
    " upto"
)
TABLE = (
    "CREATE TABLE corrections (id INTEGER PRIMARY KEY AUTOINCREMENT, series INTEGER NOT NULL, from_ts INTEGER NOT NULL,"
    " to_ts INTEGER NOT NULL, action TEXT NOT NULL, above REAL, below REAL, why TEXT NOT NULL, who TEXT NOT NULL,"
    " made INTEGER NOT NULL, readings INTEGER NOT NULL, state TEXT NOT NULL, position INTEGER NOT NULL,"
    " undone_by TEXT, undone_at INTEGER) STRICT"
)
HIDDEN = (
    "CREATE TABLE hidden (id INTEGER PRIMARY KEY, correction INTEGER NOT NULL, series INTEGER NOT NULL,"
    " codec INTEGER NOT NULL, crc INTEGER NOT NULL, count INTEGER NOT NULL, first_ts INTEGER NOT NULL,"
    " last_ts INTEGER NOT NULL, data BLOB NOT NULL) STRICT"
)
SCHEMA = (
    TABLE,
    f"CREATE INDEX corrections_active ON corrections (series) WHERE {ACTIVE}",
    f"CREATE INDEX corrections_unfinished ON corrections (id) WHERE {UNFINISHED}",
    HIDDEN,
    "CREATE INDEX hidden_correction ON hidden (correction)",
    "CREATE INDEX hidden_series ON hidden (series, last_ts)",
    "INSERT INTO meta (key, value) VALUES ('rewritten_seq', -1)",
)
SPARED = (
    "CREATE TABLE spared (id INTEGER PRIMARY KEY, correction INTEGER NOT NULL, first_ts INTEGER NOT NULL,"
    " last_ts INTEGER NOT NULL, data BLOB NOT NULL) STRICT"
)
SPARING = (
    "ALTER TABLE corrections ADD COLUMN upto INTEGER NOT NULL DEFAULT 0",
    f"UPDATE corrections SET upto = ({COMMITTED}) WHERE {UNFINISHED}",  # noqa: S608 - our own words
    SPARED,
    "CREATE INDEX spared_correction ON spared (correction)",
)


class Correction(NamedTuple):
    """One correction of the series with the id ``series``: from ``from_ts`` to ``to_ts`` (excluded), ms.

    ``readings`` were taken out so far; the chunks before ``position`` (ms) are done. A deletion is about readings up to
    the seq ``upto``.
    """

    id: int
    series: int
    from_ts: int
    to_ts: int
    action: str
    above: float | None
    below: float | None
    why: str
    who: str
    made: int
    readings: int = 0
    state: str = "waiting"
    position: int = 0
    undone_by: str | None = None
    undone_at: int | None = None
    upto: int = 0

    @property
    def mask(self) -> Mask:
        """What it takes out."""
        return Mask(self.id, self.from_ts, self.to_ts, self.above, self.below)


def add(connection: sqlite3.Connection, row: Correction) -> Correction:
    """Store a new correction, about what is committed by now; the answer has its id."""
    (upto,) = connection.execute(COMMITTED).fetchone()
    row = row._replace(upto=int(upto))
    marks = ", ".join("?" * (len(row) - 1))
    done = connection.execute(f"INSERT INTO corrections ({COLUMNS}) VALUES (NULL, {marks})", row[1:])  # noqa: S608
    return row._replace(id=int(done.lastrowid or 0))


def find(connection: sqlite3.Connection, correction: int) -> Correction | None:
    """One correction."""
    row = connection.execute(f"SELECT {COLUMNS} FROM corrections WHERE id = ?", (correction,)).fetchone()  # noqa: S608
    return None if row is None else Correction(*row)


def newest(connection: sqlite3.Connection, series: Sequence[int] | None, limit: int) -> list[Correction]:
    """The newest ones, the newest first, of ``series`` (ids; None: of any)."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM corrections WHERE ?1 IS NULL OR series IN (SELECT value FROM json_each(?1))"  # noqa: S608
        " ORDER BY id DESC LIMIT ?2",
        (None if series is None else json.dumps(list(series)), limit),
    )
    return [Correction(*row) for row in rows]


def count(connection: sqlite3.Connection) -> int:
    """How many there are."""
    (number,) = connection.execute("SELECT count(*) FROM corrections").fetchone()
    return int(number)


def unfinished(connection: sqlite3.Connection) -> list[Correction]:
    """Those at work, in the order in which they are to be done."""
    # what was begun goes first: what is sealed meanwhile has to be noted for it
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM corrections WHERE {UNFINISHED} ORDER BY state = 'waiting', id"  # noqa: S608
    )
    return [Correction(*row) for row in rows]


def active(connection: sqlite3.Connection, series: int) -> list[Mask]:
    """The masks of a series that stand, the oldest first."""
    rows = connection.execute(
        f"SELECT id, from_ts, to_ts, above, below FROM corrections WHERE series = ? AND {ACTIVE} ORDER BY id",  # noqa: S608
        (series,),
    )
    return [Mask(*row) for row in rows]


def all_active(connection: sqlite3.Connection) -> dict[int, list[Mask]]:
    """The masks that stand, by series id, the oldest first."""
    found: dict[int, list[Mask]] = {}
    rows = connection.execute(
        f"SELECT series, id, from_ts, to_ts, above, below FROM corrections WHERE {ACTIVE} ORDER BY id"  # noqa: S608
    )
    for series, *mask in rows:
        found.setdefault(series, []).append(Mask(*mask))
    return found


def deleting(connection: sqlite3.Connection, series: int) -> list[Correction]:
    """The deletions of a series that wait or are half done, the oldest first."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM corrections WHERE {DELETING} AND series = ? ORDER BY id",  # noqa: S608
        (series,),
    )
    return [Correction(*row) for row in rows]


def barrier(connection: sqlite3.Connection, after: int) -> int | None:
    """The first seq above ``after`` up to which such a deletion applies: what is sealed at once ends there."""
    row = connection.execute(f"SELECT min(upto) FROM corrections WHERE {DELETING} AND upto > ?", (after,)).fetchone()  # noqa: S608
    return None if row[0] is None else int(row[0])


def advance(connection: sqlite3.Connection, correction: int, state: str, position: int) -> None:
    """Note how far the work on a correction has come."""
    connection.execute("UPDATE corrections SET state = ?, position = ? WHERE id = ?", (state, position, correction))


def finish(connection: sqlite3.Connection, correction: int, state: str, seq: int) -> None:
    """Note that the work on a correction is done, and that the log up to ``seq`` is not what history says."""
    connection.execute("UPDATE corrections SET state = ? WHERE id = ?", (state, correction))
    connection.execute("DELETE FROM spared WHERE correction = ?", (correction,))
    ledger.put(connection, rewritten_seq=seq)


def counted(connection: sqlite3.Connection, correction: int, by: int) -> None:
    """Add to how many readings a correction took out."""
    connection.execute("UPDATE corrections SET readings = readings + ? WHERE id = ?", (by, correction))


def undo(connection: sqlite3.Connection, correction: int, by: str, now: int) -> None:
    """Begin to undo a correction."""
    connection.execute(
        "UPDATE corrections SET state = 'undoing', undone_by = ?, undone_at = ? WHERE id = ?", (by, now, correction)
    )


def expired(connection: sqlite3.Connection, before: int, limit: int) -> list[int]:
    """Rows of ``hidden`` that deletions made before a time (ms) still hold; those undone hold none."""
    rows = connection.execute(
        "SELECT h.id FROM corrections c JOIN hidden h ON h.correction = c.id"
        " WHERE c.action = 'delete' AND c.state = 'done' AND c.made < ? LIMIT ?",
        (before, limit),
    )
    return [int(id_) for (id_,) in rows]


def expire(connection: sqlite3.Connection, before: int) -> bool:
    """Delete some of those rows; whether there may be more. Their readings were counted as deleted long ago."""
    gone = expired(connection, before, EXPIRED)
    connection.executemany("DELETE FROM hidden WHERE id = ?", [(id_,) for id_ in gone])
    return len(gone) == EXPIRED
