"""Power cuts at every system call of the real server: nothing that it acknowledged is lost, and nothing is corrupt.

``TELLTALE_POWERCUTS`` states are visited (default 10,000); ``make powercut`` a million.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults import recording
from tests.faults.changed import changed
from tests.faults.powercut import LIED, scratch
from tests.faults.recording import needs_strace
from tests.faults.survivors import Sent, text_of
from tests.support import ROOT, Server

STATES = int(os.environ.get("TELLTALE_POWERCUTS", "10000"))
SEED = int(os.environ.get("TELLTALE_SEED", "1"))
WORKERS = 2
T0 = 1_700_000_000_000
DEVICES = ("left", "right/with a slash", "büro")
ENVELOPES = 200
"""By each device: enough that the write-ahead log is checkpointed and begun anew several times."""
WINDOW = 2
TEXTS = 7

OFTEN = {"telemetry/maintenance.py": {"SEAL_BYTES = 8 << 20": "SEAL_BYTES = 64 << 10", "TICK = 5.0": "TICK = 0.5"}}
"""Sealed and trimmed every hundred envelopes, so that many cuts fall into that."""
WEAKER = {"telemetry/store/opening.py": {"synchronous=FULL": "synchronous=NORMAL"}}

pytestmark = [pytest.mark.faults, pytest.mark.timeout(max(900, STATES // 20)), needs_strace]


def envelope(number: int) -> tuple[list[dict[str, Any]], list[tuple[str, int]]]:
    """The readings of an envelope and where they go: numbers and texts, new, repeated, and late."""
    times = [T0 + number * 100 + step for step in range(4)]
    if number >= 3:
        times += [T0 + (number - 3) * 100 + 1, T0 + (number - 2) * 100 + 2]  # again, with another value
    times.append(T0 - number * 100)  # late: before everything else
    body: list[dict[str, Any]] = [{"ts": ts, "values": {"n": number}} for ts in times]
    keys = [("n", ts) for ts in times]
    for step in range(TEXTS if number % 2 else 1):
        ts = T0 + (number * 100 + step if step else max(0, number - 1) * 100)
        body.append({"ts": ts, "values": {"state": text_of(number)}})
        keys.append(("state", ts))
    return body, keys


def feed(server: Server, device: str, envelopes: dict[str, Any], failures: list[BaseException]) -> None:
    """Send the envelopes of one device, few at a time, and see each acknowledged."""
    try:
        socket = server.device(device=device)
        socket.recv_key("hello")
        waiting: list[str] = []
        for number in range(ENVELOPES):
            body, keys = envelope(number)
            id_ = f"{device}:{number}"
            envelopes[id_] = (number, [(f"{device}/{metric}", ts) for metric, ts in keys])
            socket.send({"id": id_, "readings": body})
            waiting.append(id_)
            while len(waiting) >= WINDOW:
                acks = socket.recv_key("ack")
                for ack in acks if isinstance(acks, list) else [acks]:
                    waiting.remove(ack)
    except BaseException as failure:  # the test judges what the thread died of
        failures.append(failure)


def record(folder: Path, source: Path) -> Path:
    """Run a server from nothing to its orderly end, with strace beside it; the folder of the recording."""
    settings = {
        "server.address": "127.0.0.1",
        "storage.path": "telltale.db",
        "storage.commit_interval": "0",
        "devices.admission": "open",
        "live.resume": "0",
        "storage.quota": "16 MiB",  # checkpoints are more frequent with a small one
    }
    server = Server(folder, settings, source=source, wrap=recording.strace(folder / "trace"))
    envelopes: dict[str, Any] = {}
    failures: list[BaseException] = []
    server.start(60)
    try:
        threads = [
            threading.Thread(target=feed, args=(server, device, envelopes, failures), daemon=True) for device in DEVICES
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    finally:
        assert server.ended()
    assert not failures
    assert not server.trouble()
    Sent(str(server.database), envelopes).save(folder / "sent.json")
    return folder


def visit(folder: Path, states: int) -> dict[str, Any]:
    """Let the cores share the states; what they found, added up."""
    command = [sys.executable, "-m", "tests.faults.powercut", str(folder), f"--states={states}", f"--seed={SEED}"]
    workers = [
        subprocess.Popen([*command, f"--part={part}/{WORKERS}"], stdout=subprocess.PIPE, cwd=ROOT, text=True)
        for part in range(WORKERS)
    ]
    total: dict[str, Any] = {"states": Counter(), "lossy": Counter(), "corrupt": Counter(), "examples": []}
    for worker in workers:
        out, _ = worker.communicate()
        assert worker.returncode == 0
        for name, found in json.loads(out).items():
            total[name] += Counter(found) if isinstance(found, dict) else found
    return total


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where possible: recorded in a second instead of half a minute."""
    with tempfile.TemporaryDirectory(dir=scratch(), prefix="powercut-") as name:
        yield Path(name)


def test_no_power_cut_takes_back_what_was_acknowledged(folder: Path, record_property: Any) -> None:
    """Every state that a disk may be left in: integrity_check is ok, and all that was acknowledged reads back."""
    recorded = record(folder, changed(folder / "source", OFTEN))
    with closing(sqlite3.connect(recorded / "telltale.db")) as connection:
        meta = dict(connection.execute("SELECT key, value FROM meta"))
    assert meta["sealed_seq"] >= meta["trimmed_seq"] > 0, "nothing was sealed and trimmed while it was recorded"
    happened = recording.events(recorded / "trace", recorded / "telltale.db")
    logs = [event for event in happened if event.kind == "write" and event.name.endswith("-wal") and not event.at]
    assert len(logs) > 2, "the log was not begun anew while it was recorded"
    found = visit(recorded, STATES)
    real = {variant: count for variant, count in found["states"].items() if variant != LIED}
    assert sum(real.values()) >= min(STATES, 10_000)
    assert all(real.get(variant) for variant in ("none", "some", "torn"))
    assert found["examples"] == []
    for name, value in found.items():
        record_property(name, str(value))


def test_weaker_sync_is_found_out(folder: Path) -> None:
    """The same with ``synchronous=NORMAL`` in the source: this test must see what is lost, or it proves nothing."""
    found = visit(record(folder, changed(folder / "source", OFTEN | WEAKER)), 1_000)
    assert found["lossy"]["none"] > 100, found
