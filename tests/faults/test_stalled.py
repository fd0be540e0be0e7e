"""Browsers that never read cost bounded memory and delay nobody."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from tests.faults.load import BATCH, Device
from tests.support import Server, wait_until

STALLED = int(os.environ.get("TELLTALE_STALLED", "50"))
ENVELOPES = 6_000
MEMORY = 64 << 20


@pytest.mark.faults
def test_fifty_browsers_that_never_read(server: Callable[..., Server]) -> None:
    """Memory grows by less than 64 MiB; a healthy browser gets every reading, in order, while they hang there."""
    one = server({"storage.commit_interval": "0", "live.tick": "0.05", "live.ping_timeout": "600"})
    viewer = one.api_token("viewer")
    device = Device(one, "d", one.device_token("d"))
    device.connect()
    healthy = one.live(viewer)
    healthy.send({"id": 1, "subscribe": ["*"]})
    healthy.recv_until(lambda message: message.get("id") == 1)
    for _ in range(STALLED):
        one.silent("/ws/live", viewer, receive_buffer=4096).send({"id": 1, "subscribe": ["*"]})
    wait_until(lambda: one.metrics(viewer)['telltale_sockets{channel="live"}'] == STALLED + 1)
    before = one.rss()
    got: list[float] = []
    delays: list[float] = []
    for _ in range(ENVELOPES // 100):
        started = time.monotonic()
        device.send(100)
        while len(got) < device.sent * BATCH:
            frame = healthy.recv()
            assert "skipped" not in frame
            got += [value for _, _, value in frame.get("readings", ())]
        delays.append(time.monotonic() - started)
    assert got == [float(n) for n in range(ENVELOPES * BATCH)]
    assert one.rss() - before < MEMORY
    wait_until(lambda: len(device.acked) == ENVELOPES)
    # Compared within one run, because machines differ: the load at the end is no slower than at its start.
    half = len(delays) // 2
    assert sorted(delays[half:])[half // 2] < 5 * sorted(delays[:half])[half // 2] + 0.5
