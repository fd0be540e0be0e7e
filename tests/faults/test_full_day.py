"""One recorded day of three Raspberry Pis through three sockets at full speed: every value comes out again."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devices.client import DeviceClient
from devices.options import Limits, Options
from devices.replay import read, replay
from tests.support import Server, Socket, wait_until

DAY = Path(__file__).parent.parent / "data" / "stafford_iot_telemetry_24h.ndjson.gz"
MESSAGES = 50_270
READINGS = 7 * MESSAGES
REPEAT = ("iot-device-02", 1_594_652_524_678)
"""The one message that the recording holds twice: its seven readings are stored once."""

Columns = dict[str, dict[int, Any]]


def recorded() -> Columns:
    """What the file says, read without the replay: series -> ts -> value."""
    series: Columns = {}
    with gzip.open(DAY, "rt") as lines:
        for line in lines:
            row = json.loads(line)
            for metric, value in row["data"].items():
                series.setdefault(f"{row['device']}/{metric}", {})[math.floor(row["ts"] * 1000)] = value
    return series


class Watcher:
    """A dashboard that writes down all it is told, in a thread."""

    def __init__(self, live: Socket) -> None:
        self.live = live
        live.send({"id": 1, "subscribe": ["*"]})
        self.answer = live.recv_until(lambda message: message.get("id") == 1)
        self.seq = self.answer["seq"]
        self.received: dict[str, list[tuple[int, Any]]] = {}
        self.count = 0
        self.skipped = 0
        self.spans: dict[str, list[tuple[int, int]]] = {}
        self.failure: BaseException | None = None
        self._conflated = -1
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        try:
            while True:
                self._note(self.live.recv(600))
        except BaseException as failure:  # the test judges what the thread died of
            self.failure = failure

    def _note(self, push: dict[str, Any]) -> None:
        if skipped := push.get("skipped"):
            assert skipped["seq"] > self.seq
            self.seq = self._conflated = skipped["seq"]
            self.skipped += skipped["count"]
            for name, low, high in skipped["spans"]:
                self.spans.setdefault(name, []).append((low, high))
        elif "seq" in push:
            assert push["seq"] >= self.seq, "seq went back"
            self.seq = push["seq"]
            # after skipped comes the newest of each series, which its count holds already
            fresh = push["seq"] != self._conflated
            for name, ts, value in push.get("readings", ()):
                self.count += fresh
                self.received.setdefault(name, []).append((ts, value))


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_a_day_of_three_devices_is_stored_and_shown_to_the_last_value(server: Callable[..., Server]) -> None:
    """Every envelope acknowledged, history equal to the file, live complete or told so, the accounting exact."""
    one = server()
    viewer = one.api_token("viewer")
    tokens = {f"iot-device-{number:02}": one.device_token(f"iot-device-{number:02}") for number in (1, 2, 3)}
    watcher = Watcher(one.live(viewer))
    # wide enough that the commit interval does not pace the replay
    options = Options(Limits(window=1_000))

    def client_for(device: str) -> DeviceClient:
        return DeviceClient(one.ws_url, token=tokens[device], options=options)

    clients = asyncio.run(replay(read(DAY), client_for))
    wanted = recorded()

    # acknowledged
    assert len(clients) == 3
    assert sum(client.stats.acked for client in clients) == READINGS
    assert all(not client.stats.refused and not client.stats.errors and not client.stats.dropped for client in clients)

    # stored
    assert sum(map(len, wanted.values())) == READINGS - 7
    history = one.get("/api/history", viewer, series=list(wanted), from_=0, to="now", points=1_000_000)["series"]
    assert history.keys() == wanted.keys()
    for name, columns in history.items():
        assert columns["resolution"] == "raw"
        assert columns["t"] == sorted(wanted[name])
        assert dict(zip(columns["t"], columns["v"], strict=True)) == wanted[name], name
    device, ts = REPEAT
    assert history[f"{device}/temp"]["t"].count(ts) == 1

    # accounted for
    metrics = wait_until(lambda: settled(one.metrics(viewer)), 30, "the accounting to add up")
    # on a slow disk the server may ask for some a second time; the client sends them again
    later = sum(value for name, value in metrics.items() if 'reason="try_later"' in name)
    assert metrics["telltale_readings_received_total"] == READINGS + later
    assert metrics["telltale_readings_journalled_total"] == READINGS

    # shown
    wait_until(lambda: watcher.failure or watcher.seq >= metrics["telltale_seq"], 60, "the last reading to be pushed")
    assert watcher.failure is None
    assert watcher.count + watcher.skipped == READINGS
    for name, seen in watcher.received.items():
        stamps = [at for at, _ in seen]
        assert stamps == sorted(stamps), f"{name} out of order"
        assert all(wanted[name][at] == value and type(wanted[name][at]) is type(value) for at, value in seen)
        missing = wanted[name].keys() - set(stamps)
        assert all(any(low <= at <= high for low, high in watcher.spans.get(name, ())) for at in missing)
    assert watcher.received.keys() == wanted.keys()


def settled(metrics: dict[str, float]) -> dict[str, float] | None:
    """The metrics when nothing is pending any more; the sums hold at every scrape."""
    refused = sum(value for name, value in metrics.items() if name.startswith("telltale_readings_refused_total"))
    pending = metrics["telltale_readings_pending"]
    received, journalled = (metrics[f"telltale_readings_{name}_total"] for name in ("received", "journalled"))
    assert received == journalled + refused + pending
    return None if pending else metrics
