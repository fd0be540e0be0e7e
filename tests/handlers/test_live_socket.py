"""``/ws/live`` of a real server: answers, pushes, resume, commands to devices, and who may."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from handlers.live_socket import wire
from telemetry.hub import Frame
from tests.handlers.fed import T0, Fed, at, feed
from tests.support import Server, Socket, refused, wait_until


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server]) -> Fed:
    return feed(module_server)


def ask(live: Socket, **command: Any) -> dict[str, Any]:
    """Send a command and wait for its answer."""
    live.send({"id": "q", **command})
    answer: dict[str, Any] = live.recv_until(lambda message: message.get("id") == "q")
    return answer


def error(live: Socket, **command: Any) -> str:
    answer = ask(live, **command)
    assert answer["ok"] is False
    return str(answer["error"]["code"])


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_frame_is_an_unmasked_text_frame(size: int) -> None:
    """RFC 6455, section 5.2; encoded once."""
    frame = Frame(1, "ü" * (size // 2) + "x" * (size % 2))
    data = wire(frame)
    assert wire(frame) is data
    head = 2 if size < 126 else 4 if size < 65_536 else 10
    assert data[0] == 0x81
    assert data[1] == (size if size < 126 else 126 if size < 65_536 else 127)
    assert head == 2 or int.from_bytes(data[2:head]) == size
    assert data[head:].decode() == frame.text


def test_answer_snapshot_pushes_and_signs_of_life(fed: Fed) -> None:
    fed.send(at(0, snap=1, on=True, s="a"))
    live = fed.server.live(fed.viewer)
    answer = ask(live, subscribe=["boiler/snap", "boiler/on", "boiler/s*"])
    assert set(answer) == {"id", "ok", "epoch", "seq", "time", "recovered", "latest"}
    assert (answer["ok"], answer["recovered"]) == (True, False)
    assert abs(answer["time"] - time.time() * 1000) < 60_000
    assert answer["latest"] == [["boiler/snap", T0, 1], ["boiler/on", T0, True], ["boiler/s", T0, "a"]]
    fed.send(at(1, snap=2, hidden=1, on=False, s="Küche"))
    push = live.recv_until(lambda message: "readings" in message)
    assert set(push) == {"seq", "readings"}
    assert push["seq"] == answer["seq"] + 4
    assert push["readings"] == [
        ["boiler/snap", T0 + 1, 2.0],
        ["boiler/on", T0 + 1, False],
        ["boiler/s", T0 + 1, "Küche"],
    ]
    life = live.recv_until(lambda message: "time" in message, timeout=3)
    assert life["seq"] == push["seq"]


def test_reading_that_several_patterns_match_comes_once(fed: Fed) -> None:
    live = fed.server.live(fed.viewer)
    ask(live, subscribe=["*", "boiler/*", "*/once", "boiler/once"])
    ask(live, subscribe=["boiler/o*"])
    fed.send(at(0, once=1))
    fed.send(at(1, once=2))
    got: list[Any] = []
    while len(got) < 2:
        got += live.recv_key("readings")
    assert [one[2] for one in got] == [1, 2]


def test_unsubscribe_ends_it(fed: Fed) -> None:
    live = fed.server.live(fed.viewer)
    ask(live, subscribe=["boiler/gone", "boiler/kept"])
    assert ask(live, unsubscribe=["boiler/gone", "never"]) == {"id": "q", "ok": True}
    fed.send(at(0, gone=1))
    fed.send(at(0, kept=1))
    assert live.recv_key("readings") == [["boiler/kept", T0, 1.0]]


def test_since_gives_everything_after_it_once(fed: Fed) -> None:
    """Committed before, and what arrives meanwhile; only for patterns new in the command."""
    first = fed.server.live(fed.viewer)
    start = ask(first, subscribe=["boiler/r*"])
    first.close()
    fed.send(*(at(n, r1=n, r2=n, other=n) for n in range(50)))
    live = fed.server.live(fed.viewer)
    answer = ask(live, subscribe=["boiler/r*"], since={"epoch": start["epoch"], "seq": start["seq"]})
    assert (answer["recovered"], answer["seq"]) == (True, start["seq"])
    fed.send(at(50, r1=50))
    got: list[Any] = []
    while len(got) < 101:
        got += live.recv_key("readings")
    assert got[::2] == [["boiler/r1", T0 + n, float(n)] for n in range(51)]
    assert got[1::2] == [["boiler/r2", T0 + n, float(n)] for n in range(50)]


@pytest.mark.parametrize("ahead", [1, 10**6])
def test_since_that_cannot_be_served_is_not_recovered(fed: Fed, ahead: int) -> None:
    now = ask(fed.server.live(fed.viewer), subscribe=["*"])
    for since in ({"epoch": "other", "seq": now["seq"]}, {"epoch": now["epoch"], "seq": now["seq"] + ahead}):
        live = fed.server.live(fed.viewer)
        answer = ask(live, subscribe=["*"], since=since)
        assert answer["recovered"] is False
        assert answer["seq"] == now["seq"]


def test_resume_goes_on_over_a_restart(server: Callable[..., Server]) -> None:
    fed = feed(server)
    live = fed.server.live(fed.viewer)
    start = ask(live, subscribe=["*"])
    fed.send(at(0, t=1))
    fed.server.restart()
    fed.send(at(1, t=2))
    live = fed.server.live(fed.viewer)
    answer = ask(live, subscribe=["*"], since={"epoch": start["epoch"], "seq": start["seq"]})
    assert answer["recovered"] is True
    got: list[Any] = []
    while len(got) < 2:
        got += live.recv_key("readings")
    assert got == [["boiler/t", T0, 1.0], ["boiler/t", T0 + 1, 2.0]]


def test_what_is_no_command_is_answered(fed: Fed) -> None:
    """Every one, and the socket goes on."""
    live = fed.server.live(fed.viewer)
    for text in ("", "nonsense", "[]", "1", "{}", '{"id": 1}', '{"subscribe": ["*"]}', "[" * 20_000, '{"id": true}'):
        live.send_text(text)
        answer = live.recv_until(lambda message: "ok" in message)
        assert (answer["ok"], answer["error"]["code"]) == (False, "bad_message")
    live.send_bytes(b"\xff\x00")
    assert live.recv_until(lambda message: "ok" in message)["error"]["code"] == "bad_message"
    assert error(live, subscribe="*") == "bad_message"
    assert error(live, subscribe=[1]) == "bad_message"
    assert error(live, subscribe=["x" * 600]) == "bad_message"
    assert error(live, subscribe=["*"], since={"epoch": 1, "seq": 1}) == "bad_message"
    assert error(live, subscribe=["*"], since={"epoch": "x", "seq": -1}) == "bad_message"
    assert error(live, subscribe=["*"], unsubscribe=["*"]) == "bad_message"
    assert ask(live, subscribe=["*"])["ok"] is True


# commands to devices


def test_command_reaches_the_device_and_its_reply_comes_back(fed: Fed) -> None:
    operator = fed.server.live(fed.server.api_token("operator"))
    device = fed.server.device(fed.server.device_token("robot"))
    device.recv_key("hello")
    args = {"seconds": 5, "note": "Küche"}
    operator.send({"id": 7, "command": {"device": "robot", "name": "set_interval", "args": args}})
    command = device.recv_key("command")
    assert (command["name"], command["args"]) == ("set_interval", args)
    device.send({"reply": {"id": "another", "ok": True}})
    device.send({"reply": {"id": command["id"], "ok": True, "result": {"was": 1}}})
    answer = operator.recv_until(lambda message: message.get("id") == 7)
    assert answer == {"id": 7, "ok": True, "result": {"was": 1}}

    operator.send({"id": 8, "command": {"device": "robot", "name": "fail"}})
    device.send({"reply": {"id": device.recv_key("command")["id"], "ok": False, "error": "too hot"}})
    answer = operator.recv_until(lambda message: message.get("id") == 8)
    assert answer["ok"] is False
    assert "too hot" in answer["error"]["message"]


def test_device_that_goes_away_answers_the_command(fed: Fed) -> None:
    operator = fed.server.live(fed.server.api_token("operator"))
    device = fed.server.device(fed.server.device_token("flaky"))
    device.recv_key("hello")
    operator.send({"id": 7, "command": {"device": "flaky", "name": "x", "args": {}}})
    device.recv_key("command")
    device.drop()
    assert operator.recv_until(lambda message: message.get("id") == 7)["error"]["code"] == "try_later"
    assert error(operator, command={"device": "flaky", "name": "x"}) == "unknown_device"


def test_only_operators_command(fed: Fed) -> None:
    live = fed.server.live(fed.viewer)
    assert error(live, command={"device": "robot", "name": "reboot", "args": {}}) == "forbidden"
    operator = fed.server.live(fed.server.api_token("operator"))
    for command in ({}, {"device": "robot"}, {"device": 1, "name": "x"}, {"device": "d", "name": "x", "more": 1}, []):
        assert error(operator, command=command) == "bad_message"


# who may


def test_who_may_watch(fed: Fed) -> None:
    """A viewer's token as header or in the address; a foreign page may not, whatever it knows."""
    url = f"{fed.server.ws_url}/ws/live"
    assert refused(url).status == 401
    assert refused(url, token="wrong").status == 401
    assert refused(url, token=fed.device).status == 401
    assert refused(url, token=fed.viewer, origin="http://evil.example").status == 403
    assert ask(fed.server.live(fed.viewer, origin=fed.server.url), subscribe=["*"])["ok"]
    assert refused(f"{url}?token=wrong").status == 401


