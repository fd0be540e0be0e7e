"""``POST /api/ingest`` of a real server: forms of the body, durability, refusals."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from itertools import count
from typing import Any

import cbor2
import pytest

from tests.clients import Reply
from tests.handlers.fed import T0, Fed, at, feed
from tests.support import Server

MAX_BODY = 64 * 1024


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server]) -> Fed:
    server = module_server(
        {"storage.commit_interval": "0", "server.max_body": str(MAX_BODY), "devices.admission": "token"}
    )
    return Fed(server, server.device_token("boiler", "--gateway"), server.api_token("viewer"))


def post(fed: Fed, body: bytes, kind: str | None = "application/json", **headers: str) -> Reply:
    if kind is not None:
        headers["Content-Type"] = kind
    return fed.server.request("POST", "/api/ingest", body=body, token=fed.device, headers=headers)


def gzipped(fed: Fed, body: bytes) -> Reply:
    return post(fed, body, **{"Content-Encoding": "gzip"})


def test_readings_are_durable_when_the_answer_comes(server: Callable[..., Server]) -> None:
    """Commits that wait are started at once; ``kill -9`` takes nothing that was answered."""
    one = server({"storage.commit_interval": "60"})
    token, viewer = one.device_token("boiler"), one.api_token("viewer")
    reply = one.request("POST", "/api/ingest", json_body=[at(0, t=1), at(1, t=2, u=3)], token=token, timeout=20)
    assert (reply.status, reply.json()) == (200, {"accepted": 3})
    one.kill()
    one.restart()
    found = one.get("/api/history", viewer, series="boiler/t", from_=0, to=T0 + 10)["series"]["boiler/t"]
    assert (found["t"], found["v"]) == ([T0, T0 + 1], [1, 2])


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps(at(0, x=1)).encode()),
        ("application/json; charset=utf-8", json.dumps(at(0, x=1)).encode()),
        ("Application/JSON", json.dumps({"x": 1}).encode()),
        (None, json.dumps(at(0, x=1)).encode()),
        ("text/plain", json.dumps([at(0, x=1)]).encode()),
        ("application/x-www-form-urlencoded", json.dumps(at(0, x=1)).encode()),
        ("application/senml+json", b'[{"n": "x", "v": 1}]'),
        ("application/cbor", cbor2.dumps(at(0, x=1))),
        ("application/senml+cbor", cbor2.dumps([{0: "x", 2: 1}])),
        ("application/json", json.dumps({"id": 1, "readings": [at(0, x=1)]}).encode()),
        ("application/json", json.dumps({"device": "node", **at(0, x=1)}).encode()),
    ],
    ids=count(),
)
def test_every_form_of_the_contract_is_taken(fed: Fed, kind: str | None, body: bytes) -> None:
    reply = post(fed, body, kind)
    assert (reply.status, reply.text) == (200, '{"accepted": 1}')


def test_repeats_count_and_make_one_reading(fed: Fed) -> None:
    for _ in range(3):
        assert post(fed, json.dumps(at(7, again=1)).encode()).json() == {"accepted": 1}
    assert fed.history("boiler/again")["t"] == [T0 + 7]


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"t": null}', b'{"id": 1, "readings": []}'])
def test_message_without_readings_is_no_error(fed: Fed, body: bytes) -> None:
    assert post(fed, body).json() == {"accepted": 0}


@pytest.mark.parametrize(
    ("body", "status", "code", "at"),
    [
        (b"", 400, "bad_message", None),
        (b"[{}", 400, "bad_message", None),
        (b'{"reply": {}}', 400, "bad_message", None),
        (b'{"config": {}}', 400, "bad_message", None),
        (b'[{"t": 1}, {"u": []}]', 400, "bad_value", "[1].u"),
        (b'{"ts": 5, "values": {"t": 1}}', 400, "bad_time", "ts"),
        (b'{"device": "a*", "values": {}}', 400, "bad_value", "device"),
        (b"[" + b"{}," * 10_000 + b"{}]", 413, "too_large", None),
    ],
    ids=count(),
)
def test_refusals_have_status_code_and_place(fed: Fed, body: bytes, status: int, code: str, at: str | None) -> None:
    """And nothing of the message is stored."""
    before = fed.get("/api/latest")["seq"]
    reply = post(fed, body)
    assert (reply.status, reply.error["code"], reply.error.get("at")) == (status, code, at)
    assert fed.get("/api/latest")["seq"] == before


def test_device_without_a_gateway_s_token_speaks_for_itself(fed: Fed) -> None:
    token = fed.server.device_token("single")
    reply = fed.server.request("POST", "/api/ingest", json_body={"device": "boiler", "values": {"t": 1}}, token=token)
    assert (reply.status, reply.error["code"], reply.error["at"]) == (403, "forbidden", "device")


@pytest.mark.parametrize("kind", ["text/csv", "application/xml", "cbor"])
def test_unknown_content_types_are_415(fed: Fed, kind: str) -> None:
    reply = post(fed, b"{}", kind)
    assert (reply.status, reply.error["code"]) == (415, "bad_message")


def test_gzip_is_taken(fed: Fed) -> None:
    body = json.dumps([at(n, zipped=n) for n in range(100)]).encode()
    packed = gzip.compress(body, mtime=0)
    assert gzipped(fed, packed).json() == {"accepted": 100}
    as_curl = {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"}
    assert post(fed, packed, **as_curl).json() == {"accepted": 100}
    assert fed.history("boiler/zipped")["v"] == list(range(100))


def test_gzip_in_several_members_is_one_body(fed: Fed) -> None:
    """RFC 1952 allows it; nothing of it may be lost in silence."""
    body = json.dumps([at(n, parts=n) for n in range(10)]).encode()
    parts = gzip.compress(body[:50], mtime=0) + gzip.compress(body[50:], mtime=0)
    assert gzipped(fed, parts).json() == {"accepted": 10}


def test_gzip_together_with_cbor(fed: Fed) -> None:
    body = gzip.compress(cbor2.dumps(at(0, both=1)), mtime=0)
    assert post(fed, body, "application/cbor", **{"Content-Encoding": "GZIP"}).json() == {"accepted": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"plain",
        gzip.compress(b"{}", mtime=0)[:-3],
        gzip.compress(b"{}", mtime=0) + b"rest",
        zlib.compress(b"{}"),
        gzip.compress(b"{}", mtime=0) + gzip.compress(b"{}", mtime=0)[:9],
        gzip.compress(b"", mtime=0) * 2000,
    ],
    ids=count(),
)
def test_broken_gzip_is_bad_message(fed: Fed, body: bytes) -> None:
    reply = gzipped(fed, body)
    assert (reply.status, reply.error["code"]) == (400, "bad_message")


def test_other_encodings_are_refused(fed: Fed) -> None:
    reply = post(fed, b"{}", **{"Content-Encoding": "br"})
    assert (reply.status, reply.error["code"]) == (415, "bad_message")


def test_limit_holds_after_gunzip(fed: Fed) -> None:
    """A bomb costs no more than the limit, in one member or in many."""
    assert gzipped(fed, gzip.compress(b"{}" + b" " * (MAX_BODY - 2), mtime=0)).status == 200
    assert gzipped(fed, gzip.compress(b"{}" + b" " * (MAX_BODY - 1), mtime=0)).status == 413
    before = fed.server.rss()
    for bomb in (gzip.compress(b" " * (40 << 20), mtime=0), gzip.compress(b" " * (MAX_BODY // 2), mtime=0) * 50):
        assert len(bomb) < MAX_BODY
        reply = gzipped(fed, bomb)
        assert (reply.status, reply.error["code"]) == (413, "too_large")
    assert fed.server.rss() - before < 16 << 20


def test_credentials(fed: Fed) -> None:
    """A header or the address; a wrong token and none are 401, a viewer's too."""
    server = fed.server
    for path, token, status in (
        ("/api/ingest", fed.device, 200),
        (f"/api/ingest?token={fed.device}", None, 200),
        ("/api/ingest?device=boiler", fed.device, 200),
        ("/api/ingest?device=other", fed.device, 403),
        ("/api/ingest", None, 401),
        ("/api/ingest?device=boiler", None, 401),
        ("/api/ingest?device=unknown", None, 401),
        ("/api/ingest", "wrong", 401),
        ("/api/ingest", fed.viewer, 401),
    ):
        assert server.request("POST", path, json_body={}, token=token).status == status, path
    foreign = {"Origin": "http://x.example"}
    assert server.request("POST", "/api/ingest", json_body={}, token=fed.device, headers=foreign).status == 403


