"""A broker of MQTT 3.1.1 that sends exactly what a test tells it: redeliveries and retained messages at will.

Mosquitto decides by itself when it sends something again; this one does it on command. Layout of the packets: OASIS
MQTT 3.1.1, chapter 3.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self

from tests.support import SCALE, wait_until

CONNECT, PUBACK, SUBSCRIBE, PINGREQ = 1, 4, 8, 12


class ScriptedBroker:
    """Serves one client at a time; ``acknowledged`` are the packet ids of its PUBACKs, in order."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []
        self.connections = 0
        self._subscribed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._peer: socket.socket | None = None
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.drop()

    def ready(self) -> None:
        """Wait for a client that has subscribed."""
        wait_until(lambda: self._subscribed, 60, "a subscription")

    def send(self, topic: str, payload: str, mid: int, *, duplicate: bool = False, retained: bool = False) -> None:
        """PUBLISH at QoS 1."""
        assert self._peer is not None
        name = topic.encode()
        rest = len(name).to_bytes(2, "big") + name + mid.to_bytes(2, "big") + payload.encode()
        self._peer.sendall(bytes([0x32 | duplicate << 3 | retained]) + _length(len(rest)) + rest)

    def drop(self) -> None:
        """Cut the connection."""
        if self._peer is not None:
            self._subscribed = False
            with contextlib.suppress(OSError):
                self._peer.shutdown(socket.SHUT_RDWR)

    def acks(self, count: int) -> list[int]:
        """Wait for so many PUBACKs in all."""
        wait_until(lambda: len(self.acknowledged) >= count, 60, f"{count} acknowledgements")
        return self.acknowledged

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            peer.settimeout(120 * SCALE)
            self._peer = peer
            with contextlib.suppress(OSError):
                self._talk(peer)
            peer.close()

    def _talk(self, peer: socket.socket) -> None:
        stream = peer.makefile("rb")
        while head := stream.read(1):
            size = shift = 0
            while True:
                (byte,) = stream.read(1)
                size |= (byte & 0x7F) << shift
                shift += 7
                if not byte & 0x80:
                    break
            rest = stream.read(size)
            kind = head[0] >> 4
            if kind == CONNECT:
                self.connections += 1
                peer.sendall(bytes([0x20, 2, int(self.connections > 1), 0]))
            elif kind == SUBSCRIBE:
                peer.sendall(bytes([0x90, 3]) + rest[:2] + b"\1")
                self._subscribed = True
            elif kind == PUBACK:
                self.acknowledged.append(int.from_bytes(rest[:2], "big"))
            elif kind == PINGREQ:
                peer.sendall(bytes([0xD0, 0]))


def _length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, digit = divmod(size, 128)
        out.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(out)
