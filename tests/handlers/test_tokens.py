"""API tokens over HTTP: made, listed and revoked; and what a limited one is given, on every way to the readings."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.handlers.fed import T0, Fed, feed
from tests.handlers.sse import Events
from tests.support import SCALE, Server, Socket, refused, run_server_py

MINE = {"boiler/t", "boiler/x/t"}
"""What boiler/* reaches: the device boiler with its metrics t and x/t, and not the device boiler/x."""


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server]) -> Fed:
    """Three devices whose names look alike; each has sent the same."""
    one = feed(module_server)
    one.send(*(row(device, 0) for device in ("boiler", "boiler/y", "tank")), row("boiler", 0, **{"x/t": 5}))
    return one


def row(device: str, offset: int, **values: Any) -> dict[str, Any]:
    return {"device": device, "ts": T0 + offset, "values": values or {"t": 1.5}}


def token(fed: Fed, *words: str, role: str = "viewer") -> str:
    fed.server._tokens += 1
    name = f"limited-{fed.server._tokens}"
    made = fed.server.cli_json("token", "add", name, "--role", role, *words)
    return str(made["token"])


@pytest.fixture(scope="module")
def reader(fed: Fed) -> str:
    return token(fed, "--series", "boiler/*")


def test_latest_series_and_devices_have_what_is_reached(fed: Fed, reader: str) -> None:
    server = fed.server
    assert {one[0] for one in server.get("/api/latest", reader)["latest"]} == MINE
    assert {one[0] for one in server.get("/api/latest", reader, series=["boiler/*", "tank/*"])["latest"]} == MINE
    assert server.get("/api/latest", reader, series="boiler/y/t")["latest"] == []
    assert {one["series"] for one in server.get("/api/series", reader)["series"]} == MINE
    assert [one["device"] for one in server.get("/api/devices", reader)["devices"]] == ["boiler"]


def test_history_and_exports_have_what_is_reached(fed: Fed, reader: str) -> None:
    server, every = fed.server, ["boiler/t", "boiler/x/t", "boiler/y/t", "tank/t", "none/t"]
    assert set(server.get("/api/history", reader, series=every, from_=0)["series"]) == MINE
    assert server.get("/api/history", reader, series="tank/t", from_=0)["series"] == {}
    for form in ("csv", "ndjson"):
        text = server.request("GET", f"/api/export.{form}", token=reader).text
        assert "boiler" in text
        assert "tank" not in text
        assert "boiler/y" not in text
        assert "tank" not in server.request("GET", f"/api/export.{form}?series=tank/t", token=reader).text


def test_the_live_channels_have_what_is_reached(fed: Fed, reader: str) -> None:
    """A push, a resume, presence and changes: all of it only of what the scope takes; an open one beside it has all."""
    live, free = fed.server.live(reader), fed.server.live(fed.viewer)
    answers = [ask(socket, subscribe=["*", "tank/t", "boiler/y/*"]) for socket in (live, free)]
    assert {one[0] for one in answers[0]["latest"]} == MINE
    since = {"epoch": answers[0]["epoch"], "seq": answers[0]["seq"]}
    fed.send(row("tank", 1), row("boiler/y", 1), row("boiler", 1), row("new", 1), row("boiler", 1, fresh=2))
    assert names_until(free, "boiler/fresh") == ["tank/t", "boiler/y/t", "boiler/t", "new/t", "boiler/fresh"]
    assert names_until(live, "boiler/fresh") == ["boiler/t", "boiler/fresh"]
    again = fed.server.live(reader)
    again.send({"id": 1, "subscribe": ["*"], "since": since})
    assert again.recv_until(lambda message: message.get("id") == 1)["recovered"]
    assert names_until(again, "boiler/fresh") == ["boiler/t", "boiler/fresh"]
    polled = fed.server.get("/api/poll", reader, series="*", **since, wait=20)
    pushed = {name for push in polled["pushes"] for name, _, _ in push.get("readings", ())}
    assert pushed == {"boiler/t", "boiler/fresh"}
    events = Events(fed.server, reader, "*")
    assert {name for name, _, _ in events.next().data["latest"]} == {*MINE, "boiler/fresh"}
    events.close()


def test_what_is_no_reading_is_told_to_those_who_reach_it(fed: Fed, reader: str) -> None:
    """Corrections, notes, names and devices elsewhere are not heard of."""
    operator = fed.server.api_token("operator")
    live = fed.server.live(reader)
    ask(live, subscribe=["*"])
    for name in ("tank/t", "boiler/t"):
        post(fed, "/api/annotations", operator, {"text": f"of {name}", "from": T0, "series": name})
        post(fed, "/api/series/edit", operator, {"series": name, "label": f"label of {name}"})
        body = {"series": name, "from": T0, "to": T0 + 1, "action": "mask", "why": "test"}
        undo = post(fed, "/api/corrections", operator, body)["id"]
        post(fed, f"/api/corrections/{undo}/undo", operator, {})
    post(fed, "/api/annotations", operator, {"text": "of everything", "from": T0})
    fed.send(row("unheard", 5))
    fed.send(row("boiler", 5, last=1))
    heard = [live.recv()]
    while not any("boiler/last" in str(one) for one in heard):
        heard.append(live.recv())
    text = json.dumps(heard)
    assert "tank" not in text
    assert "unheard" not in text
    assert "of everything" not in text
    for one in ("of boiler/t", "label of boiler/t", '"changed"'):
        assert one in text
    notes = fed.server.get("/api/annotations", reader)["annotations"]
    assert {one["text"] for one in notes} == {"of boiler/t"}


def test_only_a_scope_to_write_writes_and_only_there(fed: Fed) -> None:
    reads = token(fed, "--series", "boiler/*", role="operator")
    writes = token(fed, "--series", "boiler/*", "--series", "fresh/*", "--write", role="operator")
    note = {"text": "swept", "from": T0, "series": "boiler/t"}
    lines = "".join(
        f'{{"device": "{device}", "metric": "imported", "ts": {T0}, "value": 1}}\n'
        for device in ("boiler", "tank", "fresh", "boiler/y")
    )
    for path, body in (("/api/annotations", json.dumps(note)), ("/api/import", lines)):
        assert fed.server.request("POST", path, body=body.encode(), token=reads).status == 403
    assert post(fed, "/api/annotations", writes, note)["author"].startswith("limited")
    for wrong in ({**note, "series": "tank/t"}, {"text": "all", "from": T0}):
        reply = fed.server.request("POST", "/api/annotations", json_body=wrong, token=writes)
        assert (reply.status, reply.error["code"], reply.error["at"]) == (403, "forbidden", "series")
    done = fed.server.request("POST", "/api/import", body=lines.encode(), token=writes).json()
    assert (done["stored"], done["refused"], [one["line"] for one in done["lines"]]) == (2, 2, [2, 4])
    assert "does not reach" in done["lines"][0]["message"]
    known = {one["series"] for one in fed.server.get("/api/series", fed.viewer)["series"]}
    assert {"boiler/imported", "fresh/imported"} <= known
    assert not {"tank/imported", "boiler/y/imported"} & known


def test_commands_go_to_devices_that_are_reached_whole_and_to_write(fed: Fed) -> None:
    reach = {
        "forbidden": ["--series", "boiler/*"],
        "unknown_device": ["--series", "boiler/*", "--write"],
    }
    command = {"device": "boiler", "name": "reboot"}
    for code, words in reach.items():  # boiler speaks through its gateway: it has no socket
        live = fed.server.live(token(fed, *words, role="operator"))
        assert ask(live, command=command)["error"]["code"] == code
        assert ask(live, command={**command, "device": "tank"})["error"]["code"] == "forbidden"
    live = fed.server.live(token(fed, "--series", "boiler/t", "--write", role="operator"))
    assert ask(live, command=command)["error"]["code"] == "forbidden"


def test_a_scope_does_not_raise_a_role(fed: Fed) -> None:
    viewer = token(fed, "--series", "*", "--write")
    body = {"text": "x", "from": T0, "series": "boiler/t"}
    assert fed.server.request("POST", "/api/annotations", json_body=body, token=viewer).status == 403


def test_a_token_is_made_listed_and_revoked(fed: Fed) -> None:
    """And within a second of the last its socket is closed."""
    server, admin = fed.server, fed.server.api_token("admin")
    body = {"name": "Anna's script", "role": "operator", "series": ["boiler/*"], "write": True, "expires": "90d"}
    reply = server.request("POST", "/api/tokens", json_body=body, token=admin)
    assert reply.status == 201
    made = reply.json()
    assert made.keys() == {"name", "token"}
    live = server.live(made["token"])
    ask(live, subscribe=["*"])
    line = next(one for one in server.get("/api/tokens", admin)["tokens"] if one["name"] == body["name"])
    assert (line["role"], line["series"], line["write"], line["open"]) == ("operator", ["boiler/*"], True, 1)
    assert 0 <= line["created"] + 90 * 86_400_000 - line["expires"] < 5_000, "it begins when it is asked for"
    assert abs(line["used"] - time.time() * 1000) < 60_000
    assert made["token"] not in json.dumps(server.get("/api/tokens", admin))
    again = server.request("POST", "/api/tokens", json_body=body, token=admin)
    assert (again.status, again.error["at"]) == (409, "name")
    gone = server.request("DELETE", f"/api/tokens/{quote(body['name'], safe='')}", token=admin)
    assert gone.status == 200
    began = time.monotonic()
    assert live.close_code(5) == 4001
    assert time.monotonic() - began < 1
    assert refused(f"{server.ws_url}/ws/live", token=made["token"]).status == 401
    assert server.request("DELETE", f"/api/tokens/{quote(body['name'], safe='')}", token=admin).status == 404


def test_what_a_token_cannot_be_is_said(fed: Fed) -> None:
    admin = fed.server.api_token("admin")
    for body, at_ in (({"name": "a/"}, "name"), ({"name": "a", "series": ["boiler*"]}, "series[0]"), (None, None)):
        reply = fed.server.request("POST", "/api/tokens", json_body=body, token=admin)
        assert (reply.status, reply.error.get("at")) == (400, at_)
    reply = fed.server.request("POST", "/api/tokens", json_body={"name": "a", "board": 999}, token=admin)
    assert (reply.status, reply.error["at"]) == (400, "board")


def test_an_expired_token_ends_with_its_socket(fed: Fed) -> None:
    admin = fed.server.api_token("admin")
    made = post(fed, "/api/tokens", admin, {"name": "short", "expires": "3s"})
    live = fed.server.live(made["token"])
    ask(live, subscribe=["*"])
    (line,) = [one for one in fed.server.get("/api/tokens", admin)["tokens"] if one["name"] == "short"]
    assert live.close_code(20) == 4001
    late = time.time() * 1000 - line["expires"]
    assert -50 <= late < 1_000 * SCALE, f"closed {late:.0f} ms after its end"
    assert refused(f"{fed.server.ws_url}/ws/live", token=made["token"]).status == 401
    (line,) = [one for one in fed.server.get("/api/tokens", admin)["tokens"] if one["name"] == "short"]
    assert line["expired"]


def test_a_role_or_a_board_is_needed_on_the_command_line(fed: Fed) -> None:
    for words in (["token", "add", "x"], ["token", "add", "x", "--role", "viewer", "--write"]):
        done = run_server_py("--config", str(fed.server.config), *words)
        assert done.returncode in {1, 2}
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


def ask(live: Socket, **command: Any) -> dict[str, Any]:
    live.send({"id": "q", **command})
    answer: dict[str, Any] = live.recv_until(lambda message: message.get("id") == "q")
    return answer


def names_until(live: Socket, last: str) -> list[str]:
    """The names of the readings that are pushed, in order, up to the first of ``last``."""
    got: list[str] = []
    while last not in got:
        got += [name for name, _, _ in live.recv_key("readings")]
    return got


def post(fed: Fed, path: str, token_: str, body: object) -> Any:
    reply = fed.server.request("POST", path, json_body=body, token=token_)
    assert reply.status in {200, 201, 202}, (reply.status, reply.body)
    return reply.json()
