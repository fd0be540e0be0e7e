"""What the registry knows, kept across restarts: a snapshot in small tables, brought up to date from the journal.

``meta.state_seq`` says how far the snapshot reaches. Saving it is never urgent: what is missing is read from the
journal at the next start, so a commit writes the journal row and nothing else.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from telemetry.model import AHEAD, Kind, Series, Value, kind_of
from telemetry.registry import Device, Registry
from telemetry.store import corrections, damages, journal, labels, log, removal, roles, thresholds
from telemetry.store.damage import Damaged

SeriesState = tuple[str, str | None, int | None, Value | None, int]
DeviceState = tuple[int | None, str | None, str]


def load(connection: sqlite3.Connection, registry: Registry) -> int:
    """Fill the registry; returns the newest arrival stamp (ms), 0 in an empty database. Raises Damaged."""
    registry.load(_devices(connection), _series(connection), roles.aliases(connection))
    registry.spare(id_ for one in removal.unfinished(connection) for id_ in one.series)
    for id_, label in labels.every(connection).items():
        if (one := registry.by_id.get(id_)) is not None and one.id == id_:
            one.labelled(label.unit, one.unit if label.unit is None else label.source_unit, label.title)
    for id_, found in thresholds.every(connection).items():
        if (one := registry.by_id.get(id_)) is not None and one.id == id_:
            one.thresholds = found
    for id_, masks in corrections.all_active(connection).items():
        if id_ in registry.by_id:
            registry.by_id[id_].masks = tuple(masks)
    newest = max((device.last_seen or 0 for device in registry.devices.values()), default=0)
    (seq,) = connection.execute("SELECT value FROM meta WHERE key = 'state_seq'").fetchone()
    for device_id, mark in log.marks(connection, seq):
        if device_id in registry.devices:
            registry.devices[device_id].last_id = mark
    end = 1 << 62
    while rows := log.page(connection, seq, end):
        for row in rows:
            _replay(registry, row)
            newest = max(newest, row.received)
        seq = rows[-1].first_seq + rows[-1].readings - 1
    for one in registry.series.values():
        # stamps run ahead of the clock: those of this run go on behind the last one, or they would overwrite readings
        if one.latest is not None and one.latest[0] <= newest + AHEAD:
            one.stamp = one.latest[0]
    return newest


def snapshot(registry: Registry) -> tuple[list[SeriesState], list[DeviceState]]:
    """What ``save`` writes, taken on the loop thread at a moment between commits."""
    series: list[SeriesState] = []
    for one in registry.series.values():
        ts, value = one.durable or (None, None)
        series.append((one.kind.value, one.unit, ts, value, one.id))
    devices: list[DeviceState] = [
        (device.last_seen, None if device.last_id is None else json.dumps(device.last_id), device.id)
        for device in registry.devices.values()
    ]
    return series, devices


def save(
    connection: sqlite3.Connection, series: Iterable[SeriesState], devices: Iterable[DeviceState], seq: int
) -> None:
    """Write a snapshot that covers the journal up to ``seq``, inside the caller's transaction."""
    connection.executemany(
        "UPDATE series SET kind = ?1, unit = ?2, latest_ts = ?3, latest = ?4 WHERE id = ?5"
        " AND (kind, unit, latest_ts, latest) IS NOT (?1, ?2, ?3, ?4)",
        series,
    )
    connection.executemany(
        "UPDATE devices SET last_seen = ?1, last_id = ?2 WHERE id = ?3 AND (last_seen, last_id) IS NOT (?1, ?2)",
        devices,
    )
    connection.execute("UPDATE meta SET value = ? WHERE key = 'state_seq'", (seq,))
    damages.renew(connection)


def wrong(connection: sqlite3.Connection) -> list[Damaged]:
    """The rows of the registry that do not fit their checksums."""
    devices = connection.execute("SELECT state_check, rowid, id, last_seen, last_id FROM devices").fetchall()
    names = connection.execute("SELECT name_check, id, device, metric, name FROM series").fetchall()
    states = connection.execute("SELECT state_check, id, kind, unit, latest_ts, latest FROM series").fetchall()
    found = [Damaged("devices", row[1]) for row in devices if row[0] not in (None, damages.check_of(row[2:]))]
    found += [Damaged("series", row[1]) for row in names + states if row[0] not in (None, damages.check_of(row[1:]))]
    return found


def _devices(connection: sqlite3.Connection) -> Iterable[Device]:
    rows = connection.execute("SELECT id, name, gateway, created, last_seen, last_id, state_check, rowid FROM devices")
    for id_, name, gateway, created, last_seen, last_id, state_check, rowid in rows:
        if state_check is not None and state_check != damages.check_of((id_, last_seen, last_id)):
            raise Damaged("devices", rowid)
        yield Device(
            id_,
            name,
            None if gateway is None else tuple(json.loads(gateway)),
            created,
            last_seen,
            None if last_id is None else json.loads(last_id),
        )


def _series(connection: sqlite3.Connection) -> Iterable[Series]:
    rows = connection.execute(
        "SELECT id, device, metric, name, kind, unit, latest_ts, latest, bound, name_check, state_check FROM series"
        " ORDER BY id"
    )
    for id_, device, metric, name, kind, unit, ts, value, bound, *checks in rows:
        sums = damages.check_of((id_, device, metric, name)), damages.check_of((id_, kind, unit, ts, value))
        if any(held is not None and held != own for held, own in zip(checks, sums, strict=True)):
            raise Damaged("series", id_)
        latest = None if ts is None else (ts, bool(value) if isinstance(value, int) else value)
        yield Series(id_, device, metric, name, Kind(kind), unit, latest, latest, bound=bool(bound))


def _replay(registry: Registry, row: journal.Row) -> None:
    for record in journal.unpack(row.first_seq, row.readings, row.data):
        series = registry.by_id.get(record.series)
        if series is None:  # of a device that was removed
            continue
        newest = series.durable is None or record.ts >= series.durable[0]
        if newest and not series.hides(record.ts, record.value):
            series.durable = series.latest = (record.ts, record.value)
            series.kind = kind_of(record.value)
        device = registry.devices[series.device]
        device.last_seen = max(device.last_seen or 0, row.received)
