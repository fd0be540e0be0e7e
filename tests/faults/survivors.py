"""What was sent, what was acknowledged, and what a database still holds: compared reading by reading.

Every value tells the number of the envelope that wrote it, so that of a reading that was written several times one
sees which value stands: the last acknowledged one, or one that was sent after it.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from telemetry.store import chunks, journal, ledger, records
from telemetry.store.tail import Tail

EVER = 1 << 62
LOOSE = "SELECT count(*) FROM chunk_data WHERE id NOT IN (SELECT data FROM chunks)"
Survivors = dict[str, dict[int, int]]
"""Series -> ts (ms) -> number of the envelope whose value stands."""


def text_of(number: int) -> str:
    """A text state that tells its envelope, long enough that a commit of some fills pages."""
    return f"{number:06}:" + "state " * 40


def number_of(value: float | str) -> int:
    """The envelope that wrote a value."""
    return int(value[:6]) if isinstance(value, str) else int(value)


@dataclass
class Sent:
    """Every envelope by its id: its number, and the (series, ts) that it wrote."""

    database: str
    envelopes: dict[str, tuple[int, list[tuple[str, int]]]]

    @classmethod
    def load(cls, path: Path) -> Sent:
        """Read what ``save`` wrote."""
        content = json.loads(path.read_text())
        return cls(
            content["database"],
            {id_: (number, [(name, ts) for name, ts in keys]) for id_, (number, keys) in content["envelopes"].items()},
        )

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({"database": self.database, "envelopes": self.envelopes}))

    def nothing_acked(self) -> Acked:
        return Acked(self)


class Acked:
    """What must be there: per (series, ts) the least number of an envelope whose value may stand."""

    def __init__(self, sent: Sent) -> None:
        self._sent = sent
        self._needed: dict[str, dict[int, int]] = defaultdict(dict)
        self._written: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        for number, keys in sent.envelopes.values():
            for name, ts in keys:
                self._written[name][ts].add(number)

    def update(self, ids: Iterable[str]) -> None:
        """These envelopes were acknowledged."""
        for id_ in ids:
            number, keys = self._sent.envelopes[id_]
            for name, ts in keys:
                needed = self._needed[name]
                needed[ts] = max(number, needed.get(ts, 0))

    def problems(self, rest: Survivors) -> list[str]:
        """What is missing or was never sent, for people; empty if all is well."""
        found = []
        for name, needed in self._needed.items():
            have = rest.get(name, {})
            lost = [ts for ts, number in needed.items() if have.get(ts, -1) < number]
            if lost:
                found.append(f"{len(lost)} acknowledged readings of {name} are lost, the first at {lost[0]}")
        for name, have in rest.items():
            written = self._written[name]
            wrong = [ts for ts, number in have.items() if number not in written[ts]]
            if wrong:
                found.append(f"{len(wrong)} readings of {name} were never sent, the first at {wrong[0]}")
        return found


def survivors(connection: sqlite3.Connection) -> tuple[Survivors, list[str]]:
    """All readings of a database, as the server itself reads them, and what its own books say is wrong."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "chunks" not in tables:
        return {}, []  # cut while the schema was made: nothing can have been stored
    meta: dict[str, Any] = dict(connection.execute("SELECT key, value FROM meta"))
    names = dict(connection.execute("SELECT id, name FROM series"))
    texts = records.Texts()
    found = [chunks.load(connection, chunks.headers(connection, id_, -EVER, EVER), texts) for id_ in names]
    found.append(Tail().find(connection, names, -EVER, EVER, texts))
    numbers = [number_of(text) for text in texts.known]
    rest: Survivors = {}
    for id_, some in records.by_series(records.settle(np.concatenate(found))).items():
        values = some["value"].astype(int).tolist()
        if some["kind"][0] == journal.TEXT_STATE:
            values = [numbers[index] for index in values]
        rest[names[id_]] = dict(zip(some["ts"].tolist(), values, strict=True))
    return rest, list(books(connection, meta))


def books(connection: sqlite3.Connection, meta: dict[str, Any]) -> Iterable[str]:
    """Contradictions in the store's own accounting."""
    (end,) = connection.execute("SELECT ifnull(max(first_seq + count), 0) FROM journal").fetchone()
    if end > meta["seq_reserved"]:
        yield f"seq {end - 1} was given, but only those before {meta['seq_reserved']} were reserved"
    sums = ledger.accounts(connection)
    if sums.journalled != sums.stored + sums.duplicate + sums.deleted + sums.unsealed:
        yield f"the accounts do not add up: {sums}"
    for table in ("chunks", "sealed"):
        (count,) = connection.execute(f"SELECT ifnull(sum(count), 0) FROM {table}").fetchone()
        if count != sums.stored:
            yield f"{table} counts {count} readings, the accounts {sums.stored}"
    (loose,) = connection.execute(LOOSE).fetchone()
    if loose:
        yield f"{loose} chunks have no header"
