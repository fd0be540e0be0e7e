"""What /metrics says: one table of every metric, in Prometheus' text format. The docs are generated from it.

Two sums hold at every scrape. In this run: received = journalled + refused + pending. In the database: journalled =
stored + duplicate + deleted + lost + unsealed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from telemetry.clock import monotonic
from telemetry.core import Core
from telemetry.load import resident
from telemetry.model import Reason
from telemetry.storage import Report
from telemetry.store.ledger import Accounts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STARTED = monotonic()
"""When this process began, near enough."""
ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
"""What a label value writes otherwise; the name of a broker comes from the settings."""


@dataclass(slots=True, frozen=True)
class Sample:
    """Where the values come from."""

    core: Core
    storage: Report

    @property
    def accounts(self) -> Accounts:
        """Where every reading of the database is."""
        return self.storage.holdings.accounts


Labelled = Mapping[str, float]
"""A value for each value of the one label."""


class Metric(NamedTuple):
    """One row of the table; ``get`` returns None where the value is not to be had."""

    name: str
    type: str
    help: str
    get: Callable[[Sample], float | Labelled | None]
    label: str = ""


def uptime() -> float:
    """Seconds since the server began."""
    return monotonic() - STARTED


def _refused(sample: Sample) -> Labelled:
    return {reason.value: sample.core.metrics.refused[reason] for reason in Reason}


def devices_by_state(core: Core) -> dict[str, int]:
    """How many devices there are, by state."""
    devices = core.registry.devices.values()
    online = sum(device.online for device in devices)
    return {"online": online, "offline": len(devices) - online, "pending": len(core.admission.list())}


def _files(sample: Sample) -> Labelled:
    files = sample.storage.files
    other = files.total - files.database - files.wal - files.reserve
    return {"database": files.database, "wal": files.wal, "reserve": files.reserve, "other": other}


def _bridges(sample: Sample) -> list[Mapping[str, Any]]:
    return [report() for report in sample.core.bridges]


def _messages(sample: Sample) -> Labelled | None:
    """By what became of them; those that are held are not decided yet."""
    found: Counter[str] = Counter()
    for one in _bridges(sample):
        found.update({name: count for name, count in one["messages"].items() if name not in ("received", "held")})
    return found or None


def _of_messages(name: str) -> Callable[[Sample], float | None]:
    def get(sample: Sample) -> float | None:
        return sum(one["messages"][name] for one in _bridges(sample)) if sample.core.bridges else None

    return get


def _of_brokers(get: Callable[[Mapping[str, Any]], float]) -> Callable[[Sample], Labelled | None]:
    return lambda sample: {one["broker"]: get(one) for one in _bridges(sample)} or None


def _full_on(sample: Sample) -> float | None:
    full_on = sample.storage.full_on
    return None if full_on is None else full_on / 1000


def _counter(name: str, text: str, get: Callable[[Sample], float | Labelled | None], label: str = "") -> Metric:
    return Metric(f"telltale_{name}_total", "counter", text, get, label)


def _gauge(name: str, text: str, get: Callable[[Sample], float | Labelled | None], label: str = "") -> Metric:
    return Metric(f"telltale_{name}", "gauge", text, get, label)


METRICS = (
    _counter(
        "readings_received", "Readings that arrived in this run, taken or not.", lambda s: s.core.metrics.received
    ),
    _counter("readings_journalled", "Readings of this run that are durable.", lambda s: s.core.metrics.journalled),
    _counter(
        "readings_refused", "Readings refused in this run; an undecodable message counts as one.", _refused, "reason"
    ),
    _gauge("readings_pending", "Readings that wait for their commit.", lambda s: s.core.pipeline.pending),
    _gauge("database_journalled", "Readings ever journalled in this database.", lambda s: s.accounts.journalled),
    _gauge("database_stored", "Readings sealed and kept.", lambda s: s.accounts.stored),
    _gauge("database_duplicate", "Readings that sealing found to be repeats.", lambda s: s.accounts.duplicate),
    _gauge(
        "database_deleted", "Readings deleted by retention, the quota or an operator.", lambda s: s.accounts.deleted
    ),
    _gauge("database_lost", "Readings that were stored and are damaged beyond repair.", lambda s: s.accounts.lost),
    _gauge("database_unsealed", "Readings in the journal, not sealed yet.", lambda s: s.accounts.unsealed),
    _gauge("storage_bytes", "Size of the database's files.", _files, "file"),
    _gauge("storage_live_bytes", "Bytes of the database that hold data.", lambda s: s.storage.holdings.pages.used),
    _gauge("storage_quota_bytes", "What all files together may take; absent: no limit.", lambda s: s.storage.quota),
    _gauge("disk_free_bytes", "What the disk has left for the database.", lambda s: s.storage.disk_free),
    _gauge("readings_per_day", "Readings that arrive; absent until known.", lambda s: s.storage.rates.readings),
    _gauge("stored_bytes_per_day", "What the database grows by.", lambda s: s.storage.rates.stored_bytes),
    _gauge("written_bytes_per_day", "What is written to the disk.", lambda s: s.storage.rates.written_bytes),
    _gauge("full_on_timestamp_seconds", "When the room ends at this rate; absent: never.", _full_on),
    _counter("commits", "Commits that reached the disk.", lambda s: s.core.metrics.commits),
    _counter("commits_failed", "Commits that the disk did not take.", lambda s: s.core.metrics.commits_failed),
    _counter("journal_bytes", "Bytes of readings written to the journal.", lambda s: s.core.metrics.journal_bytes),
    _gauge(
        "commit_late_max_seconds",
        "The longest time in this run that a commit began after it was due.",
        lambda s: s.core.metrics.commit_late_max,
    ),
    _gauge("disk_ok", "1 while the disk takes writes, else 0.", lambda s: int(s.core.pipeline.healthy)),
    _gauge("damage", "Damage found that no one has acknowledged: 1, else 0.", lambda s: int(s.core.damages.damaged)),
    _gauge("backup_age_seconds", "Seconds since the newest backup.", lambda s: s.core.backups.age()),
    _gauge("backup_ok", "1 if the last backup succeeded, else 0.", lambda s: s.core.backups.ok()),
    _gauge("seq", "The newest arrival number.", lambda s: s.core.pipeline.last_seq),
    _gauge("seq_committed", "The newest arrival number that is durable.", lambda s: s.core.store.committed),
    _gauge(
        "mqtt_connected",
        "1 while the broker is connected, else 0.",
        _of_brokers(lambda one: int(one["state"] == "connected")),
        "broker",
    ),
    _counter("mqtt_received", "MQTT messages that arrived in this run.", _of_messages("received")),
    _counter("mqtt_messages", "MQTT messages by what became of them.", _messages, "outcome"),
    _counter("mqtt_held", "Times that an MQTT message had to wait for room.", _of_messages("held")),
    _gauge(
        "mqtt_unacknowledged",
        "MQTT messages that wait for their commit, by broker.",
        _of_brokers(lambda one: one["unacknowledged"]),
        "broker",
    ),
    _counter("frames_pushed", "Frames handed to dashboards.", lambda s: s.core.metrics.pushed_frames),
    _counter(
        "readings_skipped", "Readings that slow dashboards were told they missed.", lambda s: s.core.metrics.skipped
    ),
    _counter("resumes", "Dashboards that resumed without a gap.", lambda s: s.core.metrics.resumed),
    _counter("resumes_refused", "Dashboards that had to load history again.", lambda s: s.core.metrics.resume_refused),
    _gauge("sockets", "Open sockets and streams by channel.", lambda s: s.core.metrics.sockets, "channel"),
    _gauge("connections", "Open connections of every kind.", lambda s: s.core.metrics.connections),
    _counter(
        "connections_refused",
        "Connections that were not taken, by the limit that was reached.",
        lambda s: {limit: s.core.metrics.connections_refused[limit] for limit in ("address", "all")},
        "limit",
    ),
    _gauge("devices", "Devices by state.", lambda s: devices_by_state(s.core), "state"),
    _gauge("series", "Series known.", lambda s: len(s.core.registry.series)),
    _gauge("uptime_seconds", "Seconds since the server began.", lambda _: uptime()),
    Metric("process_resident_memory_bytes", "gauge", "Memory of the process that is in RAM.", lambda _: resident()),
)
"""Every metric, in the order of the page."""


def text(sample: Sample) -> str:
    """The whole page as of one moment."""
    return "".join(line for metric in METRICS for line in _lines(metric, sample))


def _lines(metric: Metric, sample: Sample) -> Iterator[str]:
    value = metric.get(sample)
    if value is None:
        return
    yield f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.type}\n"
    if isinstance(value, Mapping):
        for label, one in value.items():
            yield f'{metric.name}{{{metric.label}="{label.translate(ESCAPED)}"}} {one}\n'
    else:
        yield f"{metric.name} {value}\n"
