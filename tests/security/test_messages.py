"""The size of a message: bounded as it comes in, and as what it would become."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest

from tests.clients import connect
from tests.support import Server, wait_until

LIMIT = 64 << 10
MIB = 1 << 20


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    return module_server({"server.max_message": "64 KiB"})


@pytest.fixture(scope="module")
def addresses(running: Server) -> dict[str, str]:
    """The sockets with the tokens that open them."""
    return {"/ws/device": running.device_token("boiler"), "/ws/live": running.api_token("operator")}


@pytest.mark.parametrize("path", ["/ws/device", "/ws/live"])
def test_a_message_above_the_limit_closes_with_1009(running: Server, addresses: dict[str, str], path: str) -> None:
    """The one at the limit is read; Tornado's own limit would be 10 MB."""
    with connect(running.ws_url + path, token=addresses[path]) as socket:
        socket.send_text(" " * LIMIT)
        answer = socket.recv_until(lambda message: "error" in message)
        assert answer["error"]["code"] == "bad_message"
        socket.send_text(" " * (LIMIT + 1))
        assert socket.close_code() == 1009


@pytest.mark.parametrize("path", ["/ws/device", "/ws/live"])
def test_compression_is_not_taken_up(running: Server, addresses: dict[str, str], path: str) -> None:
    """Without it there is no bomb, and a connection costs a tenth of the memory."""
    with connect(running.ws_url + path, token=addresses[path], compression="deflate") as socket:
        assert "Sec-WebSocket-Extensions" not in (socket.connection.response or socket.connection.request).headers


@pytest.mark.parametrize("path", ["/ws/device", "/ws/live"])
def test_a_bomb_costs_no_memory(running: Server, addresses: dict[str, str], path: str) -> None:
    """A frame that says it is compressed (RSV1), and would be 64 MiB: the socket ends, the memory stays."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(b"\0" * (64 * MIB)) + packer.flush(zlib.Z_SYNC_FLUSH)
    assert len(bomb) < LIMIT + 16
    before = running.rss()
    for _ in range(5):
        silent = running.silent(path, token=addresses[path])
        silent.send_raw(bytes([0xC1, 0xFE]) + min(len(bomb), LIMIT - 1).to_bytes(2, "big") + b"\0" * 4 + bomb[:LIMIT])
        wait_until(silent.closed_by_peer, 10, "the end of the socket")
    assert running.rss() - before < 20 * MIB


def test_a_bomb_over_http_is_bounded_too(running: Server, addresses: dict[str, str]) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(b" " * (64 * MIB)) + packer.flush()
    before = running.rss()
    for _ in range(3):
        reply = running.request(
            "POST",
            "/api/ingest",
            body=bomb,
            token=addresses["/ws/device"],
            headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
        )
        assert reply.error["code"] == "too_large"
    assert running.rss() - before < 20 * MIB
