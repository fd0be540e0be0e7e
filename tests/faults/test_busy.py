"""Commits do not wait for maintenance: sealing, purging, backup, import and export of millions of readings at once."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.faults.load import Steady
from tests.support import SCALE, Server, run_server_py
from tests.telemetry.kit import T0, core

READINGS = int(os.environ.get("TELLTALE_BUSY_READINGS", "1_000_000"))
"""Readings in the database; the long form (10,000,000) is run by hand."""
SERIES = 100
UNSEALED = 500_000
"""Of them, readings that wait to be sealed when the server starts."""
LATE = 1.0
"""Seconds after it is due that a commit may begin."""
WAL = 64 << 20


def fill(path: Path) -> None:
    """A database with sealed readings of many series, and a long journal that is not sealed."""

    async def body() -> None:
        from telemetry.store.records import LAYOUT, Texts

        async with core(path) as kit:
            for at in range(SERIES):
                await kit.send([(0, 0.0)], f"m{at}", "plant")
            random = np.random.default_rng(1)
            each = (READINGS - UNSEALED) // SERIES
            for one in list(kit.registry.series.values()):
                records = np.zeros(each, dtype=LAYOUT)
                records["series"] = one.id
                records["ts"] = T0 + 1_000 * np.arange(each)
                records["value"] = np.round(20 + np.cumsum(random.normal(0, 0.05, each)), 2)
                await kit.maintenance.load(records, Texts())
            for at in range(0, UNSEALED, 5_000):
                begin = 1_000 * (each + at // SERIES)
                await kit.send(
                    [(begin + 200 * n, n % 100 / 10) for n in range(5_000)], f"m{at // 5_000 % SERIES}", "plant"
                )

    asyncio.run(body())


class Watch(threading.Thread):
    """Looks at the WAL all the time."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.largest = 0
        self.end = threading.Event()

    def run(self) -> None:
        while not self.end.wait(0.02):
            if self.path.exists():
                self.largest = max(self.largest, self.path.stat().st_size)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_no_commit_waits_for_maintenance(server: Callable[..., Server], tmp_path: Path) -> None:
    fill(tmp_path / "telltale.db")
    one = server(
        {"devices.admission": "open", "storage.commit_interval": "0.05", "retention.raw": "plant/m1* 1d"},
        directory=tmp_path,
    )
    viewer = one.api_token("viewer")
    watch = Watch(Path(f"{one.database}-wal"))
    watch.start()
    devices = [Steady(one, f"live{n}", size=20) for n in range(3)]
    for device in devices:
        device.start()
    config = ("--config", str(one.config))
    commands = {
        "backup": ("backup", str(tmp_path / "copy.db")),
        "export": ("export", "--to", "2026-01-01", str(tmp_path / "all.csv")),
        "check": ("check",),
    }
    with ThreadPoolExecutor(len(commands)) as pool:
        running = {name: pool.submit(run_server_py, *config, *words, timeout=900) for name, words in commands.items()}
    for name, one_of_them in running.items():
        done = one_of_them.result()
        assert done.returncode == 0, (name, done.stderr[-2_000:])
    assert run_server_py(*config, "import", str(tmp_path / "all.csv"), timeout=900).returncode == 0
    for device in devices:
        device.stop()
        assert device.acked
        assert not device.refused
    metrics = one.metrics(viewer)
    watch.end.set()
    late = metrics["telltale_commit_late_max_seconds"]
    print(f"latest commit {late:.3f} s, largest WAL {watch.largest} bytes, memory {one.rss()} bytes")
    assert late < LATE * SCALE
    assert watch.largest < WAL
    assert metrics["telltale_database_deleted"] > 0
    assert metrics["telltale_database_unsealed"] < UNSEALED
    kept = sum(metrics[f"telltale_database_{where}"] for where in ("stored", "duplicate", "deleted", "unsealed"))
    assert kept == metrics["telltale_database_journalled"]
