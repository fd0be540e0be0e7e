"""``GET /api/devices/ID/frames`` and ``/api/frames`` of a real server: what came, what was made of it, live."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import cbor2
import pytest

from tests.clients import Reply
from tests.support import Server, wait_until

BAD_TIME = {"ts": 5, "values": {"t": 1}}


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    return module_server({"storage.commit_interval": "0.05"})


@pytest.fixture(scope="module")
def operator(running: Server) -> str:
    return running.api_token("operator")


def verdict(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json()["error"]["code"]


class Looker:
    """An operator who looks at one device of its own."""

    def __init__(self, server: Server, token: str, device: str, *options: str) -> None:
        self.server, self.token, self.device = server, token, device
        self.path = f"/api/devices/{quote(device, safe='')}/frames"
        self.credential = server.device_token(device, *options)

    def answer(self, **query: Any) -> Any:
        return self.server.get(self.path, self.token, **query)

    def frames(self, **query: Any) -> Any:
        return self.answer(**query)["frames"]

    def post(self, body: Any, kind: str = "application/json", **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body)
        return self.server.request(
            "POST", "/api/ingest", body=data, token=self.credential, headers={"Content-Type": kind} | headers
        )


@pytest.fixture
def look(running: Server, operator: str, request: pytest.FixtureRequest) -> Looker:
    return Looker(running, operator, f"of {request.node.name}"[:120].replace("#", ""))


def test_an_id_may_hold_anything_that_ids_may(running: Server, operator: str) -> None:
    """Slashes, spaces and umlauts; percent-encoded or, where a path takes it, as it is."""
    one = Looker(running, operator, "haus/kessel 1 ä")
    one.post({"t": 1})
    assert one.answer()["device"] == "haus/kessel 1 ä"
    assert len(one.frames()) == 1
    assert running.get(f"/api/devices/{quote('haus/kessel 1 ä')}/frames", operator) == one.answer()


def test_frames_of_a_socket_say_what_became_of_them(look: Looker) -> None:
    """Stored once they are acknowledged, refused as the device was told, and reports that are no readings."""
    socket = look.server.device(look.credential)
    socket.recv_key("hello")
    socket.send({"id": 1, "readings": [{"ts": 1_700_000_000_000, "values": {"t": 21.5, "on": True, "s": "ok"}}]})
    socket.ack_of(1)
    socket.send({"id": 2, "readings": [BAD_TIME]})
    told = socket.recv_key("error")
    socket.send({"reply": {"id": "none", "ok": True}})
    socket.send_text("{broken")
    socket.recv_key("error")
    broken, reply, late, good = look.frames()
    assert (good["channel"], good["where"], good["decoder"]) == ("ws", "/ws/device", "native")
    assert json.loads(good["text"])["id"] == 1
    assert (good["state"], good["readings"]) == ("stored", 3)
    assert good["values"] == [
        {"series": f"{look.device}/{metric}", "ts": 1_700_000_000_000, "value": value, "unit": None}
        for metric, value in (("t", 21.5), ("on", True), ("s", "ok"))
    ]
    assert (late["state"], late["errors"]) == ("refused", [{k: told[k] for k in ("code", "message", "at")}])
    assert (reply["state"], reply["reason"]) == ("ignored", "reply: this is not a reading")
    assert (broken["state"], broken["text"]) == ("refused", "{broken")


def test_frames_of_http_say_what_was_answered(look: Looker) -> None:
    """Gzip is shown plain, CBOR in hex, a type that no one reads with its reason."""
    assert look.post({"t": 1}).status == 200
    plain = json.dumps({"t": 2}).encode()
    assert look.post(gzip.compress(plain), **{"Content-Encoding": "gzip"}).status == 200
    assert look.post(b"no gzip", **{"Content-Encoding": "gzip"}).status == 400
    encoded = cbor2.dumps({"t": 1.5})
    assert look.post(encoded, "application/cbor").status == 200
    reply = look.post(BAD_TIME)
    assert verdict(reply) == (400, "bad_time")
    answer = reply.json()["error"]
    assert look.post({"t": 1}, "image/png").status == 415
    picture, late, binary, broken, zipped, _ = look.frames()
    assert picture["errors"][0]["code"] == "bad_message"
    assert late["errors"] == [answer]
    assert binary["hex"] == encoded.hex()
    assert binary["values"][0]["value"] == 1.5
    assert (broken["state"], broken["text"]) == ("refused", "no gzip")
    assert (zipped["state"], zipped["text"]) == ("stored", plain.decode())
    assert {frame["where"] for frame in look.frames()} == {"/api/ingest"}


def test_a_token_in_the_address_is_shown_nowhere(look: Looker) -> None:
    path = f"/api/ingest?token={look.credential}"
    assert look.server.request("POST", path, json_body={"t": 1}).status == 200
    assert look.credential not in json.dumps(look.answer())
    assert len(look.frames()) == 1


@pytest.mark.parametrize("way", ["ws", "http"])
def test_what_a_gateway_says_is_shown_with_it_and_with_whom_it_speaks_for(
    running: Server, operator: str, way: str
) -> None:
    gateway = Looker(running, operator, f"gate-{way}", "--gateway")
    message = [{"device": f"{way}-{n}", "values": {"t": n}} for n in (1, 2)]
    if way == "http":
        gateway.post(message)
    else:
        socket = running.device(gateway.credential)
        socket.recv_key("hello")
        socket.send({"id": 1, "readings": message})
        socket.ack_of(1)
    shown = [running.get(f"/api/devices/{name}/frames", operator) for name in (gateway.device, f"{way}-1", f"{way}-2")]
    assert [[frame["readings"] for frame in one["frames"]] for one in shown] == [[2], [2], [2]]


def test_a_device_that_waits_is_shown_too(running: Server, operator: str) -> None:
    """Over a socket, and over HTTP, where it is answered 401."""
    socket = running.device(device="stranger ws")
    socket.recv_key("hello")
    socket.send({"id": 1, "readings": [{"t": 1}]})
    socket.recv_key("error")
    assert running.request("POST", "/api/ingest?device=stranger%20http", json_body={"t": 1}).status == 401
    for name in ("stranger%20ws", "stranger%20http"):
        answer = running.get(f"/api/devices/{name}/frames", operator)
        assert answer["known"] is False
        assert [frame["errors"][0]["code"] for frame in answer["frames"]] == ["unknown_device"]


def test_after_gives_only_what_is_newer(look: Looker) -> None:
    for n in range(3):
        look.post({"t": n})
    newest, middle, _ = look.frames()
    assert look.answer(after=middle["number"]) == look.answer() | {"frames": [newest]}
    assert look.answer(after=newest["number"]) == look.answer() | {"frames": []}


def test_a_number_of_another_run_is_no_reason_to_miss_anything(look: Looker) -> None:
    """The clock of that run may have been ahead."""
    look.post({"t": 1})
    assert len(look.frames(after=2**53 - 1)) == 1


def test_wait_answers_at_the_first_frame(look: Looker) -> None:
    """And not at those of others."""
    found: list[Any] = []
    waiter = threading.Thread(target=lambda: found.append(look.frames(wait=60)))
    waiter.start()
    admin = look.server.api_token("admin")
    name = 'telltale_sockets{channel="poll"}'
    wait_until(lambda: look.server.metrics(admin).get(name) == 1, 20, "the waiting request")
    Looker(look.server, look.token, look.device + " other").post({"t": 1})
    assert waiter.is_alive()
    look.post({"t": 2})
    waiter.join(20)
    assert [frame["text"] for frame in found[0]] == ['{"t": 2}']
    wait_until(lambda: look.server.metrics(admin)[name] == 0, 20, "the end of the request")


def test_wait_ends_with_nothing_when_nothing_comes(look: Looker) -> None:
    assert look.answer(wait=0.01) == {
        "device": look.device, "name": None, "known": True, "frames": [], "number": 0,
    }  # fmt: skip


def test_wait_ends_when_the_server_stops(server: Callable[..., Server]) -> None:
    one = server()
    operator = one.api_token("operator")
    replies: list[Any] = []
    waiter = threading.Thread(
        target=lambda: replies.append(one.request("GET", "/api/devices/d/frames?wait=60", token=operator))
    )
    waiter.start()
    admin = one.api_token("admin")
    wait_until(lambda: one.metrics(admin).get('telltale_sockets{channel="poll"}') == 1, 20, "the waiting request")
    assert one.stop() == 0
    waiter.join(20)
    assert replies[0].json()["frames"] == []


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=1e3", f"after={'9' * 400}", "wait=61", "wait=-1", "wait=nan", "wait=x"]
)
def test_a_query_that_cannot_be_is_refused(running: Server, operator: str, query: str) -> None:
    for path in ("/api/devices/d/frames", "/api/frames"):
        assert verdict(running.request("GET", f"{path}?{query}", token=operator)) == (400, "bad_value")


@pytest.mark.parametrize(
    "device", ["a%00", "%2Fa", "a*", "a%23b", "x" * 129], ids=["nul", "slash", "star", "#", "long"]
)
def test_what_is_no_id_has_no_frames_and_no_page(running: Server, operator: str, device: str) -> None:
    assert verdict(running.request("GET", f"/api/devices/{device}/frames", token=operator)) == (400, "bad_value")
    assert verdict(running.request("GET", f"/devices/{device}", token=operator)) == (404, "not_found")


@pytest.mark.parametrize("path", ["/api/devices/d/frames", "/api/frames", "/devices/d/messages", "/frames"])
def test_viewers_and_strangers_see_none(running: Server, path: str) -> None:
    assert verdict(running.request("GET", path, token=running.api_token("viewer"))) == (403, "forbidden")
    assert verdict(running.request("GET", path)) == (401, "unauthorized")


def test_the_page_names_the_device_and_no_more_than_the_brokers_address(server: Callable[..., Server]) -> None:
    one = server({"mqtt.url": "mqtt://me:hunter2@127.0.0.1:1"})
    reply = one.request("GET", "/devices/%3Cb%3E%20x/messages", token=one.api_token("operator"))
    assert reply.status == 200
    assert 'data-device="&lt;b&gt; x"' in reply.text
    assert "127.0.0.1" in reply.text
    assert "hunter2" not in reply.text
