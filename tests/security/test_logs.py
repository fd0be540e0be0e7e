"""Nothing that is sent to a server writes a line of its own into its log, or moves the terminal that shows it."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.support import Server

EVENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: ")
FORGED = "2026-01-01 00:00:00,000 CRITICAL telltale: all is lost"
WILD = [f"a\r\n{FORGED}", "\x1b[2J\x1b[31m", "\u202egnp", f"b\u2028{FORGED}", f"\x85{FORGED}", "\x00\x07"]


@pytest.fixture
def talkative(server: Callable[..., Server]) -> Server:
    return server({"storage.commit_interval": "0", "log.level": "debug", "devices.admission": "approve"})


def test_names_and_paths_stay_inside_of_their_line(talkative: Server) -> None:
    """As ids of devices, metrics, values, users, paths, headers, and lines of a file."""
    gateway, admin = talkative.device_token("site", "--gateway"), talkative.api_token("admin")
    talkative.cli("user", "add", "anna", "--role", "viewer", stdin="correct horse battery\n")
    for text in WILD:
        escaped = quote(text, safe="")
        body = [{"device": text, "values": {text: 1, "state": text}}]
        talkative.request("POST", "/api/ingest", json_body=body, token=gateway)
        talkative.request("POST", "/write", body=f"{text},d={text} {text}=1".encode(), token=gateway)
        talkative.request("POST", f"/api/ingest?device={escaped}", json_body={"t": 1})
        talkative.request("GET", f"/{escaped}?x={escaped}", token=admin)
        talkative.request("GET", f"/api/latest?series={escaped}", token=escaped)
        talkative.request("POST", "/login", body=f"name={escaped}&password={escaped}&next={escaped}".encode(),
                          headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
        talkative.request("POST", "/api/import", body=f"device,metric,ts,value\n{text},t,1,1\n".encode(), token=admin)
        talkative.request("POST", "/api/boards", json_body={"name": text, "parts": []}, token=admin)
        with socket.create_connection(("127.0.0.1", talkative.port)) as raw:
            raw.sendall(f"GET /healthz HTTP/1.1\r\nHost: {text}\r\nX: {text}\r\n\r\n".encode())
            raw.settimeout(10)
            raw.recv(100)
    talkative.expect_log("all is lost")  # the forged event, inside of a line of ours
    talkative.stop()
    log = (talkative.directory / "stderr").read_bytes().decode()
    lines = log.removesuffix("\n").split("\n")
    assert len(lines) > 20, "at debug every request has a line"
    for line in lines:
        assert line.isprintable(), repr(line)
        assert EVENT.match(line) or line.startswith("    "), repr(line)
    assert not any(line.startswith(FORGED) for line in lines)
