"""A quota on a real server that is sent far more than fits: never above it, never long without an acknowledgement."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.support import SCALE, Server

QUOTA = 16 << 20
WANTED = 1_500_000
"""Readings: of hardly compressible values, some 9 bytes each."""
SERIES = 25
PART = 4_000
T0 = 1_700_000_000_000
SUMMANDS = ("stored", "duplicate", "deleted", "lost", "unsealed")

pytestmark = pytest.mark.faults


@dataclass
class Flood:
    """Posts readings as fast as they are taken; what is refused is sent again."""

    server: Server
    token: str
    taken: int = 0
    refused: int = 0
    pause: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def run(self) -> None:
        values, at, last = random.Random(1), 0, time.monotonic()
        while self.taken < WANTED and not self.wrong:
            moments = [
                {"ts": T0 + (at + i) * 1_000, "values": {f"m{s}": values.random() for s in range(SERIES)}}
                for i in range(PART // SERIES)
            ]
            body = json.dumps(moments).encode()
            while (reply := self.server.request("POST", "/api/ingest", body=body, token=self.token)).status == 503:
                self.refused += 1
                time.sleep(0.02)
            if reply.status != 200:
                self.wrong.append(reply.text)
            self.pause, last = max(self.pause, time.monotonic() - last), time.monotonic()
            self.taken += PART
            at += PART // SERIES


def test_quota_is_never_exceeded(server: Callable[..., Server]) -> None:
    one = server({"storage.quota": "16 MiB", "storage.commit_interval": "0.2"})
    flood = Flood(one, one.device_token("boiler"))
    viewer = one.api_token("viewer")
    thread = threading.Thread(target=flood.run)
    thread.start()
    largest = looks = 0
    scraped = time.monotonic()
    while thread.is_alive():
        sizes = [_size(path) for path in one.directory.iterdir() if path.name.startswith(one.database.name)]
        largest, looks = max(largest, sum(sizes)), looks + 1
        if time.monotonic() - scraped > 0.5:
            found = one.metrics(viewer)
            parts = sum(found[f"telltale_database_{name}"] for name in SUMMANDS)
            assert found["telltale_database_journalled"] == parts
            scraped = time.monotonic()
        time.sleep(0.002)
    assert flood.wrong == []
    assert looks > 100
    assert largest <= QUOTA
    assert flood.pause < 2 * SCALE, "a request may wait for its turn, and then for one pause"
    found = one.get("/api/storage", viewer)
    assert found["readings"]["journalled"] == flood.taken
    assert found["readings"]["deleted"] > WANTED // 4
    assert found["files"]["total"] <= QUOTA
    last = T0 + (flood.taken // SERIES - 1) * 1_000
    for name in ("boiler/m0", f"boiler/m{SERIES - 1}"):
        newest = one.get("/api/history", viewer, series=name, from_=last - 3_600_000, to=last + 1, points=10_000)
        assert len(newest["series"][name]["t"]) == 3_601, "the newest hour is there"
    one.restart(kill=True)
    assert one.get("/api/storage", viewer)["files"]["total"] <= QUOTA
    assert one.metrics(viewer)["telltale_disk_ok"] == 1


def _size(path: object) -> int:
    try:
        return path.stat().st_size  # type: ignore[attr-defined]
    except FileNotFoundError:
        return 0
