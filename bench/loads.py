"""The load generator, a process of its own: ``python -m bench.loads`` reads a JSON order, prints a JSON result.

``flood`` keeps a window of envelopes in flight on every connection until its time is over, then waits for the rest
of the acks. ``pace`` sends single readings on a fixed schedule (open loop: it never waits for an answer) while
browsers listen, and works out who received what when only after the last one. Both encode before the clock starts,
and report their own processor time: on two cores it must stay well below one.
"""

from __future__ import annotations

import bisect
import gc
import json
import re
import select
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final, TypedDict

from bench.wire import Refused, envelope, frame, pongs, upgrade

FIRST_ID: Final = 7_000_000_000
ID: Final = re.compile(rb'(?<!last_id":)(?<!\d)7\d{9}(?!\d)')
"""An envelope's id in an ack; the one in a hello is that of an earlier load."""
NUMBER: Final = re.compile(rb"(?<![\d.])(\d{10})\.25(?=\D)")
RECEIVE: Final = 1 << 18
PATIENCE: Final = 30.0
SETTLE: Final = 0.3
STEP: Final = 0.2
DAY_MS: Final = 86_400_000


class Flood(TypedDict):
    """Order: connections, envelopes in flight on each, readings in each, seconds, and at most how many readings."""

    port: int
    connections: int
    window: int
    batch: int
    seconds: float
    most: int


class Pace(TypedDict):
    """Order: single readings a second over so many devices, heard by so many browsers on ``live``."""

    port: int
    live: str
    rate: int
    devices: int
    browsers: int
    seconds: float
    percentiles: bool


