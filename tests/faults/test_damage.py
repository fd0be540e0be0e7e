"""Damaged files: found, put aside, saved as far as they verify; never a wrong value, never silently empty."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.clock import wall_ms
from tests.clients import SCALE
from tests.faults.load import BATCH, Device, stored
from tests.faults.ruin import DAMAGE, PER_ROUND, ROUNDS, STEP, Original, aftermath, build
from tests.support import Server, wait_until

SEEDS = int(os.environ.get("TELLTALE_DAMAGES", "50"))
FIRST = int(os.environ.get("TELLTALE_DAMAGE_FROM", "0"))
BACK = 5.0
"""Seconds in which readings are taken again."""


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Original]:
    """By whether the server was killed: its log is then beside the database, whole."""
    base = tmp_path_factory.mktemp("original")
    start = wall_ms() - ROUNDS * PER_ROUND * STEP - 60_000
    return {killed: build(base / f"killed-{killed}", killed=killed, start=start) for killed in (False, True)}


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_whatever_is_damaged_no_value_is_wrong_and_none_is_missed_in_silence(
    originals: dict[bool, Original], seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    name, harm = DAMAGE[seed % len(DAMAGE)]
    original = originals[name.endswith("-wal") or chance.random() < 0.5]
    for file in original.folder.iterdir():
        shutil.copy(file, tmp_path / file.name)
    harm(tmp_path / name, chance)
    found = asyncio.run(aftermath(tmp_path / "x.db", original))
    assert found.wrong == []
    if found.missing:
        assert found.damaged, f"{found.missing} readings are gone, and nobody is told"
    assert found.seconds < BACK * SCALE
    total = sum(map(len, original.truth.values()))
    assert found.missing < total or found.replaced


@pytest.mark.faults
def test_a_server_whose_file_breaks_under_it_goes_on_with_a_new_one(server: Callable[..., Server]) -> None:
    """Same process, same port: devices connect again, and what they were told is durable is there or reported."""
    begun = time.monotonic()
    one = server({"storage.commit_interval": "0"})
    whole = time.monotonic() - begun  # a start without damage, on this machine as busy as it is
    viewer = one.api_token("viewer")
    token = one.device_token("d")
    device = Device(one, "d", token)
    device.connect()
    device.send(60)
    wait_until(lambda: len(device.acked) == 60, 30)
    epoch, pid = one.get("/api/latest", viewer)["epoch"], one.proc.pid
    one.stop()
    with closing(sqlite3.connect(one.database)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'journal'").fetchone()
    data = bytearray(one.database.read_bytes())
    data[(root - 1) * 4096 : (root - 1) * 4096 + 40] = b"\xff" * 40
    one.database.write_bytes(data)
    one.expect_log("ERROR telemetry")
    began = time.monotonic()
    one.start()
    device.connect()
    device.sent = 60
    device.send(10)
    wait_until(lambda: len(device.acked) == 70, 20)
    assert time.monotonic() - began < max(BACK * SCALE, 8 * whole)
    wait_until(lambda: one.request("GET", "/healthz").json()["status"] == "damaged", 20)
    wait_until(lambda: one.get("/api/storage/damage", viewer)["salvage"] is None, 20)
    have = stored(one, "d/n", viewer)
    assert all(at == value for at, value in have.items())
    assert set(range(60 * BATCH, 70 * BATCH)) <= have.keys()
    assert one.get("/api/latest", viewer)["epoch"] != epoch
    assert one.proc.pid != pid
