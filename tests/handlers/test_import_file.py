"""Imports over HTTP: of any size, in bounded memory, with a report."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from handlers.import_file import REPORTED
from tests.support import Reply, Server, run_server_py, wait_until
from tests.telemetry.recorder import Made

T0 = 1_700_000_000_000
HEAD = b"device,metric,ts,value\n"


@pytest.fixture(scope="module")
def one(module_server: Callable[..., Server]) -> Server:
    """Its largest ordinary body is small."""
    return module_server({"server.max_body": "64 KiB"})


def post(server: Server, body: bytes, role: str = "operator", **options: Any) -> Reply:
    return server.request("POST", "/api/import", body=body, token=server.api_token(role), **options)


def test_a_file_larger_than_any_other_body(one: Server) -> None:
    data = HEAD + b"".join(b"big,t,%d,%d\n" % (T0 + n, n) for n in range(20_000))
    reply = post(one, data)
    assert reply.status == 200
    assert reply.json() == {"accepted": 20_000, "stored": 20_000, "duplicate": 0, "refused": 0, "lines": []}
    assert post(one, gzip.compress(data, mtime=0)).json()["duplicate"] == 20_000
    assert one.get("/api/latest", one.api_token(), series="big/*")["latest"] == [["big/t", T0 + 19_999, 19_999.0]]


def test_other_bodies_keep_their_limit(one: Server) -> None:
    reply = one.request("POST", "/api/ingest", body=b" " * 70_000, token=one.device_token("d"))
    assert reply.status == 413


def test_refused_lines_are_counted_and_the_first_named(one: Server) -> None:
    report = post(one, HEAD + b"x\n" * 500 + b"few,t,%d,1\n" % T0).json()
    assert (report["accepted"], report["refused"], len(report["lines"])) == (1, 500, REPORTED)
    assert report["lines"][0] == {"line": 2, "message": "4 cells are expected, not 1"}


@pytest.mark.parametrize("body", [b"nonsense\n", b"SQLite format 3\0" + bytes(100), b"\x1f\x8bnonsense nonsense"])
def test_what_is_no_file_of_readings_is_bad_message(one: Server, body: bytes) -> None:
    reply = post(one, body + b"\n" * (2 << 20))
    assert (reply.status, reply.error["code"]) == (400, "bad_message")


def test_the_way_to_import_a_recorder_database_is_told_and_works(one: Server) -> None:
    """Such a file is read here and there: it cannot be taken in as a stream."""
    made = Made(one.directory / "home-assistant_v2.db")
    made.entity("sensor.hall_t", [(T0 // 1000 + n, str(n)) for n in range(3)])
    path = made.close()
    reply = post(one, path.read_bytes())
    assert (reply.status, reply.error["code"]) == (400, "bad_message")
    assert "Home Assistant" in reply.error["message"]
    assert "python server.py import FILE" in reply.error["message"]
    assert json.loads(one.cli("import", str(path)))["stored"] == 3
    viewer = one.api_token()
    assert one.get("/api/series", viewer, series="homeassistant/sensor.hall_t")["series"][0]["count"] == 3


def test_a_quota_that_ends_an_import_is_named_with_what_to_do(server: Callable[..., Server]) -> None:
    """Names of series are no readings that could go to make room; over HTTP, and over the control socket."""
    small = server({"storage.quota": "16 MiB"})
    lines = (b"%0120d,%0120d,%d,1\n" % (n, n, T0) for n in range(19_000))
    data = HEAD + b"".join(lines)
    reply = post(small, data)
    assert (reply.status, reply.error["code"]) == (503, "try_later")
    assert "[storage] quota = 16 MiB" in reply.error["message"]
    assert "raise the quota" in reply.error["message"]
    assert str(small.directory) not in reply.error["message"]
    file = small.directory / "many.csv"
    file.write_bytes(data)
    for running in (True, False):
        if not running:
            small.stop()
        done = run_server_py("--config", str(small.config), "import", str(file))
        assert done.returncode == 1
        assert "[storage] quota = 16 MiB" in done.stderr
        assert "raise the quota" in done.stderr
    small.start()
    assert post(small, HEAD + b"few,t,%d,1\n" % T0).json()["stored"] == 1


def test_no_body_is_no_reading(one: Server) -> None:
    assert post(one, b"").json()["accepted"] == 0


def test_viewers_import_nothing(one: Server) -> None:
    assert post(one, HEAD, "viewer").status == 403
    assert one.request("POST", "/api/import", body=HEAD).status == 401
    assert one.request("GET", "/api/import", token=one.api_token("operator")).status == 405


def begun(server: Server, token: str, length: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", server.port))
    client.sendall(
        f"POST /api/import HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Length: {length}\r\n\r\n".encode()
    )
    return client


def test_a_client_that_goes_leaves_what_was_loaded_and_the_rest_comes_later(one: Server) -> None:
    data = HEAD + b"".join(b"cut,t,%d,%d\n" % (T0 + n, n) for n in range(1_200_000))
    token = one.api_token("operator")
    client = begun(one, token, len(data))
    with closing(client):
        client.sendall(data[: len(data) // 2])
        wait_until(lambda: one.get("/api/latest", token, series="cut/*")["latest"], 30, "the first readings")
    report = post(one, data).json()
    assert report["accepted"] == 1_200_000
    assert one.get("/api/series", token, series="cut/*")["series"][0]["count"] == 1_200_000


def test_memory_does_not_grow_with_the_file(one: Server) -> None:
    before = one.rss()
    most = before
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.02):
            most = max(most, one.rss())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        report = post(one, HEAD + b"".join(b"mem,t,%d,%d\n" % (T0 + n, n % 100) for n in range(800_000))).json()
    finally:
        done.set()
        watcher.join()
    assert report["stored"] == 800_000
    assert most - before < 100 << 20


def test_a_revoked_token_ends_an_import(one: Server) -> None:
    token = one.api_token("operator", "short")
    client = begun(one, token, 1_000_000)
    client.sendall(HEAD)
    one.cli("token", "revoke", "short")
    client.settimeout(30)
    client.sendall(b" " * (1_000_000 - len(HEAD)))
    assert b"503" in client.recv(100)
    client.close()
