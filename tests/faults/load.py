"""Load for fault tests: a device that pipelines envelopes and remembers what was acknowledged."""

from __future__ import annotations

import threading
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.support import Server, Socket

T0 = 1_700_000_000_000
BATCH = 10


class Device:
    """Sends envelopes of BATCH readings one after another, each value once; a thread reads the acks."""

    def __init__(self, server: Server, device: str, token: str) -> None:
        self.server = server
        self.device = device
        self.token = token
        self.sent = 0
        self.acked: set[int] = set()
        self.errors: list[dict[str, Any]] = []
        self._socket: Socket | None = None

    def readings(self, envelope: int) -> list[dict[str, Any]]:
        """The readings of an envelope: their values tell where they belong."""
        first = envelope * BATCH
        return [{"ts": T0 + n, "values": {"n": n}} for n in range(first, first + BATCH)]

    def connect(self) -> Any:
        """Connect, and go on after what the server says it has: the rest is sent again."""
        self._socket = self.server.device(self.token)
        hello = self._socket.recv_key("hello")
        self.sent = 0 if hello["last_id"] is None else hello["last_id"] + 1
        threading.Thread(target=self._read, args=(self._socket,), daemon=True).start()
        return hello

    def send(self, envelopes: int) -> None:
        """Send envelopes; a lost connection ends it quietly."""
        try:
            for _ in range(envelopes):
                assert self._socket is not None
                self._socket.send({"id": self.sent, "readings": self.readings(self.sent)})
                self.sent += 1
        except ConnectionClosed:
            pass

    def drop(self) -> None:
        """Lose the connection."""
        if self._socket is not None:
            self._socket.drop()

    def _read(self, socket: Socket) -> None:
        try:
            while True:
                message = socket.recv(600)
                acks = message.get("ack", [])
                self.acked.update(acks if isinstance(acks, list) else [acks])
                if "error" in message:
                    self.errors.append(message["error"])
        except (ConnectionClosed, TimeoutError):
            pass


def stored(server: Server, series: str, token: str) -> dict[int, float]:
    """Everything the API has of a series as {ts - T0: value}; fails if a time comes twice."""
    answer = server.get("/api/history", token, series=series, from_=T0 - 1, to=T0 + 10**9, points=1_000_000)
    columns = answer["series"].get(series, {"resolution": "raw", "t": [], "v": []})
    assert columns["resolution"] == "raw"
    times = [ts - T0 for ts in columns["t"]]
    assert len(times) == len(set(times)), "a time came twice"
    return dict(zip(times, columns["v"], strict=True))