def test_revoked_token_closes_its_sockets_within_a_second(fed: Fed) -> None:
    """And no command that comes on them afterwards reaches a device."""
    token = fed.server.api_token("operator", name="leaked")
    live = fed.server.live(token)
    ask(live, subscribe=["*"])
    silent = fed.server.silent("/ws/live", token)
    device = fed.server.device(fed.server.device_token("target"))
    device.recv_key("hello")
    fed.server.cli("token", "revoke", "leaked")
    assert live.close_code(1) == 4001
    silent.send({"id": 1, "command": {"device": "target", "name": "reboot", "args": {}}})
    device.send({"id": 1, "readings": []})
    assert device.recv() == {"ack": 1}
    other = fed.server.live(fed.server.api_token("operator"))
    other.send({"id": 2, "command": {"device": "target", "name": "fine"}})
    assert device.recv_key("command")["name"] == "fine"
    assert refused(f"{fed.server.ws_url}/ws/live", token=token).status == 401


def test_commands_that_wait_do_not_outlive_their_token(fed: Fed) -> None:
    """Those that were sent before, behind one that the device has not answered yet."""
    token = fed.server.api_token("operator", name="hasty")
    silent = fed.server.silent("/ws/live", token)  # it does not answer the close
    device = fed.server.device(fed.server.device_token("slow"))
    device.recv_key("hello")
    for number in range(5):
        silent.send({"id": number, "command": {"device": "slow", "name": f"c{number}", "args": {}}})
    first = device.recv_key("command")
    fed.server.cli("token", "revoke", "hasty")
    device.send({"reply": {"id": first["id"], "ok": True}})
    device.send({"id": 1, "readings": []})
    assert device.recv() == {"ack": 1}


def test_sockets_are_counted_while_they_are_open(server: Callable[..., Server]) -> None:
    fed = feed(server)

    def open_sockets() -> float:
        return fed.server.metrics(fed.viewer).get('telltale_sockets{channel="live"}', 0)

    live, other = fed.server.live(fed.viewer), fed.server.live(fed.viewer)
    wait_until(lambda: open_sockets() == 2)
    live.close()
    other.drop()
    wait_until(lambda: open_sockets() == 0)


def test_frame_that_is_too_large_closes_with_1009(server: Callable[..., Server]) -> None:
    one = server({"server.max_message": "4096"})
    live = one.live(one.api_token("viewer"))
    live.send_text(json.dumps({"id": 1, "subscribe": ["x" * 4096]}))
    assert live.close_code() == 1009
