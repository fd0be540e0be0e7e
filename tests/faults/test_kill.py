"""kill -9 of the real server under load: what was acknowledged is there, once; and no seq is ever given twice."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable

import pytest

from tests.faults.load import BATCH, T0, Device, stored
from tests.support import Server, wait_until

KILLS = int(os.environ.get("TELLTALE_KILLS", "20"))


@pytest.mark.faults
@pytest.mark.parametrize("interval", ["0", "0.05"])
def test_kill_loses_nothing_acknowledged_and_doubles_nothing(
    server: Callable[..., Server], interval: str, request: pytest.FixtureRequest
) -> None:
    """20 kills under load: (series, ts, value) from the API against the client's acks."""
    one = server({"storage.commit_interval": interval})
    viewer = one.api_token("viewer")
    devices = [Device(one, name, one.device_token(name)) for name in ("left", "right/with a slash")]
    chance = random.Random(request.node.name)
    for kill in range(KILLS // 2):
        goal = {device.device: len(device.acked) + chance.randrange(1, 60) for device in devices}
        threads = []
        for device in devices:
            device.connect()
            threads.append(threading.Thread(target=device.send, args=(400,)))
            threads[-1].start()
        wait_until(lambda goal=goal: any(len(device.acked) >= goal[device.device] for device in devices), 60)
        one.kill()
        for thread in threads:
            thread.join()
        one.restart()
        for device in devices:
            have = stored(one, f"{device.device}/n", viewer)
            wanted = {n for envelope in device.acked for n in range(envelope * BATCH, envelope * BATCH + BATCH)}
            assert wanted <= have.keys(), f"acknowledged and lost in kill {kill}"
            assert all(at == value for at, value in have.items())
    assert sum(len(device.acked) for device in devices) > KILLS
    assert not any(device.errors for device in devices)


@pytest.mark.faults
def test_seq_pushed_before_a_kill_is_never_given_again(server: Callable[..., Server]) -> None:
    """A kill between push and commit takes the readings back, but not their seqs; the cursor is then refused."""
    one = server({"storage.commit_interval": "60", "live.tick": "0"})
    viewer, token = one.api_token("viewer"), one.device_token("d")
    live = one.live(viewer)
    live.send({"id": 1, "subscribe": ["*"]})
    answer = live.recv_until(lambda message: message.get("id") == 1)
    device = one.device(token)
    device.recv_key("hello")
    device.send({"id": 1, "readings": [{"ts": T0 + n, "values": {"n": n}} for n in range(5)]})
    pushed = live.recv_until(lambda message: "readings" in message)
    assert len(pushed["readings"]) == 5
    one.kill()
    one.restart()
    again = one.live(viewer)
    again.send({"id": 1, "subscribe": ["*"], "since": {"epoch": answer["epoch"], "seq": pushed["seq"]}})
    resumed = again.recv_until(lambda message: message.get("id") == 1)
    assert resumed["epoch"] == answer["epoch"]
    assert resumed["recovered"] is False
    assert resumed["latest"] == []
    device = one.device(token)
    assert device.recv_key("hello")["last_id"] is None
    device.send({"id": 1, "readings": [{"ts": T0, "values": {"n": 0}}]})
    later = again.recv_until(lambda message: "readings" in message)
    assert later["seq"] > pushed["seq"]
