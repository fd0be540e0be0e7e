"""Repairs a row of ``series`` or ``devices`` whose checksum does not fit: never a value under a wrong name.

A name is put together again from its parts, or the parts from the name, if the checksum then fits; else the series goes
on under a name that says so. What was latest is looked up in the chunks and the journal. Each function runs inside one
transaction of the writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from telemetry.model import Kind, Value, kind_of
from telemetry.store import chunks, damages, journal
from telemetry.store.damage import Damaged
from telemetry.store.damages import Outcome
from telemetry.store.journal import BOOLEAN, TEXT_STATE
from telemetry.store.records import Texts

LOST = "damaged"
"""The device of series whose own is not known any more."""

Names = tuple[str, str, str]
"""Device, metric and name of a series."""


def adopt(connection: sqlite3.Connection, ids: Iterable[int], now: int) -> int:
    """Make rows for series of which there are readings but no name, and for their devices; how many series."""
    known = {id_ for (id_,) in connection.execute("SELECT id FROM series")}
    missing = sorted(set(ids) - known)
    for id_ in missing:
        connection.execute(
            "INSERT INTO series (id, device, metric, name, kind) VALUES (?, ?, ?, ?, ?)",
            (id_, *_unknown(id_), Kind.NUMBER.value),
        )
    _devices(connection, now)
    return len(missing)


def mend_series(connection: sqlite3.Connection, found: Damaged, now: int) -> Outcome | None:
    """Repair the names of a series, and what was its latest value."""
    (id_,) = found.key
    row = connection.execute(
        "SELECT device, metric, name, name_check, kind, unit, latest_ts, latest, state_check FROM series WHERE id = ?",
        (id_,),
    ).fetchone()
    if row is None:
        return None
    damages.note(connection, now, "row", found.table, {"key": id_, "mended": True}, row)
    names: Names = next((one for one in _candidates(row[:3]) if damages.check_of((id_, *one)) == row[3]), row[:3])
    if row[3] is not None and damages.check_of((id_, *names)) != row[3] and names[2] != f"{names[0]}/{names[1]}":
        names = _unknown(id_)
    state = row[4:8]
    if row[8] is not None and damages.check_of((id_, *state)) != row[8]:
        latest = _latest(connection, id_)
        kind = Kind.NUMBER if latest is None else kind_of(latest[1])
        unit = row[5] if latest is not None and damages.check_of((id_, kind.value, row[5], *latest)) == row[8] else None
        state = (kind.value, unit, *(latest or (None, None)))
    connection.execute(
        "UPDATE series SET device = ?, metric = ?, name = ?, kind = ?, unit = ?, latest_ts = ?, latest = ?,"
        " name_check = NULL, state_check = NULL WHERE id = ?",
        (*names, *state, id_),
    )
    _devices(connection, now)
    damages.renew(connection)
    return Outcome(f"what is known of series {names[2]} was made again")


def mend_device(connection: sqlite3.Connection, found: Damaged, now: int) -> Outcome | None:
    """Forget what a device sent last: it sends again what it is not told to be durable."""
    row = connection.execute("SELECT * FROM devices WHERE rowid = ?", found.key).fetchone()
    if row is None:
        return None
    damages.note(connection, now, "row", found.table, {"key": found.key[0], "mended": True}, row)
    connection.execute(
        "UPDATE devices SET last_seen = NULL, last_id = NULL, state_check = NULL WHERE rowid = ?", found.key
    )
    damages.renew(connection)
    return Outcome(f"what device {row[0]} sent last was forgotten")


def _candidates(row: Names) -> Iterator[Names]:
    device, metric, name = row
    yield row
    yield device, metric, f"{device}/{metric}"
    for at, letter in enumerate(name):
        if letter == "/":
            yield name[:at], name[at + 1 :], name


def _unknown(id_: int) -> Names:
    return LOST, f"series-{id_}", f"{LOST}/series-{id_}"


def _devices(connection: sqlite3.Connection, now: int) -> None:
    """Every series has its device."""
    connection.execute("INSERT OR IGNORE INTO devices (id, created) SELECT DISTINCT device, ? FROM series", (now,))


def _latest(connection: sqlite3.Connection, series: int) -> tuple[int, Value] | None:
    """The newest reading of a series by its time, in the chunks or after them."""
    latest: tuple[int, Value] | None = None
    headers = chunks.newest(connection, series, 1, chunks.MAX + 1)
    if len(headers):
        texts = Texts()
        last = chunks.load(connection, headers, texts)[-1]
        number = float(last["value"])
        kind = int(last["kind"])
        value: Value = texts.known[int(number)] if kind == TEXT_STATE else number != 0.0 if kind == BOOLEAN else number
        latest = int(last["ts"]), value
    rows = connection.execute(
        "SELECT * FROM journal WHERE first_seq > (SELECT value FROM meta WHERE key = 'sealed_seq') ORDER BY first_seq"
    )
    for values in rows:
        row = journal.verified(values)
        for record in journal.unpack(row.first_seq, row.readings, row.data):
            if record.series == series and (latest is None or record.ts >= latest[0]):
                latest = record.ts, record.value
    return latest
