"""Recorder databases of Home Assistant for tests, with the columns of its schema 43 (2024 and later)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE states_meta (metadata_id INTEGER NOT NULL PRIMARY KEY, entity_id VARCHAR(255));
CREATE TABLE state_attributes (attributes_id INTEGER NOT NULL PRIMARY KEY, hash BIGINT, shared_attrs TEXT);
CREATE TABLE states (state_id INTEGER NOT NULL PRIMARY KEY, entity_id CHAR(0), state VARCHAR(255), attributes CHAR(0),
  event_id SMALLINT, last_changed CHAR(0), last_changed_ts FLOAT, last_reported_ts FLOAT, last_updated CHAR(0),
  last_updated_ts FLOAT, old_state_id INTEGER, attributes_id INTEGER, context_id CHAR(0), context_user_id CHAR(0),
  context_parent_id CHAR(0), origin_idx SMALLINT, context_id_bin BLOB, context_user_id_bin BLOB,
  context_parent_id_bin BLOB, metadata_id INTEGER,
  FOREIGN KEY(old_state_id) REFERENCES states (state_id),
  FOREIGN KEY(attributes_id) REFERENCES state_attributes (attributes_id),
  FOREIGN KEY(metadata_id) REFERENCES states_meta (metadata_id));
CREATE INDEX ix_states_metadata_id_last_updated_ts ON states (metadata_id, last_updated_ts);
CREATE TABLE statistics_meta (id INTEGER NOT NULL PRIMARY KEY, statistic_id VARCHAR(255), source VARCHAR(32),
  unit_of_measurement VARCHAR(255), has_mean BOOLEAN, has_sum BOOLEAN, name VARCHAR(255), mean_type INTEGER);
CREATE TABLE statistics (id INTEGER NOT NULL PRIMARY KEY, created CHAR(0), created_ts FLOAT, metadata_id INTEGER,
  start CHAR(0), start_ts FLOAT, mean FLOAT, mean_weight FLOAT, min FLOAT, max FLOAT, last_reset CHAR(0),
  last_reset_ts FLOAT, state FLOAT, sum FLOAT);
CREATE UNIQUE INDEX ix_statistics_statistic_id_start_ts ON statistics (metadata_id, start_ts);
CREATE TABLE statistics_short_term (id INTEGER NOT NULL PRIMARY KEY, metadata_id INTEGER, start_ts FLOAT, mean FLOAT);
CREATE TABLE recorder_runs (run_id INTEGER NOT NULL PRIMARY KEY, start DATETIME);
CREATE TABLE schema_changes (change_id INTEGER NOT NULL PRIMARY KEY, schema_version INTEGER, changed DATETIME);
"""


class Made:
    """A database, filled by calls."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = sqlite3.connect(path)
        self.connection.executescript(SCHEMA)

    def entity(self, name: str, states: Iterable[tuple[float, str | None]], **attributes: Any) -> None:
        """An entity with its states, (seconds, state)."""
        run = self.connection.execute
        meta = run("INSERT INTO states_meta (entity_id) VALUES (?)", (name,)).lastrowid
        shared = run("INSERT INTO state_attributes (shared_attrs) VALUES (?)", (json.dumps(attributes),)).lastrowid
        self.connection.executemany(
            "INSERT INTO states (metadata_id, attributes_id, state, last_updated_ts) VALUES (?, ?, ?, ?)",
            [(meta, shared, state, at) for at, state in states],
        )

    def statistic(
        self, name: str, hours: Iterable[dict[str, float]], unit: str | None = None, *, total: bool = False
    ) -> None:
        """Statistics of an entity, a row an hour."""
        meta = self.connection.execute(
            "INSERT INTO statistics_meta (statistic_id, source, unit_of_measurement, has_mean, has_sum)"
            " VALUES (?, 'recorder', ?, ?, ?)",
            (name, unit, not total, total),
        ).lastrowid
        for hour in hours:
            row = {"metadata_id": meta, **hour}
            places = ", ".join("?" * len(row))
            self.connection.execute(f"INSERT INTO statistics ({', '.join(row)}) VALUES ({places})", [*row.values()])

    def close(self) -> Path:
        """Write it all; the file."""
        self.connection.commit()
        self.connection.close()
        return self.path
