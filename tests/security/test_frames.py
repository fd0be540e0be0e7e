"""Broken WebSocket frames, thousands of them, on both endpoints of a real server.

The server lives, its memory is flat, its log has no bug, and a client that keeps to the rules is served before, between
and after. 2,000 frames in the suite; ``FUZZ_FRAMES=20000`` is the long form, ``FUZZ_SEED`` repeats a run.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections.abc import Callable
from random import Random

import pytest

from tests.security.frames import COMMANDS, MUTATIONS, READINGS, frame, mutated
from tests.support import Server, SilentSocket, wait_until

FRAMES = int(os.environ.get("FUZZ_FRAMES", "2000"))
SEED = int(os.environ.get("FUZZ_SEED", "20261121"))
MIB = 1 << 20
ROUNDS = 4
A_SOCKET = 25
"""Frames that one socket gets if it lives that long."""


def fuzz(server: Server, path: str, token: str, random: Random, frames: int) -> int:
    """Send frames until so many are gone; how many sockets that took."""
    sockets = sent = 0
    seeds = READINGS if path == "/ws/device" else COMMANDS
    while sent < frames:
        silent = SilentSocket(server.ws_url + path, token)
        sockets += 1
        silent.sock.settimeout(10)
        with contextlib.suppress(OSError):
            for _ in range(min(A_SOCKET, frames - sent)):
                sent += 1
                silent.send_raw(mutated(random, seeds))
                drain(silent.sock)
                if silent.closed_by_peer():
                    break
        if random.random() < 0.5:
            with contextlib.suppress(OSError):
                silent.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        silent.close()
    return sockets


def drain(sock: socket.socket) -> None:
    """Read what has come; wait for nothing."""
    while select.select([sock], [], [], 0)[0] and sock.recv(65536):
        pass


def works(server: Server, tokens: dict[str, str], number: int) -> None:
    """A device and a browser that keep to the rules."""
    with server.device(tokens["good"]) as device, server.live(tokens["/ws/live"]) as live:
        device.recv_key("hello")
        live.send({"id": 1, "subscribe": ["good/*"]})
        assert live.recv_until(lambda message: message.get("id") == 1)["ok"] is True
        device.send({"id": number, "readings": [{"values": {"n": number}}]})
        device.ack_of(number)
        live.recv_until(lambda message: any(one[2] == number for one in message.get("readings", ())))


def test_broken_frames_harm_nobody(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "0", "live.ping_timeout": "10"})
    tokens = {
        "good": one.device_token("good"),
        "/ws/device": one.device_token("bad"),
        "/ws/live": one.api_token("operator"),
    }
    works(one, tokens, 0)
    random = Random(SEED)
    memory = []
    for number in range(1, ROUNDS + 1):
        for path in ("/ws/device", "/ws/live"):
            fuzz(one, path, tokens[path], random, FRAMES // ROUNDS // 2)
        assert one.running, one.log()
        works(one, tokens, number)
        memory.append(one.rss())
    wait_until(lambda: not [n for name, n in one.metrics(tokens["/ws/live"]).items() if "sockets{" in name and n], 30)
    assert memory[-1] - memory[0] < 8 * MIB, [round(value / MIB, 1) for value in memory]
    assert one.get("/api/latest", tokens["/ws/live"], series="good/n")["latest"][0][2] == ROUNDS


@pytest.mark.parametrize("name", MUTATIONS)
@pytest.mark.parametrize("path", ["/ws/device", "/ws/live"])
def test_every_way_to_break_a_frame_is_survived_alone(
    module_fuzzed: tuple[Server, dict[str, str]], path: str, name: str
) -> None:
    """The socket may end; the next one is served."""
    one, tokens = module_fuzzed
    silent = SilentSocket(one.ws_url + path, tokens[path])
    body = b'{"id":1,"subscribe":["*"]}' if path == "/ws/live" else b'{"t":1}'
    with contextlib.suppress(OSError):
        silent.send_raw(MUTATIONS[name](Random(SEED), body))
        silent.send_raw(frame(b'{"id":2}'))
    silent.close()
    assert one.running
    assert one.get("/healthz")["status"] in ("ok", "degraded")


@pytest.fixture(scope="module")
def module_fuzzed(module_server: Callable[..., Server]) -> tuple[Server, dict[str, str]]:
    one = module_server()
    return one, {"/ws/device": one.device_token("bad"), "/ws/live": one.api_token("operator")}


@pytest.mark.parametrize("path", ["/ws/device", "/ws/live"])
@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (frame(b"\xff\xfe"), {1006, 1007}),
        (frame(b"x" * 300, 9), {1002, 1006}),
        (frame(b"{}", rsv=4), {1002, 1006}),
        (frame(b"{}", 3), {1002, 1006}),
        (frame(b"{}", 0), {1002, 1006}),
        (frame(b"", length=1 << 40, width=8), {1009}),
    ],
    ids=["text that is none", "long ping", "reserved bit", "reserved opcode", "no start", "endless"],
)
def test_a_frame_that_breaks_the_protocol_ends_its_socket(
    module_fuzzed: tuple[Server, dict[str, str]], path: str, broken: bytes, code: set[int]
) -> None:
    """RFC 6455 sections 5.1, 5.2, 5.4, 5.5, 7.4.1, 8.1."""
    one, tokens = module_fuzzed
    silent = SilentSocket(one.ws_url + path, tokens[path])
    silent.send_raw(broken)
    wait_until(silent.closed_by_peer, 10, "the end of the socket")
    assert closing_code(silent) in code
    silent.close()


def closing_code(silent: SilentSocket) -> int:
    """The code in the close frame that came last; 1006 where there was none."""
    data = b""
    with contextlib.suppress(OSError):
        while piece := silent.sock.recv(65536):
            data += piece
    at = data.rfind(b"\x88")
    return 1006 if at < 0 or len(data) < at + 4 else int.from_bytes(data[at + 2 : at + 4], "big")
