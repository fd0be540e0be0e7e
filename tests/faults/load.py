"""Load for fault tests: a device that pipelines envelopes and remembers what was acknowledged."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus

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


class Steady(threading.Thread):
    """A device that sends one envelope at a time, again and again until it is acknowledged, until it is stopped."""

    def __init__(self, server: Server, device: str, size: int = BATCH, text: str = "") -> None:
        super().__init__(daemon=True)
        self.server = server
        self.device = device
        self.size = size
        self.text = text
        self.acked: list[int] = []
        self.refused: Counter[str] = Counter()
        self.failure: BaseException | None = None
        self._end = threading.Event()

    def readings(self, envelope: int) -> list[dict[str, Any]]:
        """Numbers whose value tells their place, and texts that take space."""
        first = envelope * self.size
        rows: list[dict[str, Any]] = [{"ts": T0 + n, "values": {"n": n}} for n in range(first, first + self.size)]
        if self.text:
            for n, row in enumerate(rows, first):
                row["values"]["state"] = f"{n} {self.text}"
        return rows

    def wanted(self) -> dict[int, float]:
        """What must be stored of ``n``: {ts - T0: value}."""
        return {n: n for one in self.acked for n in range(one * self.size, (one + 1) * self.size)}

    def run(self) -> None:
        """Send; a lost connection is made again."""
        while not self._end.is_set():
            try:
                self._session()
            except (ConnectionClosed, OSError, TimeoutError, InvalidStatus):
                self._end.wait(0.05)
            except BaseException as failure:  # the test judges what the thread died of
                self.failure = failure
                return

    def _session(self) -> None:
        with self.server.device(device=self.device) as socket:
            last = socket.recv_key("hello")["last_id"]
            envelope = 0 if last is None else last + 1
            while not self._end.is_set():
                socket.send({"id": envelope, "readings": self.readings(envelope)})
                answer = socket.recv_until(lambda message: "ack" in message or "error" in message)
                if "ack" in answer:
                    self.acked.append(envelope)
                    envelope += 1
                else:
                    self.refused[answer["error"]["code"]] += 1
                    self._end.wait(0.02)

    def stop(self) -> None:
        """Send no more, and wait for the end of the thread."""
        self._end.set()
        self.join(60)
        assert self.failure is None, self.failure
