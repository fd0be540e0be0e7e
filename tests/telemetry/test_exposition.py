"""The table behind /metrics. What the values are is tested against a real server in tests/handlers."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from telemetry import exposition
from telemetry.exposition import METRICS, Sample, text
from telemetry.forecast import Rates
from telemetry.load import resident
from telemetry.metrics import Metrics
from telemetry.model import Reason
from telemetry.registry import Registry
from telemetry.storage import Report
from telemetry.store.holdings import Holdings
from telemetry.store.ledger import Accounts
from telemetry.store.space import Files, Pages

REPORT = Report(
    time=0,
    files=Files(database=100, wal=10, reserve=5, total=118),
    quota=None,
    disk_free=1_000,
    holdings=Holdings(Pages(100, 20), Accounts(10, 2, 0, 1, 7), None, None, 0),
    rates=Rates(5.0, None, 7.5),
    full_on=1_800_000_000_500,
)


@pytest.fixture
def sample() -> Sample:
    """A core of which only what the table reads is there."""
    metrics = Metrics(received=5, journalled=3)
    metrics.refuse(Reason.BAD_TIME, 2)
    metrics.sockets = Counter(live=1)
    core: Any = SimpleNamespace(
        metrics=metrics,
        registry=Registry(),
        pipeline=SimpleNamespace(pending=0, healthy=False, last_seq=9),
        store=SimpleNamespace(committed=8),
        damages=SimpleNamespace(damaged=False),
        backups=SimpleNamespace(age=lambda: None, ok=lambda: None),
        admission=SimpleNamespace(list=lambda: [{"device": "x"}]),
        bridges=[],
    )
    core.registry.add_device("boiler", 0).online = True
    return Sample(core, REPORT)


def test_names_are_unique_and_follow_prometheus() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert re.fullmatch(r"[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.type == "counter")
        assert metric.help.endswith(".")
        assert "\n" not in metric.help


def test_page_has_help_type_and_a_value_for_each_label(sample: Sample) -> None:
    page = text(sample)
    assert page.endswith("\n")
    lines = page.splitlines()
    at = lines.index("# TYPE telltale_readings_refused_total counter")
    assert lines[at - 1].startswith("# HELP telltale_readings_refused_total ")
    refused = [line for line in lines if line.startswith("telltale_readings_refused_total{")]
    assert len(refused) == len(Reason)
    assert 'telltale_readings_refused_total{reason="bad_time"} 2' in refused
    assert 'telltale_sockets{channel="live"} 1' in lines
    assert 'telltale_devices{state="online"} 1' in lines
    assert 'telltale_devices{state="pending"} 1' in lines
    assert "telltale_disk_ok 0" in lines
    assert "telltale_database_unsealed 7" in lines
    assert "telltale_database_stored 2" in lines
    assert 'telltale_storage_bytes{file="other"} 3' in lines
    assert "telltale_storage_live_bytes 80" in lines
    assert "telltale_readings_per_day 5.0" in lines
    assert "telltale_full_on_timestamp_seconds 1800000000.5" in lines
    assert "telltale_stored_bytes_per_day" not in page, "not known yet"
    assert "telltale_storage_quota_bytes" not in page, "there is none"


def test_value_that_is_not_to_be_had_is_left_out(
    sample: Sample, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not every system has /proc."""
    assert re.search(r"^process_resident_memory_bytes [1-9][0-9]{6,}$", text(sample), re.MULTILINE)
    monkeypatch.setattr(exposition, "resident", partial(resident, tmp_path / "none"))
    assert "process_resident" not in text(sample)


def report(broker: str, state: str, **messages: int) -> dict[str, Any]:
    """What a bridge says of its broker, as far as it is a metric."""
    counts = {"received": 0, "taken": 0, "refused": 0, "held": 0} | messages
    return {"broker": broker, "state": state, "unacknowledged": 2, "messages": counts}


def test_without_a_broker_nothing_is_said_of_mqtt(sample: Sample) -> None:
    assert "telltale_mqtt" not in text(sample)


def test_brokers_have_a_label_and_their_messages_are_added_up(sample: Sample) -> None:
    sample.core.bridges += [
        lambda: report("a:1", "connected", received=5, taken=3, refused=1, held=4),
        lambda: report('b"\\:1', "waiting", received=2, taken=2),
    ]
    lines = text(sample).splitlines()
    assert 'telltale_mqtt_connected{broker="a:1"} 1' in lines
    assert r'telltale_mqtt_connected{broker="b\"\\:1"} 0' in lines
    assert "telltale_mqtt_received_total 7" in lines
    assert 'telltale_mqtt_messages_total{outcome="taken"} 5' in lines
    assert 'telltale_mqtt_messages_total{outcome="refused"} 1' in lines
    assert "telltale_mqtt_held_total 4" in lines
    assert 'telltale_mqtt_unacknowledged{broker="a:1"} 2' in lines
    assert not [line for line in lines if 'outcome="received"' in line or 'outcome="held"' in line]
