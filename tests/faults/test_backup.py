"""Backups of a real server under load: each is a consistent prefix of what was acknowledged."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.faults.load import BATCH, Device, stored
from tests.support import Server, run_server_py, wait_until

BACKUPS = 5


@pytest.mark.faults
def test_backups_under_load_each_restore_to_a_consistent_prefix(server: Callable[..., Server]) -> None:
    """Everything acknowledged before it began is in it, nothing twice, no gap, and the sums are right."""
    one = server({"storage.commit_interval": "0"})
    viewer, device = one.api_token("viewer"), Device(one, "d", one.device_token("d"))
    device.connect()
    sender = threading.Thread(target=device.send, args=(4_000,))
    sender.start()
    made = []
    for number in range(BACKUPS):
        wait_until(lambda number=number: len(device.acked) > 100 * (number + 1), 60)
        before = len(device.acked)
        to = one.directory / f"safe-{number}.db"
        one.cli("backup", str(to))
        made.append((to, before))
    device.drop()
    sender.join()
    one.stop()
    for to, before in made:
        done = run_server_py("--config", str(one.config), "restore", "--force", str(to))
        assert done.returncode == 0, done.stderr
        assert run_server_py("--config", str(one.config), "check").returncode == 0
        one.start()
        have = stored(one, "d/n", viewer)
        assert sorted(have) == list(range(len(have)))
        assert len(have) >= before * BATCH
        assert len(have) % BATCH == 0
        one.stop()
        with closing(sqlite3.connect(one.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
