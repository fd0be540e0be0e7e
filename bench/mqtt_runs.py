"""One run of the MQTT bench: messages as fast as they become durable, or on a schedule with a browser listening.

Each has a fresh broker, a fresh process and a fresh database.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench import mqtt_load
from bench.loads import FIRST_ID, NUMBER, Heard, listen
from bench.mqtt_targets import Bridged, Broker, PahoSqlite, Subscriber, cpu
from bench.storage.servers import Http
from bench.targets import BenchError, Running
from bench.wire import frame, upgrade

BROKERS: Final = ("stock", "shipped", "shipped, saved at every change")
DEVICES: Final = (1, 20)
WINDOW: Final = 1_000
"""Messages that a device publishes before the broker must have acknowledged the first of them."""
AHEAD: Final = 5_000
AHEAD_STOCK: Final = 500
"""Messages that may be published and not yet durable: the stock broker drops what is more than about a thousand."""
LOOK_EVERY: Final = 0.02
"""Seconds between two looks at how much is durable."""
PATIENCE: Final = 60.0
RATE_MAX: Final = 30_000
"""Messages a second for which there are enough."""
START: Final = 1_750_000_000_000
WARM_UP: Final = 100
"""Messages of each device before the clock starts, which make its series."""


class Load(NamedTuple):
    """What is published: ``batch`` readings in a message; ``timed``: with times of their own."""

    name: str
    batch: int
    timed: bool


LOADS: Final = (
    Load("1 reading a message, own time", 1, timed=True),
    Load("1 reading a message, no time", 1, timed=False),
    Load("100 readings a message, own times", 100, timed=True),
)


class Case(NamedTuple):
    """One row of the table."""

    broker: str
    devices: int
    load: Load

    @property
    def name(self) -> str:
        """As the table says it."""
        return f"{self.broker} broker, {self.load.name}, {self.devices} device{'s' * (self.devices > 1)}"


@contextmanager
def serving(directory: Path, broker: Broker, name: str) -> Iterator[Running]:
    """A server that has subscribed: ours, or a rival."""
    if name == "telltale":
        with Running(Bridged(broker), directory) as server:
            wait(lambda: bridge(server)["state"] == "connected", "the bridge is not connected")
            yield server
    else:
        with Subscriber(PahoSqlite(name, broker), directory) as rival:
            yield rival


def bridge(server: Running) -> dict[str, Any]:
    """What our server says of its broker."""
    token = server.target.token(server.directory) if isinstance(server.target, Bridged) else ""
    found: dict[str, Any] = json.loads(server.get("/api/bridges", token))["bridges"][0]
    return found


def wait(ready: Any, problem: str) -> None:
    """Raises BenchError when it takes too long."""
    deadline = time.perf_counter() + PATIENCE
    while not ready():
        if time.perf_counter() > deadline:
            raise BenchError(problem)
        time.sleep(LOOK_EVERY)


class Durable:
    """How many readings of a run are durable, seen from outside."""

    def __init__(self, server: Running, stack: ExitStack) -> None:
        self._server = server
        self._http: Http | None = None
        if isinstance(server.target, Bridged):
            token = server.target.token(server.directory)
            self._http = stack.enter_context(Http(server.port, {"Authorization": f"Bearer {token}"}))

    def count(self) -> int:
        """Ask now."""
        if self._http is None:
            return self._server.target.stored(self._server)
        text = self._http.ask("GET", "/metrics").decode()
        return int(float(text.rpartition("\ntelltale_readings_journalled_total ")[2].split()[0]))


def lines_of(broker: Broker, case: Case, count: int, first: int, stack: ExitStack) -> list[mqtt_load.Line]:
    """The devices' connections; message ``first`` of each is the next one."""
    made = []
    for number in range(case.devices):
        ts = START + first * case.load.batch if case.load.timed else None
        data = mqtt_load.packets(number, count, case.load.batch, ts)
        user, password = broker.credentials(mqtt_load.device(number))
        connection = mqtt_load.connect(broker.port, f"publisher-{number}", user, password)
        stack.callback(connection.close)
        made.append(mqtt_load.Line(connection, data, count, WINDOW))
    return made


class Fed(NamedTuple):
    """What came of a run: messages, seconds from the first publish until all was durable, the publishers' share."""

    messages: int
    seconds: float
    publisher_cpu: float


