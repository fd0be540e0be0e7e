"""Operators decide on devices without a token: over HTTP, in a real server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clients import Reply, refused
from tests.support import Server


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    return module_server({"storage.commit_interval": "0"})


@pytest.fixture(scope="module")
def operator(running: Server) -> str:
    return running.api_token("operator")


def decide(server: Server, token: str | None, verb: str, device: str) -> Reply:
    return server.request("POST", f"/api/devices/{verb}", json_body={"device": device}, token=token)


def test_an_approved_device_gets_its_token_on_the_open_socket(running: Server, operator: str) -> None:
    device = running.device(device="boiler")
    assert device.recv_key("hello")["pending"] is True
    device.send({"id": 1, "readings": [{"temperature": 21.5}]})
    assert device.recv_key("error")["code"] == "unknown_device"
    listed = [one for one in running.get("/api/devices", operator)["devices"] if one["device"] == "boiler"]
    assert [one["state"] for one in listed] == ["pending"]
    assert listed[0]["latest"] == {"temperature": 21.5}
    assert running.get("/api/series", operator)["series"] == []

    reply = decide(running, operator, "approve", "boiler")
    assert (reply.status, reply.json()) == (200, {"device": "boiler", "state": "approved"})
    token = device.recv_key("token")
    device.send({"id": 1, "readings": [{"temperature": 21.5}]})
    device.ack_of(1)
    device.close()
    assert running.request("POST", "/api/ingest", json_body={"temperature": 22}, token=token).status == 200
    assert refused(f"{running.ws_url}/ws/device?device=boiler").status == 401
    assert running.request("POST", "/api/ingest?device=boiler", json_body={"temperature": 22}).status == 401


def test_only_operators_decide_and_see_who_waits(running: Server) -> None:
    viewer = running.api_token("viewer")
    with running.device(device="shy") as device:
        device.recv_key("hello")
        for verb in ("approve", "block"):
            assert decide(running, None, verb, "shy").status == 401
            assert decide(running, viewer, verb, "shy").status == 403
        assert "shy" not in str(running.get("/api/devices", viewer))


def test_a_blocked_device_is_closed_and_refused(running: Server, operator: str) -> None:
    device = running.device(device="rogue")
    device.recv_key("hello")
    assert decide(running, operator, "block", "rogue").json() == {"device": "rogue", "state": "blocked"}
    assert device.close_code(timeout=1) == 4001
    assert refused(f"{running.ws_url}/ws/device?device=rogue").status == 403


def test_nobody_waits_so_nobody_is_approved(running: Server, operator: str) -> None:
    reply = decide(running, operator, "approve", "never seen")
    assert (reply.status, reply.error["code"]) == (404, "unknown_device")
    running.device_token("known")
    assert decide(running, operator, "block", "known").status == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'{"device": 1}', b'{"id": "x"}', b"\xff", b"[" * 100_000])
def test_what_names_no_device_is_bad_message(running: Server, operator: str, body: bytes) -> None:
    for verb in ("approve", "block"):
        reply = running.request("POST", f"/api/devices/{verb}", body=body, token=operator)
        assert (reply.status, reply.error["code"]) == (400, "bad_message")
