"""A disk that is full, and has space again: nothing acknowledged is lost, and no one has to restart anything."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from telemetry.model import Batch, Reading, Refusal
from telemetry.store.db import Connection, StoreError
from tests.faults.disks import Disk, tmpfs
from tests.faults.load import Steady, stored
from tests.support import SCALE, Server, wait_until
from tests.telemetry.kit import T0, FailingStore, Kit, core, until

RESUME = 5.0
"""Seconds from space to the first acknowledgement."""
LINES = 60
"""Lines of log that a few failures may take."""
FILL = "state " * 40

pytestmark = pytest.mark.faults


@pytest.fixture
def disk() -> Iterator[Disk]:
    with tmpfs("16m") as one:
        yield one


def on(disk: Disk, server: Callable[..., Server], **options: Any) -> Server:
    return server(
        {
            "storage.path": str(disk.path / "telltale.db"),
            "storage.commit_interval": "0",
            "devices.admission": "open",
        },
        **options,
    )


def assert_sick_but_serving(one: Server, viewer: str, device: Steady) -> None:
    """While nothing can be written: told so everywhere, and reads go on."""
    health = one.request("GET", "/healthz")
    assert (health.status, health.error["code"]) == (503, "try_later")
    assert one.metrics(viewer)["telltale_disk_ok"] == 0
    took = []
    for _ in range(40):
        begin = time.monotonic()
        latest = one.get("/api/latest", viewer)["latest"]
        history = one.get("/api/history", viewer, series=f"{device.device}/n", from_=T0 - 1, to=T0 + 10**9)
        took.append((time.monotonic() - begin) / 2)
        assert latest
        assert history["series"]
    assert sorted(took)[len(took) // 2] < 0.2 * SCALE, "reads are slow while the disk is full"
    assert one.request("POST", "/api/ingest?device=other", json_body={"n": 1}).status == 503


def assert_kept(one: Server, viewer: str, device: Steady) -> None:
    """All that was acknowledged reads back."""
    have = stored(one, f"{device.device}/n", viewer)
    wanted = device.wanted()
    assert wanted
    assert wanted.items() <= have.items(), "acknowledged and lost"


def refused(device: Steady) -> int:
    return device.refused["try_later"]


def test_full_disk_is_survived_and_left_without_a_restart(disk: Disk, server: Callable[..., Server]) -> None:
    """Three times: filled until it refuses, freed, and going on within five seconds."""
    one = on(disk, server)
    one.expect_log(r"commit failed|maintenance: ")
    viewer = one.api_token("viewer")
    device = Steady(one, "boiler", text=FILL)
    device.start()
    for _ in range(3):
        wait_until(lambda: len(device.acked) > 20, 60)
        disk.fill(leave=300_000)
        before = refused(device)
        wait_until(lambda before=before: refused(device) > before + 5, 60, "the device to be told try_later")
        assert_sick_but_serving(one, viewer, device)
        assert_kept(one, viewer, device)
        disk.clear()
        known = len(device.acked)
        wait_until(lambda known=known: len(device.acked) > known, RESUME, "writes to go on")
    device.stop()
    assert set(device.refused) == {"try_later"}
    one.restart(kill=True)
    assert_kept(one, viewer, device)
    assert len(one.log().splitlines()) < LINES


def test_server_starts_on_a_full_disk_and_recovers(disk: Disk, server: Callable[..., Server]) -> None:
    """After kill -9 on a full disk the server comes up, reads work, and ingest goes on once there is space."""
    one = on(disk, server)
    one.expect_log(r"commit failed|maintenance: |devices are told to try later")
    viewer = one.api_token("viewer")
    device = Steady(one, "boiler", text=FILL)
    device.start()
    wait_until(lambda: len(device.acked) > 20, 60)
    disk.fill(leave=100_000)
    wait_until(lambda: refused(device) > 5, 60)
    one.kill()
    (disk.path / "telltale.db.reserve").unlink()
    (disk.path / "telltale.db-shm").unlink()  # as after a power cut: it is never synced
    disk.fill()  # what these two held, and every last byte
    assert disk.free == 0
    one.start()
    wait_until(lambda: one.request("GET", "/healthz").status == 503, 10)
    assert_sick_but_serving(one, viewer, device)
    assert_kept(one, viewer, device)
    disk.clear()
    known = len(device.acked)
    wait_until(lambda: len(device.acked) > known, RESUME, "writes to go on")
    device.stop()
    assert_kept(one, viewer, device)
    assert len(one.log().splitlines()) < LINES


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_server_starts_on_a_read_only_disk_and_recovers(disk: Disk, server: Callable[..., Server], how: str) -> None:
    """Whether its log was left behind or not: reads work, devices wait, and ingest goes on when writes are allowed."""
    one = on(disk, server)
    one.expect_log(r"devices are told to try later|maintenance: ")
    viewer = one.api_token("viewer")
    device = Steady(one, "boiler")
    device.start()
    wait_until(lambda: len(device.acked) > 20, 60)
    if how == "killed":
        one.kill()
        (disk.path / "telltale.db-shm").unlink()  # as after a power cut: it is never synced
    else:
        one.stop()
    disk.remount("ro")
    one.start()
    assert_sick_but_serving(one, viewer, device)
    assert_kept(one, viewer, device)
    wait_until(lambda: refused(device) > 0, 30)
    disk.remount("rw")
    known = len(device.acked)
    wait_until(lambda: len(device.acked) > known, RESUME, "writes to go on")
    device.stop()
    assert_kept(one, viewer, device)
    one.restart(kill=True)
    assert_kept(one, viewer, device)
    assert len(one.log().splitlines()) < LINES


def test_limit_on_the_size_of_files_is_a_full_disk(server: Callable[..., Server]) -> None:
    """RLIMIT_FSIZE needs no root: the log cannot grow, devices wait, and all goes on when the limit is lifted."""
    one = server({"storage.commit_interval": "0", "devices.admission": "open"})
    one.expect_log(r"commit failed|maintenance: ")
    viewer = one.api_token("viewer")
    device = Steady(one, "boiler", text=FILL)
    device.start()
    wait_until(lambda: len(device.acked) > 20, 60)
    for _ in range(2):
        log = Path(f"{one.database}-wal").stat().st_size
        resource.prlimit(one.proc.pid, resource.RLIMIT_FSIZE, (log + 8192, resource.RLIM_INFINITY))
        before = refused(device)
        wait_until(lambda before=before: refused(device) > before + 5, 60)
        assert_sick_but_serving(one, viewer, device)
        resource.prlimit(one.proc.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        known = len(device.acked)
        wait_until(lambda known=known: len(device.acked) > known, RESUME, "writes to go on")
    device.stop()
    one.restart(kill=True)
    assert_kept(one, viewer, device)
    assert len(one.log().splitlines()) < LINES


class SmallStore(FailingStore):
    """A store whose file may hold ``pages`` pages, by SQLite's own limit."""

    pages = 1 << 30

    def _connect(self) -> Connection:
        connection = super()._connect()
        connection.execute(f"PRAGMA max_page_count={self.pages}").close()
        return connection


