"""Devices added, given other tokens, and removed by operators: over HTTP, in a real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from handlers.onboarding import own_address
from tests.clients import Reply, refused
from tests.support import Server, run_server_py


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    return module_server({"storage.commit_interval": "0", "devices.rotation_grace": "1h"})


@pytest.fixture(scope="module")
def operator(running: Server) -> str:
    return running.api_token("operator")


@pytest.fixture
def ask(running: Server, operator: str) -> Callable[..., Reply]:
    def post(verb: str, **body: Any) -> Reply:
        return running.request("POST", f"/api/devices/{verb}", json_body=body, token=operator)

    return post


def send(server: Server, token: str, body: Any = None) -> int:
    return server.request("POST", "/api/ingest", json_body=body or {"t": 1.5}, token=token).status


def listed(server: Server, operator: str, device: str) -> dict[str, Any]:
    found = server.get("/api/devices/credentials", operator)["devices"]
    return next(one for one in found if one["device"] == device)  # type: ignore[no-any-return]


def test_a_device_is_added_and_its_token_is_shown_once(
    running: Server, operator: str, ask: Callable[..., Reply]
) -> None:
    made = ask("add", device="boiler", name="Boiler room")
    assert made.status == 200
    token = made.json()["token"]
    one = listed(running, operator, "boiler")
    assert (one["name"], one["token"], one["gateway"], one["address"]) == ("Boiler room", True, None, "")
    assert running.get("/api/devices/arrivals?device=boiler", operator)["readings"] == []
    assert send(running, token) == 200
    found = running.get("/api/devices/arrivals?device=boiler", operator)
    assert [(metric, value) for metric, _, value, _ in found["readings"]] == [("t", 1.5)]
    assert found["used"] is True
    assert listed(running, operator, "boiler")["address"] == "127.0.0.1"
    again = ask("add", device="boiler")
    assert (again.status, again.error["code"]) == (409, "conflict")
    everything = json.dumps(running.get("/api/devices/credentials", operator))
    assert token not in everything


def test_both_tokens_work_until_someone_ends_the_old_one(
    running: Server, operator: str, ask: Callable[..., Reply]
) -> None:
    old = ask("add", device="pump").json()["token"]
    socket = running.device(token=old)
    socket.recv_key("hello")
    made = ask("rotate", device="pump").json()
    new = made["token"]
    time = running.get("/api/devices/credentials", operator)["time"]
    assert 3_590_000 < made["old_until"] - time < 3_610_000
    assert listed(running, operator, "pump")["rotating"]["new_used"] is False
    assert (send(running, old), send(running, new)) == (200, 200)
    assert listed(running, operator, "pump")["rotating"] == {
        "until": made["old_until"],
        "new_used": True,
        "old_used": True,
    }
    assert ask("rotate/end", device="pump").status == 200
    assert socket.close_code(timeout=1) == 4001
    assert (send(running, old), send(running, new)) == (401, 200)
    assert ask("rotate/end", device="pump").status == 404
    assert "rotating" not in listed(running, operator, "pump")
    assert ask("rotate", device="pump", grace=0).json()["old_until"] is None
    assert send(running, new) == 401


def test_the_command_line_gives_another_token_too(running: Server) -> None:
    old = running.device_token("by hand")
    new = running.cli_json("device", "rotate", "by hand")["token"]
    assert (send(running, old), send(running, new)) == (200, 200)
    last = running.cli_json("device", "rotate", "by hand", "--grace", "0")["token"]
    assert (send(running, old), send(running, new), send(running, last)) == (401, 401, 200)


@pytest.mark.parametrize("grace", ["soon", "-1", "91d"])
def test_a_grace_that_is_none_is_said(running: Server, grace: str) -> None:
    reply = run_server_py("--config", str(running.config), "device", "rotate", "by hand", f"--grace={grace}")
    assert reply.returncode == 2
    assert "--grace" in reply.stderr


def test_what_a_gateway_speaks_for_is_edited(running: Server, operator: str, ask: Callable[..., Reply]) -> None:
    token = ask("add", device="hub", gateway=["room-*"]).json()["token"]
    other = {"device": "hall-1", "values": {"t": 1.0}}
    assert send(running, token, {"device": "room-1", "values": {"t": 1.0}}) == 200
    assert send(running, token, other) == 403
    socket = running.device(token=token)
    socket.recv_key("hello")
    assert ask("gateway", device="hub", gateway=["room-*", "hall-*"]).json()["gateway"] == ["room-*", "hall-*"]
    assert socket.close_code(timeout=1) == 4001
    assert send(running, token, other) == 200
    assert listed(running, operator, "hub")["gateway"] == ["room-*", "hall-*"]
    assert ask("gateway", device="hub", gateway=None).status == 200
    assert send(running, token, other) == 403
    assert ask("gateway", device="hub", gateway=[]).json()["gateway"] == ["*"]
    assert send(running, token, {"device": "anything", "values": {"t": 1.0}}) == 200


def test_a_revoked_device_is_out_and_its_data_stays(running: Server, operator: str, ask: Callable[..., Reply]) -> None:
    token = ask("add", device="fan").json()["token"]
    send(running, token)
    assert ask("revoke", device="fan").status == 200
    assert send(running, token) == 401
    assert listed(running, operator, "fan")["token"] is False
    assert running.get("/api/series?series=fan/*", operator)["series"][0]["count"] == 1
    assert ask("revoke", device="fan").status == 404
    assert ask("add", device="fan").status == 200


def test_a_removed_device_is_gone_with_its_data(running: Server, operator: str, ask: Callable[..., Reply]) -> None:
    word = "only the tank says this word"
    token = ask("add", device="tank").json()["token"]
    send(running, token, {"state": word, "level": 12.25})
    socket = running.device(token=token)
    socket.recv_key("hello")
    held = running.get("/api/devices/held?device=tank", operator)
    assert held == {"series": ["tank/state", "tank/level"], "readings": 2}
    assert word.encode() in _files(running)
    assert ask("remove", device="tank").json() == {"device": "tank", "state": "removed"}
    assert socket.close_code(timeout=1) == 4001
    assert send(running, token) == 401
    assert running.get("/api/series?series=tank/*", operator)["series"] == []
    assert [one for one in running.get("/api/devices", operator)["devices"] if one["device"] == "tank"] == []
    assert word.encode() not in _files(running)
    assert ask("remove", device="tank").status == 404
    running.cli("check")


def _files(server: Server) -> bytes:
    return b"".join(one.read_bytes() for one in server.directory.glob(server.database.name + "*") if one.is_file())


def test_a_blocked_device_is_listed_and_refused_also_after_a_restart(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "0"})
    operator = one.api_token("operator")
    device = one.device(device="rogue")
    device.recv_key("hello")
    one.request("POST", "/api/devices/block", json_body={"device": "rogue"}, token=operator)
    one.stop()
    one.start()
    (row,) = one.get("/api/devices/credentials", operator)["blocked"]
    assert (row["device"], row["address"]) == ("rogue", "127.0.0.1")
    assert refused(f"{one.ws_url}/ws/device?device=rogue").status == 403
    reply = one.request("POST", "/api/devices/unblock", json_body={"device": "rogue"}, token=operator)
    assert reply.json() == {"device": "rogue", "state": "unblocked"}
    with one.device(device="rogue") as again:
        assert again.recv_key("hello")["pending"] is True


@pytest.mark.parametrize(
    ("verb", "body", "at"),
    [
        ("add", {}, None),
        ("add", {"device": 1}, None),
        ("add", {"device": "a+b"}, "device"),
        ("add", {"device": " a"}, "device"),
        ("add", {"device": "x", "token": "mine"}, None),
        ("add", {"device": "x", "name": "a\nb"}, "name"),
        ("add", {"device": "x", "name": 7}, "name"),
        ("add", {"device": "x", "gateway": "all"}, "gateway"),
        ("add", {"device": "x", "gateway": [""]}, "gateway[0]"),
        ("add", {"device": "x", "gateway": ["a"] * 101}, "gateway"),
        ("rotate", {"device": "x", "grace": -1}, "grace"),
        ("rotate", {"device": "x", "grace": True}, "grace"),
        ("rotate", {"device": "x", "grace": 1e9}, "grace"),
        ("rotate", {"device": "x", "grace": "1h"}, "grace"),
        ("gateway", {"device": "x", "gateway": [7]}, "gateway[0]"),
        ("remove", {"device": "x", "data": False}, None),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(
    ask: Callable[..., Reply], verb: str, body: dict[str, Any], at: str | None
) -> None:
    reply = ask(verb, **body)
    assert reply.status == 400
    assert (reply.error["code"], reply.error.get("at")) == ("bad_value" if at else "bad_message", at)


@pytest.mark.parametrize("verb", ["rotate", "rotate/end", "revoke", "gateway", "remove"])
def test_a_device_that_is_not_known_is_said(ask: Callable[..., Reply], verb: str) -> None:
    reply = ask(verb, device="nobody")
    assert (reply.status, reply.error["code"], reply.error["at"]) == (404, "unknown_device", "device")


def test_addresses_are_those_by_which_others_reach_it(server: Callable[..., Server]) -> None:
    one = server({"server.address": "0.0.0.0"})
    urls = one.get("/api/devices/arrivals", one.api_token("operator"))["urls"]
    own = own_address()
    assert urls[0] == (one.url if own is None else f"http://{own}:{one.port}")
    assert urls[-1] == one.url
    assert any(".local:" in url for url in urls)


def test_a_server_for_this_machine_only_is_reached_from_it_only(running: Server, operator: str) -> None:
    assert running.get("/api/devices/arrivals", operator)["urls"] == [running.url]
