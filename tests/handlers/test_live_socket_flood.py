"""A dashboard that sends commands without end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from telemetry.live_commands import BURST, PATTERNS_MAX
from tests.support import SCALE, Server, wait_until


def test_every_command_of_a_flood_is_answered_by_its_id(server: Callable[..., Server]) -> None:
    one = server()
    live = one.live(one.api_token())
    count = BURST + 300
    for number in range(count):
        live.send({"id": number, "subscribe": [f"s{number}/*"]})
    answers: dict[int, dict[str, object]] = {}
    while len(answers) < count:
        message = live.recv()
        if "ok" in message:
            assert message["id"] not in answers
            answers[message["id"]] = message
    refused = {message["error"]["code"] for message in answers.values() if not message["ok"]}
    assert "rate_limited" in refused
    assert refused <= {"rate_limited", "too_large"}
    taken = sum(bool(message["ok"]) for message in answers.values())
    assert 0 < taken <= PATTERNS_MAX


def test_one_socket_has_only_so_many_subscriptions(server: Callable[..., Server]) -> None:
    one = server()
    live = one.live(one.api_token())
    half = PATTERNS_MAX // 2
    for number in range(2):
        live.send({"id": number, "subscribe": [f"{number}/{pattern}" for pattern in range(half)]})
        assert live.recv_until(lambda message: "ok" in message)["ok"]
    for patterns, code in ((["one more"], "too_large"), ([f"{n}" for n in range(PATTERNS_MAX + 1)], "too_large")):
        live.send({"id": 9, "subscribe": patterns})
        assert live.recv_until(lambda message: "ok" in message)["error"]["code"] == code
    live.send({"id": 10, "unsubscribe": ["0/1"]})
    live.send({"id": 11, "subscribe": ["one more"]})
    assert live.recv_until(lambda message: message.get("id") == 11)["ok"]


def test_answers_that_nobody_reads_do_not_grow_without_end(server: Callable[..., Server]) -> None:
    """Each command asks for all the latest readings again, and its sender reads nothing."""
    one = server({"devices.admission": "open", "live.ping_timeout": "4"})
    token = one.api_token()
    assert one.request("POST", "/api/ingest?device=d", json_body={f"m{n}": n for n in range(2000)}).status == 200
    before = one.rss()
    deaf = one.silent("/ws/live", token, receive_buffer=4096)
    deaf.sock.settimeout(0.05)
    until = time.monotonic() + 3 * SCALE
    number = 0
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < until:
            with contextlib.suppress(TimeoutError):
                number += 1
                deaf.send({"id": number, "subscribe": ["*"]})
    assert one.rss() - before < 20 << 20
    assert one.request("GET", "/healthz").status == 200
    wait_until(deaf.closed_by_peer, what="the end of a peer that answers no ping")
