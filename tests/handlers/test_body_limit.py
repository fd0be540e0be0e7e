"""Bodies above ``[server] max_body``: 413 in the one shape, by every way to send one, and nothing in the log."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from handlers.body_limit import DROPPED_MAX, HELD_MAX
from tests.faults.changed import changed
from tests.support import SCALE, Server, wait_until

LIMIT = 1024


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    return module_server({"storage.commit_interval": "0", "server.max_body": str(LIMIT)})


@pytest.fixture(scope="module")
def token(running: Server) -> str:
    return running.device_token("boiler")


def body(size: int) -> bytes:
    """A good message of exactly ``size`` bytes."""
    return b'{"t": 1' + b" " * (size - 8) + b"}"


def post(server: Server, path: str, data: bytes, token: str, **headers: str) -> tuple[int, str]:
    reply = server.request("POST", path, body=data, token=token, headers=headers)
    return reply.status, "" if reply.status == 200 else reply.error["code"]


def test_limit_itself_is_taken_and_one_byte_more_is_not(running: Server, token: str) -> None:
    assert post(running, "/api/ingest", body(LIMIT), token) == (200, "")
    assert post(running, "/api/ingest", body(LIMIT + 1), token) == (413, "too_large")


@pytest.mark.parametrize("path", ["/api/ingest", "/login", "/api/devices/approve", "/nothing", "/api/latest"])
def test_every_address_refuses_a_large_body(running: Server, token: str, path: str) -> None:
    """Also one that is larger than all buffers on the way: the client gets to read the answer."""
    assert post(running, path, body(8 << 20), token) == (413, "too_large")


def test_host_is_checked_first(running: Server, token: str) -> None:
    assert post(running, "/api/ingest", body(5000), token, Host="evil.example") == (421, "bad_host")


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (LIMIT + 1, 413), (1 << 20, 413)])
def test_chunked_body_is_counted_too(running: Server, token: str, size: int, status: int) -> None:
    def pieces() -> Iterator[bytes]:
        data = body(size)
        yield from (data[at : at + 4096] for at in range(0, size, 4096))

    connection = HTTPConnection("127.0.0.1", running.port, timeout=30 * SCALE)
    try:
        headers = {"Authorization": f"Bearer {token}"}
        connection.request("POST", "/api/ingest", pieces(), headers, encode_chunked=True)
        answer = connection.getresponse()
        assert answer.status == status, answer.read()
        answer.read()
        connection.request("GET", "/healthz")  # the connection goes on
        assert connection.getresponse().status == 200
    finally:
        connection.close()


def test_endless_body_is_answered_and_cut_off(running: Server, token: str) -> None:
    """A client that never stops sending costs what is dropped, no memory, and only until the bound."""
    before = running.rss()
    with socket.create_connection(("127.0.0.1", running.port), timeout=30 * SCALE) as sock:
        head = f"POST /api/ingest HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        sock.sendall(f"{head}Content-Length: {1 << 40}\r\n\r\n".encode())
        with pytest.raises(ConnectionError):
            sock.sendall(b" " * 8 * DROPPED_MAX)
    assert running.rss() - before < DROPPED_MAX // 2
    assert running.request("GET", "/healthz").status == 200


def test_client_that_goes_away_in_its_body_is_forgotten(running: Server, token: str) -> None:
    """Below the limit and above it."""
    for sent in (100, 5000):
        with socket.create_connection(("127.0.0.1", running.port), timeout=30 * SCALE) as sock:
            head = f"POST /api/ingest HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            sock.sendall(f"{head}Content-Length: 100000\r\n\r\n".encode() + b" " * sent)
    assert wait_until(lambda: running.request("GET", "/healthz").status == 200)


def test_bodies_that_come_at_once_do_not_fill_the_memory(server: Callable[..., Server]) -> None:
    """Together they get HELD_MAX and no more; who finds no room is told to come again, and the next one is served."""
    one = server()
    size = 4 << 20
    head = f"POST /login HTTP/1.1\r\nHost: {urlsplit(one.url).netloc}\r\nContent-Type: text/plain\r\n"
    strangers = [socket.create_connection(("127.0.0.1", one.port), timeout=30) for _ in range(2 * HELD_MAX // size)]
    for stranger in strangers:
        stranger.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode() + b"x" * (size - 1))
    for stranger in strangers:
        stranger.sendall(b"x")
    answers = [stranger.recv(12) for stranger in strangers]
    for stranger in strangers:
        stranger.close()
    assert b"HTTP/1.1 503" in answers
    assert b"HTTP/1.1 503" not in (answers[0], answers[1])
    token = one.device_token("boiler")
    wait_until(
        lambda: one.request("POST", "/api/ingest", body=b'{"t": 1' + b" " * 300_000 + b"}", token=token).status == 200,
        10,
    )


def dripped(server: Server, length: str, pieces: int, token: str) -> bytes:
    """The first bytes of the answer to a body of 20 KiB a second; empty if the connection was cut."""
    head = f"POST /api/ingest HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{length}\r\n\r\n"
    chunked = "chunked" in length
    with socket.create_connection(("127.0.0.1", server.port), timeout=30 * SCALE) as sock:
        sock.sendall(head.encode())
        for number in range(pieces):
            piece = b'{"t": 1' + b" " * 1017 if not number else b" " * (1023 if number == pieces - 1 else 1024)
            piece += b"}" if number == pieces - 1 else b""
            try:
                sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            except OSError:
                return b""
            time.sleep(0.05)
        try:
            sock.sendall(b"0\r\n\r\n" if chunked else b"")
            return sock.recv(12)
        except OSError:
            return b""


def test_a_body_gets_the_time_that_its_length_needs_and_no_more(server: Callable[..., Server], tmp_path: Path) -> None:
    """A long one comes through in more time than a short one gets; each has to come at 8 KiB/s."""
    old = "BODY_TIME, SLOWEST = 15.0, 8 << 10"
    one = server(
        source=changed(tmp_path / "copy", {"handlers/body_limit.py": {old: "BODY_TIME, SLOWEST = 1.0, 8 << 10"}})
    )
    token = one.device_token("boiler")
    assert dripped(one, f"Content-Length: {40 << 10}", 40, token) == b"HTTP/1.1 200"
    began = time.monotonic()
    assert dripped(one, f"Content-Length: {16 << 10}", 1, token) == b"", "3 s, and the rest has not come"
    assert 2.5 < time.monotonic() - began < 10 * SCALE
    assert dripped(one, "Transfer-Encoding: chunked", 40, token) == b"", "of unknown length: what every body gets"