async def filled(kit: Kit) -> int:
    """Send until the database is full; how many readings were acknowledged."""
    acked = 0
    with contextlib.suppress(StoreError):
        while True:
            await kit.send([(acked + i, float(i)) for i in range(200)])
            acked += 200
    return acked


def test_database_at_its_page_limit_is_a_full_disk(tmp_path: Path) -> None:
    """SQLITE_FULL: what was acknowledged stays, what was not is refused, and the next page is taken at once."""

    async def body() -> None:
        async with core(tmp_path / "x.db", kind=SmallStore) as kit:
            assert isinstance(kit.store, SmallStore)
            kit.store.pages = 100
            acked = await filled(kit)
            assert acked
            assert isinstance(kit.pipeline.submit(Batch([Reading(kit.series(), T0, 1.0)], "a")), Refusal)
            total = "SELECT sum(count) FROM journal"
            assert await kit.store.read(lambda c: c.execute(total).fetchone()) == (acked,)
            kit.store.pages = 1 << 30
            await until(lambda: kit.pipeline.healthy, RESUME)
            await kit.send([(-1, 1.0)])
            assert await kit.store.read(lambda c: c.execute(total).fetchone()) == (acked + 1,)

    asyncio.run(body())
    with sqlite3.connect(tmp_path / "x.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
