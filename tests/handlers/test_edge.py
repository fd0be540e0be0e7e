"""Limits on connections, and what becomes of clients that are too many or too slow."""

from __future__ import annotations

import contextlib
import json
import resource
import select
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from handlers import edge
from telemetry.throttle import network_of
from tests.support import SCALE, Server, wait_until

HALF_HEADERS = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
HALF_BODY = b"POST /api/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
CHUNKS = b"POST /api/ingest HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{"
CUT_WITHIN = 20.0


@contextlib.contextmanager
def connections(one: Server, count: int, source: str = "127.0.0.1") -> Iterator[list[socket.socket]]:
    """Open connections that have said nothing yet."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection(("127.0.0.1", one.port), 30 * SCALE, (source, 0)))
            for _ in range(count)
        ]


def answer(one: socket.socket) -> tuple[int, dict[str, object]]:
    """Status and error of what the server says of its own accord."""
    said = b""
    while data := one.recv(4096):
        said += data
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]


def taken(one: Server, count: int, token: str) -> None:
    """Wait until the server has so many connections, the one that asks among them."""
    line = f"telltale_connections {count}\n"
    wait_until(lambda: line in one.request("GET", "/metrics", token=token).text, what=line)


def test_one_connection_more_from_an_address_is_told_so_and_counted(server: Callable[..., Server]) -> None:
    one = server({"server.max_connections_per_address": "20"})
    token = one.api_token()
    with connections(one, 19):
        taken(one, 20, token)
        with connections(one, 1) as (last,), connections(one, 1) as (refused,):
            status, error = answer(refused)
            assert (status, error["code"]) == (429, "rate_limited")
            with connections(one, 1, "127.0.0.2") as (other,):  # nobody else pays for it
                other.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
                assert other.recv(64).startswith(b"HTTP/1.1 200")
            last.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            assert last.recv(64).startswith(b"HTTP/1.1 200")
    taken(one, 1, token)
    assert one.metrics(token)['telltale_connections_refused_total{limit="address"}'] == 1
    assert one.log().count("too many connections from this address, the last from 127.0.0.1") == 1


def test_one_connection_more_in_all_is_told_so_and_counted(server: Callable[..., Server]) -> None:
    one = server({"server.max_connections": "30", "server.max_connections_per_address": "15"})
    token = one.api_token()
    with connections(one, 15, "127.0.0.2"), connections(one, 14, "127.0.0.3"), connections(one, 1):
        with connections(one, 1, "127.0.0.4") as (refused,):
            status, error = answer(refused)
        assert (status, error["code"]) == (503, "try_later")
    taken(one, 1, token)
    # asking may be refused too, until those that were closed are seen to be gone
    assert one.metrics(token)['telltale_connections_refused_total{limit="all"}'] >= 1


def test_sockets_are_connections_as_long_as_they_are_open(server: Callable[..., Server]) -> None:
    """They have left the HTTP server's own list, but not the limit."""
    one = server({"server.max_connections_per_address": "4"})
    token = one.api_token()
    live = [one.live(token) for _ in range(4)]
    with connections(one, 1) as (refused,):
        assert answer(refused)[0] == 429
    live[0].close()
    wait_until(lambda: not _refused(one), what="a free place")


def _refused(one: Server) -> bool:
    with connections(one, 1) as (probe,):
        probe.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return not probe.recv(64).startswith(b"HTTP/1.1 200")


def test_a_trusted_proxy_may_have_as_many_as_there_are(server: Callable[..., Server]) -> None:
    one = server({"server.max_connections_per_address": "2", "server.trusted_proxies": "127.0.0.0/8"})
    with connections(one, 10):
        assert not _refused(one)


