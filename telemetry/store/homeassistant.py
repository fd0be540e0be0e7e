"""Home Assistant's recorder database, read and never written: states, and long-term statistics.

Read page by page. A copy is opened as immutable; one with a WAL beside it is opened read-only, because what is newest
lies in the WAL, and Home Assistant may be running. The schema is that of Home Assistant 2023.4 and later.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

PAGE = 5_000
"""Rows of one SELECT."""
NEEDED = {
    "states": {"state_id", "metadata_id", "state", "last_updated_ts", "attributes_id"},
    "states_meta": {"metadata_id", "entity_id"},
    "state_attributes": {"attributes_id", "shared_attrs"},
    "statistics": {"id", "metadata_id", "start_ts", "mean", "min", "max", "state", "sum"},
    "statistics_meta": {"id", "statistic_id", "unit_of_measurement", "has_sum"},
}
ENTITIES = (
    "SELECT m.metadata_id, m.entity_id, min(s.last_updated_ts) FROM states_meta m"
    " LEFT JOIN states s ON s.metadata_id = m.metadata_id GROUP BY m.metadata_id"
)
ATTRIBUTES = (
    "SELECT a.shared_attrs FROM states s JOIN state_attributes a ON a.attributes_id = s.attributes_id"
    " WHERE s.metadata_id = ? ORDER BY s.last_updated_ts DESC LIMIT 1"
)
STATES = (
    "SELECT state_id, metadata_id, state, last_updated_ts FROM states"
    " WHERE state_id > ? AND metadata_id IS NOT NULL AND last_updated_ts IS NOT NULL ORDER BY state_id LIMIT ?"
)
HOURS = (
    "SELECT id, metadata_id, start_ts, mean, min, max, state, sum FROM statistics"
    " WHERE id > ? AND start_ts IS NOT NULL ORDER BY id LIMIT ?"
)


class Foreign(Exception):
    """A file that is no readable database of Home Assistant's recorder; the message says why."""


class Entity(NamedTuple):
    """What has states: the time of the oldest (s), None if there is none, and the JSON of the newest's attributes."""

    id: int
    name: str
    first: float | None
    attributes: str | None


class Statistic(NamedTuple):
    """What has statistics by the hour."""

    id: int
    name: str
    unit: str | None
    has_sum: bool


class State(NamedTuple):
    """One row of states; ``at`` in seconds since 1970."""

    row: int
    entity: int
    state: str | None
    at: float


class Hour(NamedTuple):
    """One row of statistics; ``start`` in seconds since 1970."""

    row: int
    statistic: int
    start: float
    mean: float | None
    min: float | None
    max: float | None
    state: float | None
    sum: float | None


class Recorder:
    """An open database. Close it. Raises Foreign."""

    def __init__(self, path: Path) -> None:
        how = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
        try:
            self._connection = sqlite3.connect(
                f"file:{quote(str(path.resolve()))}?{how}", uri=True, isolation_level=None, check_same_thread=False
            )
            self._check()
        except sqlite3.Error as error:
            raise Foreign(f"this database cannot be read: {error}") from error

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def entities(self) -> list[Entity]:
        """Everything that has states."""
        with closing(self._connection.execute(ENTITIES)) as found:
            rows = found.fetchall()
        return [Entity(id_, str(name), first, self._attributes(id_)) for id_, name, first in rows]

    def statistics(self) -> list[Statistic]:
        """Everything that has statistics."""
        found = self._connection.execute("SELECT id, statistic_id, unit_of_measurement, has_sum FROM statistics_meta")
        with closing(found):
            return [Statistic(id_, str(name), unit, bool(has_sum)) for id_, name, unit, has_sum in found]

    def states(self) -> Iterator[list[State]]:
        """All states, page by page, in the order in which they were written."""
        for page in self._pages(STATES):
            yield [State(*row) for row in page]

    def hours(self) -> Iterator[list[Hour]]:
        """All hours of the statistics, page by page."""
        for page in self._pages(HOURS):
            yield [Hour(*row) for row in page]

    def _check(self) -> None:
        for table, needed in NEEDED.items():
            columns = {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}
            if not columns and table in ("states", "statistics"):
                self.close()
                raise Foreign("this is an SQLite database, but not one of Home Assistant's recorder")
            if missing := needed - columns:
                self.close()
                raise Foreign(
                    f"this recorder database is of an older Home Assistant ({table} has no {min(missing)}): let one of"
                    " 2023.4 or later run on it first"
                )

    def _attributes(self, entity: int) -> str | None:
        with closing(self._connection.execute(ATTRIBUTES, (entity,))) as found:
            row = found.fetchone()
        return None if row is None else row[0]

    def _pages(self, statement: str) -> Iterator[list[tuple[Any, ...]]]:
        after = -1
        while True:
            try:
                with closing(self._connection.execute(statement, (after, PAGE))) as found:
                    page = found.fetchall()
            except sqlite3.Error as error:
                raise Foreign(f"this database cannot be read: {error}") from error
            if not page:
                return
            after = page[-1][0]
            yield page
