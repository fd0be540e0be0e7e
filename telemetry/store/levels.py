"""The levels of the roll-ups, their tables and their views. Knows no numpy, so that migrations can use it."""

from __future__ import annotations

MINUTE, QUARTER, HOUR, DAY = 60_000, 900_000, 3_600_000, 86_400_000
LEVELS = {MINUTE: "rollup_1m", QUARTER: "rollup_15m", HOUR: "rollup_1h", DAY: "rollup_1d"}
"""Table of each level by its width (ms), the finest first. Each width divides the next."""

SEALED = (
    "CREATE TABLE sealed (series INTEGER PRIMARY KEY, count INTEGER NOT NULL, first_ts INTEGER, last_ts INTEGER,"
    " spans TEXT NOT NULL, crc INTEGER NOT NULL) STRICT"
)


def table(name: str) -> str:
    """The schema of a level's table."""
    return (
        f"CREATE TABLE {name} (series INTEGER NOT NULL, t INTEGER NOT NULL, count INTEGER NOT NULL,"
        " scale INTEGER NOT NULL, sum ANY, min ANY, max ANY, first ANY, last ANY, sum_check INTEGER NOT NULL,"
        " PRIMARY KEY (series, t)) STRICT, WITHOUT ROWID"
    )


def view(name: str, width: int) -> str:
    """A level for people: ``readings_1h`` and its like, in the units of the series."""
    return (
        f"CREATE VIEW {name.replace('rollup', 'readings')} AS SELECT s.name AS series, s.unit,"  # noqa: S608 - our own names
        f" strftime('%Y-%m-%dT%H:%M:%SZ', r.t * {width // 1000}, 'unixepoch') AS time, r.t * {width} AS ts, r.count,"
        " r.sum * 1.0 / r.scale / r.count AS avg, r.min * 1.0 / r.scale AS min, r.max * 1.0 / r.scale AS max,"
        " r.first * 1.0 / r.scale AS first, r.last * 1.0 / r.scale AS last, r.sum * 1.0 / r.scale AS sum,"
        " strftime('%Y-%m-%dT%H:%M:%SZ', z.last_ts / 1000, 'unixepoch') AS sealed_until"
        f" FROM {name} r JOIN series s ON s.id = r.series JOIN sealed z ON z.series = r.series"
    )