def test_half_sent_requests_are_cut_in_time_and_cost_nobody_else(server: Callable[..., Server]) -> None:
    """1,000 of them, some of which go on sending a byte now and then; others are answered meanwhile."""
    one = server({"devices.admission": "open"})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        with connections(one, 1000) as slow:
            began = time.monotonic()
            for number, peer in enumerate(slow):
                peer.sendall((HALF_HEADERS, HALF_BODY, CHUNKS, b"")[number % 4])
                peer.setblocking(False)
            poll = select.poll()
            for peer in slow:
                poll.register(peer, select.POLLIN | select.POLLRDHUP)
            open_ = {peer.fileno(): peer for peer in slow}
            slowest = 0.0
            while open_ and time.monotonic() - began < 3 * CUT_WITHIN * SCALE:
                for peer in list(open_.values())[::10]:
                    with contextlib.suppress(OSError):
                        peer.send(b"1")
                for fileno, _ in poll.poll(500):
                    poll.unregister(fileno)
                    open_.pop(fileno)
                asked = time.monotonic()
                assert one.request("GET", "/healthz").status == 200
                slowest = max(slowest, time.monotonic() - asked)
            took = time.monotonic() - began
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not open_
    assert took < CUT_WITHIN * SCALE
    assert slowest < 1.0 * SCALE


def test_headers_beyond_the_limit_end_the_connection_only(server: Callable[..., Server]) -> None:
    one = server()
    with connections(one, 1) as (peer,):
        peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
        with contextlib.suppress(OSError):
            peer.sendall(b"x" * (102 << 10) + b"\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert not peer.recv(4096).startswith(b"HTTP/1.1 200")
    assert one.request("GET", "/healthz", headers={"X-Long": "x" * (edge.HEADERS_MAX - 1000)}).status == 200


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=b"}
BODIES = {
    "fields": ("/login", FORM, b"a&" * 1_000_000),
    "parts": ("/login", PARTS, b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 60_000 + b"--b--\r\n"),
    "nested lists": ("/api/ingest?device=d", {"Content-Type": "application/json"}, b"[" * 1_000_000),
    "nested objects": ("/api/ingest?device=d", {"Content-Type": "application/json"}, b'{"a":' * 500_000),
    "nested maps": ("/api/ingest?device=d", {"Content-Type": "application/cbor"}, b"\xa1\x61a" * 500_000),
}


@pytest.mark.parametrize("kind", BODIES)
def test_bodies_that_are_all_structure_are_refused_without_a_pause(server: Callable[..., Server], kind: str) -> None:
    """Measured by what someone else waits meanwhile; reading the megabytes themselves takes a part of it."""
    one = server({"devices.admission": "open"})
    path, headers, body = BODIES[kind]
    one.request("POST", path, body=body[:100], headers=headers)  # what is imported when first needed
    memory = one.rss()
    for _ in range(3):
        assert one.request("POST", path, body=body, headers=headers).status == 400
    assert one.rss() - memory < 40 << 20
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    stalls = []
    for _ in range(3):  # a busy machine makes one slow, not all
        with connections(one, 1) as (peer,):
            length = f"Content-Length: {len(body)}\r\n"
            peer.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{length}{head}\r\n".encode() + body[:-1])
            assert one.request("GET", "/healthz").status == 200  # all but the last byte has arrived
            peer.sendall(body[-1:])
            asked = time.monotonic()
            assert one.request("GET", "/healthz").status == 200
            stalls.append(time.monotonic() - asked)
            assert peer.recv(64).startswith(b"HTTP/1.1 400")
    assert min(stalls) < 0.1 * SCALE


def test_a_peer_that_takes_nothing_is_dropped(server: Callable[..., Server]) -> None:
    """It asks for more than the system's buffers hold, and reads none of it."""
    one = server({"live.ping_timeout": "1"})
    token = one.api_token()
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect(("127.0.0.1", one.port))
        peer.sendall(b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n" * 4000)
        taken(one, 2, token)
        taken(one, 1, token)


def test_the_limit_follows_the_open_files_of_the_system(server: Callable[..., Server]) -> None:
    """A server that ran out of files could not even write what it was sent."""
    one = server(wrap=["prlimit", "--nofile=400:400"])
    assert "the system allows 200 connections, not 16384" in one.log()
    with connections(one, 199):
        assert not _refused(one)
        with connections(one, 1), connections(one, 1) as (refused,):
            assert answer(refused)[0] == 503


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.5", "10.0.0.5"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:10.0.0.5", "10.0.0.5"),
        ("@", "@"),
    ],
)
def test_what_one_subscriber_holds_counts_as_one(address: str, network: str) -> None:
    assert network_of(address) == network
