"""``GET /api/history`` of a real server."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import time
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest

from tests.handlers.fed import T0, Fed, at, feed
from tests.support import SCALE, Server, wait_until


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server]) -> Fed:
    """``boiler/t`` has a value i at T0 + 1000 i for i < 100; also a door (text), a heater (boolean)."""
    one = feed(module_server)
    one.send(*(at(1_000 * i, t=i) for i in range(100)))
    one.send(at(0, door="closed", heater=True), at(1_000, door="open <b>ü</b>", heater=False))
    return one


def test_raw_readings_are_t_and_v(fed: Fed) -> None:
    found = fed.history("boiler/t", to=T0 + 2_000)
    assert found == {"resolution": "raw", "t": [T0, T0 + 1_000], "v": [0, 1]}


def test_more_readings_than_points_are_buckets(fed: Fed) -> None:
    found = fed.history("boiler/t", points=2)
    assert found == {
        "resolution": 60_000,
        "t": [T0 - 20_000, T0 + 40_000],
        "min": [0, 40],
        "max": [39, 99],
        "avg": [19.5, 69.5],
        "count": [40, 60],
    }


def test_edge_buckets_are_cut_exactly_at_from_and_to(fed: Fed) -> None:
    found = fed.history("boiler/t", from_=T0 + 5_000, to=T0 + 16_000, points=2)
    assert found["t"] == [T0, T0 + 10_000]
    assert found["count"] == [5, 6]


def test_text_and_booleans(fed: Fed) -> None:
    assert fed.history("boiler/door")["v"] == ["closed", "open <b>ü</b>"]
    assert fed.history("boiler/door", points=1)["v"] == ["open <b>ü</b>"]
    assert fed.history("boiler/heater")["v"] == [1, 0]


def test_several_series_and_unknown_ones(fed: Fed) -> None:
    found = fed.get("/api/history", series=["boiler/t", "boiler/none", "boiler/door"], from_=0)["series"]
    assert list(found) == ["boiler/t", "boiler/door"]


def test_times_may_be_iso_or_relative(fed: Fed) -> None:
    assert fed.history("boiler/t", from_="2023-11-14T23:14:58+01:00", to="2023-11-14T22:15:00")["v"] == [98, 99]
    assert fed.history("boiler/t", from_="-15m", to="now")["v"] == []


def test_reading_is_in_history_before_its_commit(server: Callable[..., Server]) -> None:
    """Invariant 4: what a browser was pushed is there when it loads history, even a minute before the commit."""
    one = server({"storage.commit_interval": "60"})
    token, viewer = one.device_token("boiler"), one.api_token("viewer")
    live, device = one.live(viewer), one.device(token)
    live.send({"id": 1, "subscribe": ["*"]})
    assert wait_until(lambda: live.recv().get("ok"))
    device.send({"ts": T0, "values": {"t": 1.5}})
    assert wait_until(lambda: live.recv().get("readings")) == [["boiler/t", T0, 1.5]]
    assert one.get("/api/history", viewer, series="boiler/t", from_=0)["series"]["boiler/t"]["v"] == [1.5]
    assert one.metrics(viewer)["telltale_readings_pending"] == 1


def test_binary_answer_is_float64_columns(fed: Fed) -> None:
    query = urlencode({"series": ["boiler/t", "boiler/door"], "from": 0, "to": T0 + 2_000}, doseq=True)
    headers = {"Accept": "application/octet-stream", "Accept-Encoding": "gzip"}
    reply = fed.server.request("GET", f"/api/history?{query}", token=fed.viewer, headers=headers)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/octet-stream")
    assert "Content-Encoding" not in reply.headers
    (length,) = struct.unpack_from("<I", reply.body)
    assert json.loads(reply.body[4 : 4 + length]) == {
        "series": [
            {"series": "boiler/t", "resolution": "raw", "columns": ["t", "v"], "n": 2},
            {"series": "boiler/door", "resolution": "raw", "columns": ["t", "v"], "n": 0, "text": True},
        ]
    }
    assert struct.unpack_from("<4d", reply.body, 4 + length) == (T0, T0 + 1_000, 0, 1)
    assert len(reply.body) == 4 + length + 32


def test_json_is_compressed_for_who_takes_it(fed: Fed) -> None:
    path = f"/api/history?series={quote('boiler/t')}&from=0"
    plain = fed.server.request("GET", path, token=fed.viewer)
    small = fed.server.request("GET", path, token=fed.viewer, headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    assert "Accept-Encoding" in small.headers["Vary"]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("", "series"),
        ("series=boiler/t&from=soon", "from"),
        ("series=boiler/t&to=NaN", "to"),
        ("series=boiler/t&from=now&to=-1h", "from"),
        ("series=boiler/t&points=0", "points"),
        ("series=boiler/t&points=1000001", "points"),
        ("series=boiler/t&from=%FF", None),
    ],
)
def test_bad_query_is_refused_with_its_place(fed: Fed, query: str, where: str | None) -> None:
    reply = fed.server.request("GET", f"/api/history?{query}", token=fed.viewer)
    assert reply.status == 400
    assert reply.error.get("at") == where


def test_without_a_credential_nothing_is_read(fed: Fed) -> None:
    assert fed.server.request("GET", "/api/history?series=boiler/t").status == 401


def test_client_that_leaves_at_once_harms_no_one(fed: Fed) -> None:
    """The answer has nowhere to go: no traceback (the fixture checks the log), and the next query works."""
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", fed.server.port)) as one:
            path = f"/api/history?series=boiler/t&from=0&token={fed.viewer}"
            one.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    assert len(fed.history("boiler/t")["t"]) == 100


def test_a_century_costs_no_more_than_its_answer(server: Callable[..., Server]) -> None:
    """All that a device can have sent since 2000, asked for as a hundred years, again and again."""
    one = server({"storage.commit_interval": "0"})
    token, viewer = one.device_token("d"), one.api_token()
    first, step, count = 946_684_800_000, 25 * 365 * 86_400_000 // 50_000, 50_000
    for begin in range(0, count, 10_000):
        rows = [{"ts": first + n * step, "values": {"t": n % 1000}} for n in range(begin, begin + 10_000)]
        assert one.request("POST", "/api/ingest", token=token, json_body=rows).status == 200
    century = {"series": "d/t", "from_": "0", "to": str(100 * 365 * 86_400_000)}
    assert sum(one.get("/api/history", viewer, **century)["series"]["d/t"]["count"]) == count
    before, slowest = one.rss(), 0.0
    for points in ("1", "1000", "1000000") * 5:
        asked = time.monotonic()
        one.get("/api/history", viewer, points=points, **century)
        slowest = max(slowest, time.monotonic() - asked)
    assert slowest < 1.0 * SCALE
    assert one.rss() - before < 50 << 20
    too_many = "/api/history?series=d/t&points=1000001"
    assert one.request("GET", too_many, token=viewer).error["code"] == "bad_value"
    assert one.request("GET", "/api/history?" + "series=d/t&" * 1001, token=viewer).status == 400
