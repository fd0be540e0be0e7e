"""The tables of the chunks, and the counters that change in the same commits. Knows no numpy: migrations use it."""

from __future__ import annotations

CHUNKS = (
    "CREATE TABLE chunks (series INTEGER NOT NULL, last_ts INTEGER NOT NULL, first_ts INTEGER NOT NULL,"
    " count INTEGER NOT NULL, numbers INTEGER NOT NULL, min REAL, max REAL, sum REAL, first REAL, last REAL,"
    " data INTEGER NOT NULL, sum_check INTEGER NOT NULL, PRIMARY KEY (series, last_ts)) STRICT, WITHOUT ROWID"
)
AGE = "CREATE INDEX chunks_age ON chunks (last_ts)"
DATA = (
    "CREATE TABLE chunk_data (id INTEGER PRIMARY KEY, series INTEGER NOT NULL, codec INTEGER NOT NULL,"
    " crc INTEGER NOT NULL, data BLOB NOT NULL) STRICT"
)
SCHEMA = (CHUNKS, AGE, DATA)

META = (
    "sealed_seq",  # every reading up to it is in the chunks
    "sealing_upto",  # a seal under way: its end, 0 if there is none …
    "sealing_series",  # … and the first series that it has not reached
    "sealing_ts",  # … and the first time that it has not reached of that one
    "journal_base",  # readings that were ever in rows up to sealed_seq
    "sealed_readings",  # readings that were taken from the journal into the chunks
    "imported",  # readings that came in without a seq
    "stored",
    "duplicate",
    "deleted",
    "trimmed_seq",  # rows of the journal up to it are gone
)
"""Keys of the table meta, all 0 at first."""
