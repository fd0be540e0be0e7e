"""A device that sends too much: told so, read more slowly, and nobody else's concern."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from tests.support import SCALE, Server, wait_until

T0 = 1_700_000_000_000


def test_a_flood_is_answered_message_by_message_and_the_sums_hold(server: Callable[..., Server]) -> None:
    """Each envelope is acknowledged or refused: none is dropped in silence."""
    one = server({"devices.max_rate": "100", "storage.commit_interval": "0"})
    device = one.device(one.device_token("d"))
    device.recv_key("hello")
    count = 600
    for number in range(count):
        device.send({"id": number, "readings": [{"ts": T0 + number, "values": {"t": number}}]})
    outcome: dict[int, str] = {}
    retry = []
    while len(outcome) < count:
        message = device.recv()
        if "ack" in message:
            acked = message["ack"] if isinstance(message["ack"], list) else [message["ack"]]
            outcome |= dict.fromkeys(acked, "ack")
        else:
            error = message["error"]
            outcome[error["id"]] = error["code"]
            retry.append(error["retry_after"])
    found = Counter(outcome.values())
    first = next(number for number in range(count) if outcome[number] != "ack")
    assert first >= 500
    assert outcome[first] == "rate_limited"
    assert set(found) == {"ack", "rate_limited", "try_later"}  # what follows waits for that one
    assert min(retry) >= 1
    metrics = one.metrics(one.api_token())
    refused = sum(value for name, value in metrics.items() if name.startswith("telltale_readings_refused_total"))
    assert metrics["telltale_readings_received_total"] == count
    assert metrics["telltale_readings_journalled_total"] + refused == count
    assert metrics['telltale_readings_refused_total{reason="rate_limited"}'] == found["rate_limited"]

    time.sleep(max(retry) / 1000)  # as long as it was told to wait
    device.send({"id": first, "readings": [{"ts": T0 + first, "values": {"t": first}}]})
    device.ack_of(first)


def test_a_flood_is_read_more_slowly_and_nobody_else_waits(server: Callable[..., Server]) -> None:
    one = server({"devices.max_rate": "50", "live.ping_timeout": "2"})
    flooding, calm = one.silent("/ws/device", one.device_token("flood")), one.device(one.device_token("calm"))
    calm.recv_key("hello")
    viewer = one.api_token()
    flooding.sock.settimeout(0.05)
    began = time.monotonic()
    sent, slowest, number = 0, 0.0, 0
    try:
        while time.monotonic() - began < 2 * SCALE:
            try:
                flooding.send({"t": 1.5})
                sent += 1
            except TimeoutError:
                continue
            if sent % 500 == 0:
                number += 1
                asked = time.monotonic()
                calm.send({"id": number, "readings": [{"t": number}]})
                calm.ack_of(number)
                slowest = max(slowest, time.monotonic() - asked)
    except OSError:  # it reads no answers either, and is closed for that at last
        pass
    took = time.monotonic() - began
    received = one.metrics(viewer)["telltale_readings_received_total"]
    assert received < 250 + (50 + 25) * took + 50  # the burst, the rate, one refusal for each pause
    assert slowest < 2.0 * SCALE  # a commit is a second away at most
    wait_until(lambda: one.request("GET", "/healthz").status == 200)
