"""A dashboard that loses its socket at random moments, and its server too, ends with exactly what is stored."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.faults.load import T0, Device, stored
from tests.support import Server, wait_until

DROPS = int(os.environ.get("TELLTALE_DROPS", "100"))
KILLS = 3
SERIES = "d/n"


class Dashboard:
    """What a browser does: subscribe, resume by cursor, load history where that is refused, merge by time."""

    def __init__(self, server: Server, token: str) -> None:
        self.server = server
        self.token = token
        self.values: dict[int, float] = {}
        self.since: dict[str, Any] | None = None
        self.seqs: list[int] = []
        self.recovered = 0

    def connect(self) -> Any:
        live = self.server.live(self.token)
        command: dict[str, Any] = {"id": 1, "subscribe": ["d/*"]}
        if self.since is not None:
            command["since"] = self.since
        live.send(command)
        answer = live.recv_until(lambda message: message.get("id") == 1)
        assert answer["ok"], answer
        if answer["recovered"]:
            self.recovered += 1
            assert self.since is not None
            assert answer["seq"] == self.since["seq"]
        else:
            self.values = stored(self.server, SERIES, self.token)
        self.since = {"epoch": answer["epoch"], "seq": answer["seq"]}
        return live

    def watch(self, live: Any, frames: int) -> None:
        """Take some frames in, then lose the socket."""
        for _ in range(frames):
            self.take(live.recv())
        live.drop()

    def take(self, frame: dict[str, Any]) -> None:
        """Merge one frame."""
        assert "skipped" not in frame, "this dashboard reads fast enough"
        for name, ts, value in frame.get("readings", ()):
            assert name == SERIES
            self.values[ts - T0] = value
        if "changed" in frame:
            self.values = stored(self.server, SERIES, self.token)
        if "seq" in frame and self.since is not None:
            assert frame["seq"] >= self.since["seq"], "the cursor went back"
            self.since["seq"] = frame["seq"]


@pytest.mark.faults
def test_hundred_drops_and_three_kills_end_with_the_stored_history(server: Callable[..., Server]) -> None:
    """100 dropped sockets, 3 kills in between: what the dashboard holds equals a fresh fetch."""
    one = server({"storage.commit_interval": "0.05", "live.tick": "0.01"})
    viewer, token = one.api_token("viewer"), one.device_token("d")
    chance = random.Random(7)
    dashboard, device = Dashboard(one, viewer), Device(one, "d", token)
    kills = {DROPS * n // (KILLS + 1) for n in range(1, KILLS + 1)}
    stop = threading.Event()
    feeder = _feed(device, stop)
    for drop in range(DROPS):
        if drop in kills:
            stop.set()
            feeder.join()
            one.kill()
            one.restart()
            stop = threading.Event()
            feeder = _feed(device, stop)
        dashboard.watch(dashboard.connect(), chance.randrange(0, 6))
    stop.set()
    feeder.join()
    wait_until(lambda: len(device.acked) >= 1)
    live = dashboard.connect()
    end = one.get("/api/latest", viewer)["seq"]
    while dashboard.since is not None and dashboard.since["seq"] < end:
        dashboard.take(live.recv())
    assert dashboard.values == stored(one, SERIES, viewer)
    assert dashboard.recovered >= DROPS // 2, "most drops are resumed from the log"


def _feed(device: Device, stop: threading.Event) -> threading.Thread:
    device.connect()

    def run() -> None:
        while not stop.is_set():
            try:
                device.send(3)
            except ConnectionClosed:
                return
            stop.wait(0.005)

    thread = threading.Thread(target=run)
    thread.start()
    return thread
