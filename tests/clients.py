"""The tests' own clients: plain HTTP, WebSockets, and one that never reads. ``tests.support`` hands them on.

They share no code with the server: ``http.client`` and the ``websockets`` library judge what Tornado sends.
Every wait has a limit; none is a fixed time: ``wait_until`` polls a condition.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import select
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from websockets import __version__ as websockets_version
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as ws_connect
from websockets.typing import Origin

_DIRECT: dict[str, Any] = {"legacy": True} if int(websockets_version.split(".")[0]) >= 17 else {}
"""What connects without a ``with`` block, which from version 17 on has to be said."""

SCALE = float(os.environ.get("TEST_TIME_SCALE", "1"))
"""Multiplies every limit: raise it on a slow machine."""

T = TypeVar("T")


def wait_until(predicate: Callable[[], T], timeout: float = 30, what: str = "") -> T:
    """The first true value of ``predicate``; raises TimeoutError (with its last value) after ``timeout`` seconds."""
    until = time.monotonic() + timeout * SCALE
    pause = 0.002
    while not (value := predicate()):
        if time.monotonic() > until:
            raise TimeoutError(f"waited {timeout * SCALE:g} s for {what or predicate}; last value {value!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
    return value


@dataclass
class Reply:
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body, parse_constant=_not_json)

    @property
    def error(self) -> dict[str, Any]:
        """The error object; fails if this is not the one shape of the contract."""
        content = self.json()
        assert set(content) == {"error"}, content
        assert {"code", "message"} <= set(content["error"]), content
        error: dict[str, Any] = content["error"]
        return error


def _not_json(name: str) -> Any:
    raise AssertionError(f"{name} is not JSON")


def request(
    method: str,
    url: str,
    *,
    json_body: Any = None,
    body: bytes | str | None = None,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 30,
) -> Reply:
    """One HTTP request; follows no redirect and raises for no status."""
    parts = urlsplit(url)
    sent = dict(headers or {})
    if json_body is not None:
        body = json.dumps(json_body)
        sent.setdefault("Content-Type", "application/json")
    if token is not None:
        sent.setdefault("Authorization", f"Bearer {token}")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout * SCALE)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body.encode() if isinstance(body, str) else body, sent)
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())  # type: ignore[arg-type]  # case-insensitive get
    finally:
        connection.close()


class Socket:
    """A WebSocket client for tests: JSON in and out, every wait with a limit."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.watch: Callable[[bytes], None] | None = None
        """Sees every frame that comes."""

    def send(self, message: Any) -> None:
        """Send JSON as a text frame."""
        self.connection.send(json.dumps(message))

    def send_text(self, text: str) -> None:
        self.connection.send(text)

    def send_bytes(self, data: bytes) -> None:
        self.connection.send(data)

    def recv(self, timeout: float = 30) -> Any:
        """The next frame, parsed strictly (NaN fails); a binary frame comes back as bytes."""
        frame = self.connection.recv(timeout=timeout * SCALE)
        if self.watch:
            self.watch(frame if isinstance(frame, bytes) else frame.encode())
        return frame if isinstance(frame, bytes) else json.loads(frame, parse_constant=_not_json)

    def recv_until(self, wanted: Callable[[Any], Any], timeout: float = 30) -> Any:
        """The next message that ``wanted`` accepts; the others are dropped."""
        until = time.monotonic() + timeout * SCALE
        while True:
            message = self.recv(max(0.001, (until - time.monotonic()) / SCALE))
            if wanted(message):
                return message

    def recv_key(self, key: str, timeout: float = 30) -> Any:
        """The value of ``key`` in the next message that has it."""
        return self.recv_until(lambda message: isinstance(message, dict) and key in message, timeout)[key]

    def ack_of(self, message_id: int | str, timeout: float = 30) -> None:
        """Wait until the envelope is acknowledged, alone or merged; an error for it fails the test."""

        def settled(message: Any) -> bool:
            if "error" in message and message["error"].get("id") == message_id:
                raise AssertionError(f"envelope {message_id!r} refused: {message['error']}")
            ack = message.get("ack", [])
            return message_id in (ack if isinstance(ack, list) else [ack]) if "ack" in message else False

        self.recv_until(settled, timeout)

    def close_code(self, timeout: float = 30) -> int:
        """Read until the server closes; the code it closed with (1006 if it just went away)."""
        until = time.monotonic() + timeout * SCALE
        try:
            while True:
                self.connection.recv(timeout=max(0.001, until - time.monotonic()))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    def close(self) -> None:
        self.connection.close()

    def drop(self) -> None:
        """Go away without a closing handshake, as a lost network does (but with a RST)."""
        sock = self.connection.socket
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            sock.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(
    url: str,
    *,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    origin: str | None = None,
    compression: str | None = None,
    ping_interval: float | None = None,
    ssl: SSLContext | None = None,
    timeout: float = 30,
) -> Socket:
    """Open a WebSocket. Raises websockets.exceptions.InvalidStatus where the server refuses the upgrade."""
    sent = dict(headers or {})
    if token is not None:
        sent.setdefault("Authorization", f"Bearer {token}")
    connection = ws_connect(
        url,
        additional_headers=sent,
        origin=Origin(origin) if origin is not None else None,
        compression=compression,
        proxy=None,
        max_size=None,
        max_queue=None,
        ping_interval=ping_interval,
        ssl=ssl,
        open_timeout=timeout * SCALE,
        close_timeout=5 * SCALE,
        **_DIRECT,
    )
    return Socket(connection)


def refused(url: str, **options: Any) -> Reply:
    """The HTTP answer to an upgrade that the server is expected to refuse."""
    try:
        connect(url, **options).close()
    except InvalidStatus as error:
        response = error.response
        return Reply(response.status_code, dict(response.headers.raw_items()), bytes(response.body or b""))
    raise AssertionError(f"the server took the upgrade of {url}")


class SilentSocket:
    """A raw WebSocket that sends what it is told and reads nothing after the upgrade, ever."""

    def __init__(self, url: str, token: str | None = None, receive_buffer: int | None = None) -> None:
        parts = urlsplit(url)
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(30 * SCALE)
        self.sock.connect((parts.hostname or "", parts.port or 80))
        lines = [
            f"GET {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            *([f"Authorization: Bearer {token}"] if token else []),
        ]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            byte = self.sock.recv(1)
            assert byte, answer
            answer += byte
        assert b" 101 " in answer.split(b"\r\n")[0], answer

    def send(self, message: Any) -> None:
        """Send JSON as one masked text frame (mask 0, so the payload stands as it is)."""
        data = json.dumps(message).encode()
        head = bytes([0x81, 0x80 | min(len(data), 126)])
        if len(data) >= 126:
            head += len(data).to_bytes(2, "big")
        self.sock.sendall(head + b"\0\0\0\0" + data)

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are: broken frames, half frames."""
        self.sock.sendall(data)

    def closed_by_peer(self) -> bool:
        """Whether the connection is gone, without reading what is buffered while it lives."""
        poll = select.poll()
        poll.register(self.sock, select.POLLRDHUP)
        return any(event & (select.POLLRDHUP | select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))

    def close(self) -> None:
        self.sock.close()