@dataclass(slots=True)
class Sender:
    """One device connection of a flood."""

    connection: socket.socket
    frames: memoryview
    size: int
    window: int
    sent: int = 0
    acked: int = 0
    rest: bytes = b""

    def push(self) -> None:
        """Send what the window and the kernel allow; a frame may go out in parts."""
        until = min(len(self.frames), (self.acked + self.window) * self.size)
        if self.sent < until:
            try:
                self.sent += self.connection.send(self.frames[self.sent : until])
            except BlockingIOError:
                return

    def pull(self) -> None:
        """Count the acks that have come."""
        chunk = self.connection.recv(RECEIVE)
        if not chunk or b'"error"' in chunk:
            raise Refused(f"after {self.acked} acks: {chunk[:300]!r}")
        if answer := pongs(chunk):
            self.connection.sendall(answer)
        text = self.rest + chunk
        end = text.rfind(b"}") + 1
        self.rest = text[end:]
        self.acked += len(ID.findall(text, 0, end))

    def stop(self) -> None:
        """Send nothing beyond the frame that is on its way."""
        self.frames = self.frames[: -(-self.sent // self.size) * self.size]

    @property
    def done(self) -> bool:
        """Whether all that was sent is acknowledged."""
        return self.acked * self.size >= len(self.frames)


def flood(order: Flood) -> dict[str, float]:
    """Run a flood; rates are acknowledged readings a second, from the first send to the last ack."""
    now = int(time.time() * 1000)
    each = order["most"] // order["batch"] // order["connections"]
    senders = []
    for index in range(order["connections"]):
        connection = upgrade(order["port"], f"/ws/device?device=bench-{index}")
        frames = [
            envelope(FIRST_ID + number, now - DAY_MS + number * order["batch"], order["batch"])
            for number in range(each)
        ]
        connection.setblocking(False)
        senders.append(Sender(connection, memoryview(b"".join(frames)), len(frames[0]), order["window"]))
    gc.freeze()
    started, cpu = time.perf_counter(), time.process_time()
    _drive(senders, started + order["seconds"])
    elapsed, busy = time.perf_counter() - started, time.process_time() - cpu
    readings = sum(sender.acked for sender in senders) * order["batch"]
    return {
        "readings": readings,
        "seconds": elapsed,
        "rate": readings / elapsed,
        "exhausted": float(all(sender.acked == each for sender in senders)),
        "generator_cpu": busy / elapsed,
    }


def _drive(senders: list[Sender], deadline: float) -> None:
    poll = select.epoll()
    by_number = {sender.connection.fileno(): sender for sender in senders}
    for number in by_number:
        poll.register(number, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
    sending = True
    open_ones = len(senders)
    while open_ones:
        events = poll.poll(PATIENCE)
        if not events:
            raise Refused("no ack for 30 s")
        if sending and time.perf_counter() >= deadline:
            sending = False
            for sender in senders:
                sender.stop()
            open_ones = sum(not sender.done for sender in senders)
        for number, event in events:
            sender = by_number[number]
            was_done = sender.done
            if event & select.EPOLLIN:
                _pull_all(sender)
            sender.push()
            open_ones -= sender.done and not was_done


def _pull_all(sender: Sender) -> None:
    """Edge-triggered: read until the kernel has no more."""
    try:
        while True:
            sender.pull()
    except BlockingIOError:
        return


@dataclass(slots=True)
class Heard:
    """What one connection received, and when: looked at only after the run."""

    connection: socket.socket
    chunks: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def receive(self) -> None:
        """Take what is there, with the time."""
        chunk = self.connection.recv(RECEIVE)
        self.times.append(time.perf_counter())
        if not chunk or b'"error"' in chunk:
            raise Refused(f"closed or refused: {chunk[:300]!r}")
        self.chunks.append(chunk)
        if answer := pongs(chunk):
            self.connection.sendall(answer)

    def count(self, pattern: re.Pattern[bytes]) -> int:
        """How many matches there are so far."""
        return len(pattern.findall(b"".join(self.chunks)))

    def found(self, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, float]]:
        """(number, time its last byte was received) of every match."""
        ends = list(accumulate(map(len, self.chunks)))
        for match in pattern.finditer(b"".join(self.chunks)):
            number = int(match.group(match.lastindex or 0)) - FIRST_ID
            yield number, self.times[bisect.bisect_left(ends, match.end())]


def pace(order: Pace) -> dict[str, Any]:
    """Run on a schedule; latencies in ms from just before ``send`` to just after ``recv``."""
    devices = [Heard(upgrade(order["port"], f"/ws/device?device=bench-{n}")) for n in range(order["devices"])]
    browsers = [Heard(upgrade(order["port"], order["live"])) for _ in range(order["browsers"])]
    for browser in browsers:
        browser.connection.sendall(frame(b'{"id":1,"subscribe":["*"]}'))
    total = int(order["rate"] * order["seconds"])
    now = int(time.time() * 1000)
    frames = [_single(number, now + number * 1000 // order["rate"]) for number in range(total)]
    gc.freeze()
    gc.disable()
    everyone = {heard.connection.fileno(): heard for heard in [*devices, *browsers]}
    listen(everyone, time.perf_counter() + SETTLE)
    cpu, started = time.process_time(), time.perf_counter()
    sent, late = _send_paced(devices, everyone, frames, 1 / order["rate"])
    elapsed, busy = time.perf_counter() - started, time.process_time() - cpu
    _wait_for_rest(everyone, devices, browsers, total)
    acks = [(number, moment - sent[number]) for device in devices for number, moment in device.found(ID)]
    pushes = [(number, moment - sent[number]) for browser in browsers for number, moment in browser.found(NUMBER)]
    result: dict[str, Any] = {
        "readings": total,
        "seconds": elapsed,
        "acked": len(acks),
        "pushed": len(pushes),
        "generator_cpu": busy / elapsed,
    }
    if order["percentiles"]:
        result |= _percentiles("ack", acks, total) | _percentiles("push", pushes, total)
        result["late_p99"] = sorted(late)[int(len(late) * 0.99)] * 1000
    return result


def _single(number: int, ts: int) -> bytes:
    text = f'{{"id":{FIRST_ID + number},"readings":[{{"ts":{ts},"values":{{"temperature":{FIRST_ID + number}.25}}}}]}}'
    return frame(text.encode())


def listen(everyone: dict[int, Heard], until: float) -> None:
    """Receive until a moment of ``perf_counter``; ``everyone`` by file descriptor."""
    while (wait := until - time.perf_counter()) > 0:
        for number in select.select(everyone, [], [], wait)[0]:
            everyone[number].receive()


def _send_paced(
    devices: list[Heard], everyone: dict[int, Heard], frames: list[bytes], interval: float
) -> tuple[list[float], list[float]]:
    """The time of every send, and how late it was against the schedule (seconds)."""
    start = time.perf_counter() + 0.1
    sent: list[float] = []
    late: list[float] = []
    for number, message in enumerate(frames):
        due = start + number * interval
        listen(everyone, due)
        moment = time.perf_counter()
        sent.append(moment)
        late.append(moment - due)
        devices[number % len(devices)].connection.sendall(message)
    return sent, late


def _wait_for_rest(everyone: dict[int, Heard], devices: list[Heard], browsers: list[Heard], total: int) -> None:
    """Listen until every ack and push is there, or for long enough to say that it is lost."""
    deadline = time.perf_counter() + PATIENCE / 3
    while time.perf_counter() < deadline:
        listen(everyone, time.perf_counter() + STEP)
        acked = sum(device.count(ID) for device in devices)
        if acked == total and all(browser.count(NUMBER) == total for browser in browsers):
            return


def _percentiles(name: str, found: list[tuple[int, float]], total: int) -> dict[str, float]:
    """p50 and p99 in ms, without the first tenth: that is when caches and code warm up."""
    values = sorted(delay * 1000 for number, delay in found if number >= total // 10)
    if not values:
        return {}
    return {f"{name}_p50": values[len(values) // 2], f"{name}_p99": values[int(len(values) * 0.99)]}


def main() -> None:
    """Do one order from standard input."""
    order = json.load(sys.stdin)
    kind = order.pop("kind")
    print(json.dumps(flood(order) if kind == "flood" else pace(order)))


if __name__ == "__main__":
    main()
