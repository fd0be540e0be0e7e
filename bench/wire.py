"""The client's side of HTTP and WebSocket in as few cycles as Python allows.

Frames are masked as RFC 6455 demands of a client, with one fixed key, so that whole runs are encoded before the
clock starts. Owns no state; knows nothing of targets or figures.
"""

from __future__ import annotations

import re
import socket
from typing import Final

MASK: Final = 0x5A
KEY: Final = bytes([MASK] * 4)
UNMASK: Final = bytes(byte ^ MASK for byte in range(256))
TEXT, PONG = 0x81, 0x8A
PING: Final = re.compile(rb"(?:^|[}\]])\x89([\x00-\x7d])", re.DOTALL)
VALUES: Final = [f'"values":{{"temperature":{20 + step / 100:.2f}}}' for step in range(1000)]
SHORT, MEDIUM = 126, 65536


class Refused(Exception):
    """The server did not do what the load needs; the text is its answer."""


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One complete masked frame."""
    size = len(payload)
    if size < SHORT:
        head = bytes((opcode, 0x80 | size))
    elif size < MEDIUM:
        head = bytes((opcode, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((opcode, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + KEY + payload.translate(UNMASK)


def envelope(number: int, first_ts: int, count: int) -> bytes:
    """The frame of an envelope with ``count`` readings, one a millisecond from ``first_ts`` on.

    Its length does not depend on the values, as long as numbers and times keep their digits.
    """
    readings = ",".join([f'{{"ts":{ts},{VALUES[ts % 1000]}}}' for ts in range(first_ts, first_ts + count)])
    return frame(f'{{"id":{number},"readings":[{readings}]}}'.encode())


def upgrade(port: int, path: str) -> socket.socket:
    """A WebSocket on loopback, its handshake done. Raises Refused on any other answer than 101."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        head += byte
        if not byte:
            break
    if not head.startswith(b"HTTP/1.1 101"):
        raise Refused(head.decode(errors="replace"))
    return connection


def pongs(chunk: bytes) -> bytes:
    """The answers to the pings in what was received."""
    if b"\x89" not in chunk:
        return b""
    return b"".join(frame(chunk[found.end() : found.end() + found.group(1)[0]], PONG) for found in PING.finditer(chunk))