def test_readings_are_pushed_to_dashboards(server: Callable[..., Server]) -> None:
    fed = feed(server)
    live = fed.server.live(fed.viewer)
    live.send({"id": 1, "subscribe": ["boiler/*"]})
    live.recv_until(lambda message: message.get("id") == 1)
    fed.send(at(0, t=1, on=True))
    pushed: Any = live.recv_until(lambda message: "readings" in message)
    assert pushed == {"seq": 2, "readings": [["boiler/t", T0, 1.0], ["boiler/on", T0, True]]}


def test_unknown_device_is_refused_and_shown_to_operators_with_what_it_says(server: Callable[..., Server]) -> None:
    """Under ``approve`` a device that only speaks HTTP is 401, waits in the list, and nothing of it is stored."""
    one = server()
    operator, viewer = one.api_token("operator"), one.api_token("viewer")
    for value in (1, 2):
        reply = one.request("POST", "/api/ingest?device=shed", json_body={"t": value})
        assert reply.status == 401
    (waiting,) = one.get("/api/devices", operator)["devices"]
    assert (waiting["device"], waiting["state"], waiting["latest"]) == ("shed", "pending", {"t": 2})
    assert one.get("/api/devices", viewer)["devices"] == []
    assert one.get("/api/series", viewer)["series"] == []
    assert one.request("POST", "/api/ingest?device=%ff", json_body={"t": 1}).status == 400


def test_device_is_online_when_its_answer_comes(server: Callable[..., Server]) -> None:
    """Presence does not wait for a sweep."""
    one = server({"storage.commit_interval": "0"})
    token, viewer = one.device_token("shed"), one.api_token()
    assert one.request("POST", "/api/ingest", json_body={"t": 1}, token=token).status == 200
    (device,) = one.get("/api/devices", viewer)["devices"]
    assert device["state"] == "online"
