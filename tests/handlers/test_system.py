"""``GET /api/system`` of a real server: who may ask, what it counts, and browsers that do not keep up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tornado

from tests.handlers.fed import Fed, at, feed
from tests.support import Server, wait_until


def asked(fed: Fed) -> Callable[[], dict[str, Any]]:
    """A way to ask as an operator."""
    token = fed.server.api_token("operator")
    return lambda: dict(fed.server.get("/api/system", token))


def test_it_is_for_operators(server: Callable[..., Server]) -> None:
    fed = feed(server)
    assert fed.server.request("GET", "/api/system").status == 401
    assert fed.server.request("GET", "/api/system", token=fed.device).status == 401
    assert fed.server.request("GET", "/api/system", token=fed.viewer).status == 403
    assert fed.server.request("GET", "/system", token=fed.viewer).status == 403


def test_it_counts_what_came_and_what_was_refused(server: Callable[..., Server]) -> None:
    fed = feed(server)
    ask = asked(fed)
    fed.send(at(0, t=1), at(1, t=2))
    assert fed.server.request("POST", "/api/ingest", json_body={"t": {}, "ts": 5}, token=fed.device).status == 400
    assert fed.server.request("POST", "/api/ingest", body=b'{"t": NaN}', token=fed.device).status == 400
    found = ask()
    counted = found["readings"]
    assert counted["received"] == counted["journalled"] + sum(counted["refused"].values()) + counted["pending"] == 4
    assert counted["journalled"] == 2
    metrics = fed.server.metrics(fed.viewer)
    for reason, count in counted["refused"].items():
        assert metrics[f'telltale_readings_refused_total{{reason="{reason}"}}'] == count
    rates = found["rates"]
    assert rates["received"] == round(4 / rates["seconds"], 4) or rates["received"] > 0
    assert sum(rates["refused"].values()) > 0
    assert found["versions"]["tornado"] == tornado.version
    assert found["clock"] | {"zone": ""} == {"trusted": True, "behind": 0, "zone": "", "wrong": 0, "devices": []}
    assert (found["devices"], found["series"]) == ({"online": 1, "offline": 0, "pending": 0}, 1)
    assert found["commits"]["disk_ok"] is True
    assert 0 < found["uptime"] < 600_000


def test_history_of_ingest_grows_with_time(server: Callable[..., Server]) -> None:
    fed = feed(server)
    ask = asked(fed)
    fed.send(at(0, t=1))
    wait_until(lambda: max(ask()["history"]["received"], default=0), 30, "the step in which it came")
    history = ask()["history"]
    assert history["step"] == 5000
    assert len(history["received"]) == len(history["refused"])
    assert max(history["refused"]) == 0


def test_watchers_are_named_with_where_they_come_from(server: Callable[..., Server]) -> None:
    fed = feed(server)
    ask = asked(fed)
    assert ask()["watchers"] == []
    socket = fed.server.live(fed.server.api_token(name="wall"))
    socket.send({"id": 1, "subscribe": ["boiler/*", "tank/*"]})
    socket.recv_key("id")
    (one,) = ask()["watchers"]
    assert (one["who"], one["kind"], one["address"], one["channel"]) == ("wall", "token", "127.0.0.1", "live")
    assert (one["state"], one["patterns"], one["behind"], one["skipped"]) == ("live", 2, 0, 0)
    assert ask()["sockets"] == {"device": 0, "live": 1, "stream": 0, "poll": 0}
    socket.close()
    wait_until(lambda: not ask()["watchers"], 20, "the watcher to be gone")


def test_a_browser_that_does_not_read_is_shown_as_slow(server: Callable[..., Server]) -> None:
    """It is first in the list, with how far behind it is and since when; one that reads is not slow."""
    fed = feed(server, {"live.tick": "0"})
    ask = asked(fed)
    quick = fed.server.live(fed.server.api_token(name="quick"))
    quick.send({"id": 1, "subscribe": ["boiler/*"]})
    slow = fed.server.silent("/ws/live", fed.server.api_token(name="slow"), receive_buffer=4096)
    slow.send({"id": 1, "subscribe": ["boiler/*"]})
    wait_until(lambda: len(ask()["watchers"]) == 2, 20, "both to watch")
    text = "x" * 250

    def behind() -> dict[str, Any] | None:
        start = behind.sent  # type: ignore[attr-defined]
        fed.send(*(at(start + n, t=text) for n in range(1000)))
        behind.sent += 1000  # type: ignore[attr-defined]
        first: dict[str, Any] = ask()["watchers"][0]
        return first if first["who"] == "slow" and first["state"] == "behind" else None

    behind.sent = 0  # type: ignore[attr-defined]
    first = wait_until(behind, 60, "the one that does not read to fall behind")
    assert first is not None
    assert first["behind"] > 0
    assert first["stalled"] > 0
    wait_until(lambda: ask()["watchers"][1] | {"since": 0} == quick_one(), 20, "the other to be live")


def quick_one() -> dict[str, Any]:
    return {
        "who": "quick", "kind": "token", "address": "127.0.0.1", "channel": "live", "since": 0, "patterns": 1,
        "state": "live", "behind": 0, "waiting": 0, "stalled": 0, "skipped": 0,
    }  # fmt: skip


def test_a_device_with_a_wrong_clock_is_named(server: Callable[..., Server]) -> None:
    """A phone that reports by OwnTracks cannot be answered: stamped on arrival, and listed until its time is right."""
    fed = feed(server)
    ask = asked(fed)
    phone = '{"_type":"location","lat":1,"lon":2,"tst":%d}'
    assert fed.server.request("POST", "/pub?u=a&d=b", body=phone % 4_000_000_000, token=fed.device).status == 200
    clock = ask()["clock"]
    assert (clock["wrong"], len(clock["devices"])) == (1, 1)
    assert fed.server.request("POST", "/pub?u=a&d=b", body=phone % 1_741_171_814, token=fed.device).status == 200
    assert ask()["clock"]["wrong"] == 0