def feed(durable: Durable, lines: Sequence[mqtt_load.Line], case: Case, seconds: float = PATIENCE) -> Fed:
    """Publish for so long, or until there is no more, and wait until all is durable. Raises BenchError."""
    before = durable.count()
    ahead = AHEAD_STOCK if case.broker == "stock" else AHEAD
    publishing = mqtt_load.Publishing(lines, ahead, seconds)
    began = moved = time.perf_counter()
    publishing.start()
    last = done = 0
    try:
        while publishing.is_alive() or done < sum(line.count for line in lines) * case.load.batch:
            time.sleep(LOOK_EVERY)
            done = durable.count() - before
            publishing.limit = done // case.load.batch + ahead
            if publishing.failed is not None:
                raise BenchError(str(publishing.failed))
            if done != last:
                last, moved = done, time.perf_counter()
            elif time.perf_counter() > moved + PATIENCE:
                raise BenchError(f"only {done} readings came")
    finally:
        publishing.stop()
        publishing.join()
    elapsed = time.perf_counter() - began
    return Fed(sum(line.count for line in lines), elapsed, publishing.cpu / elapsed)


def measure(directory: Path, case: Case, target: str, seconds: float) -> dict[str, float]:
    """One run in which messages are published for so many seconds."""
    each = int(RATE_MAX * seconds) // case.devices // (20 if case.load.batch > 1 else 1)
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(directory / "broker", case.broker, case.devices))
        server = stack.enter_context(serving(broker.directory, broker, target))
        durable = Durable(server, stack)
        with ExitStack() as warm:
            count = max(1, WARM_UP // case.load.batch)
            feed(durable, lines_of(broker, case, count, 0, warm), case)
        lines = lines_of(broker, case, each, WARM_UP, stack)
        before, broker_before = server.cpu(), cpu(broker.pid)
        fed = feed(durable, lines, case, seconds)
        found = {
            "messages_per_s": fed.messages / fed.seconds,
            "readings_per_s": fed.messages * case.load.batch / fed.seconds,
            "server_cpu": (server.cpu() - before) / fed.seconds,
            "broker_cpu": (cpu(broker.pid) - broker_before) / fed.seconds,
            "publisher_cpu": fed.publisher_cpu,
        }
        if target == "telltale":
            check(server)
        server.stop()
    return found


def check(server: Running) -> None:
    """Nothing was refused, held or sent twice. Raises BenchError."""
    messages = bridge(server)["messages"]
    wrong = {name: messages[name] for name in ("refused", "unknown", "duplicates") if messages[name]}
    if wrong:
        raise BenchError(f"the bridge says {wrong}")


def latency(directory: Path, config: str, rate: int, seconds: float) -> dict[str, float]:
    """From just before a message is published to just after a browser has received it (ms); 20 devices, one browser."""
    case = Case(config, DEVICES[-1], LOADS[0])
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(directory / "broker", case.broker, case.devices))
        server = stack.enter_context(serving(broker.directory, broker, "telltale"))
        with ExitStack() as warm:
            feed(Durable(server, warm), lines_of(broker, case, WARM_UP, 0, warm), case)
        devices = []
        for number in range(case.devices):
            user, password = broker.credentials(mqtt_load.device(number))
            connection = mqtt_load.connect(broker.port, f"paced-{number}", user, password)
            stack.callback(connection.close)
            devices.append(connection)
        browser = Heard(upgrade(server.port, server.target.live_path(server.directory)))
        stack.callback(browser.connection.close)
        browser.connection.sendall(frame(b'{"id":1,"subscribe":["*"]}'))
        return paced(devices, browser, rate, int(rate * seconds))


def paced(devices: Sequence[Any], browser: Heard, rate: int, total: int) -> dict[str, float]:
    """Publish on a fixed schedule, never waiting for an answer. Raises BenchError when a message does not arrive."""
    now = int(time.time() * 1000)
    made = [
        mqtt_load.publish(
            f"telltale/{mqtt_load.device(n % len(devices))}/readings",
            f'{{"ts":{now + n * 1000 // rate},"values":{{"metric_00":{FIRST_ID + n}.25}}}}'.encode(),
            n // len(devices) % 0xFFFF + 1,
        )
        for n in range(total)
    ]
    everyone = {browser.connection.fileno(): browser}
    listen(everyone, time.perf_counter() + 0.5)
    gc.collect()
    gc.disable()
    start, sent = time.perf_counter() + 0.1, []
    for number, message in enumerate(made):
        listen(everyone, start + number / rate)
        sent.append(time.perf_counter())
        devices[number % len(devices)].sendall(message)
    deadline = time.perf_counter() + PATIENCE
    while browser.count(NUMBER) < total and time.perf_counter() < deadline:
        listen(everyone, time.perf_counter() + 0.2)
    gc.enable()
    delays = sorted((moment - sent[n]) * 1000 for n, moment in browser.found(NUMBER) if n >= total // 10)
    if len(delays) < total - total // 10:
        raise BenchError(f"only {len(delays)} of {total} messages reached the browser")
    late = sorted((moment - start - n / rate) * 1000 for n, moment in enumerate(sent))
    return {
        "p50_ms": delays[len(delays) // 2],
        "p99_ms": delays[int(len(delays) * 0.99)],
        "late_p99_ms": late[int(len(late) * 0.99)],
    }
