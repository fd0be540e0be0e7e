"""A server, a Mosquitto with the shipped config and the devices of the corpus: all as a user would set them up."""

from __future__ import annotations

import base64
import json
import math
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as ws_serve

from devices.broker_config import BRIDGE
from devices.ecosystems.catalogue import Catalogue
from telemetry.decoded import Decoded
from tests.bridged import Bridged
from tests.devices.ecosystems.corpus import LORA, Case, body_of, decode
from tests.mosquitto import Mosquitto, client
from tests.proxy import Proxy
from tests.support import Server, run_server_py, wait_until

CODECS = ", ".join(f"n{n} cayennelpp" for n in range(1, 6))
SENDER = "sender"
"""The gateway whose credentials all of them use, if they can name a device."""
Row = tuple[str, str, int]
Wanted = dict[str, Any]


class Plant:
    """What is set up once: a database with devices and tokens, and the broker's files made from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._config = folder / "config.ini"
        self._config.write_text("[storage]\npath = telltale.db\n")
        self.token = self._command("device", "add", SENDER, "--gateway")["token"]
        self.boiler = self._command("device", "add", "boiler-1")["token"]
        self.broker = folder / "broker"
        self.broker.mkdir()
        # what the README of the shipped config says of bridges of one's own: a user with rules in acl.local
        (self.broker / "acl.local").write_text(f"user {SENDER}\ntopic readwrite #\n")
        self._command("broker", "config", str(self.broker))
        self.bridge = (self.broker / "bridge.env").read_text().split(f"{BRIDGE}:")[1].split("@")[0]

    def _command(self, *words: str) -> Any:
        done = run_server_py("--config", str(self._config), *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[0])

    def mosquitto(self, work: Path) -> Mosquitto:
        """A broker with the shipped config, but for its port and folder."""
        work.mkdir()
        text = (self.broker / "mosquitto.conf").read_text()
        changed = text.replace("listener 1883 127", "listener {port} 127").replace("/var/lib/mosquitto/", "{folder}/")
        assert changed.count("{port}") == changed.count("{folder}") == 1
        return Mosquitto(work, changed).start()

    def database(self, folder: Path) -> Path:
        """A copy of the database, for a server of its own."""
        folder.mkdir(exist_ok=True)
        for one in self.folder.glob("telltale.db*"):
            if one.is_file():
                shutil.copy(one, folder)
        return folder


class Sight(Bridged):
    """A server, and what is in it."""

    sender: Client
    """Whoever publishes for all devices."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.token = server.api_token("admin")
        self.last: dict[Row, Any] = {}
        """What ``rows`` found when it was asked before."""
        self._done: int | None = None

    def rows(self) -> dict[Row, Any]:
        """All that is stored: (device, metric, ts) -> value."""
        reply = self.server.request("GET", "/api/export.ndjson?series=*", token=self.token)
        assert reply.status == 200, reply.body
        lines = [json.loads(line) for line in reply.text.splitlines()]
        self.last = {(one["device"], one["metric"], one["ts"]): one["value"] for one in lines}
        return self.last

    def units(self) -> dict[tuple[str, str], str | None]:
        """(device, metric) -> unit."""
        found = self.get("/api/series")["series"]
        return {(one["device"], one["metric"]): one["unit"] for one in found}

    def pollers(self) -> list[dict[str, Any]]:
        """How the devices fare that are asked."""
        found: list[dict[str, Any]] = self.get("/api/pollers")["pollers"]
        return found

    def handled(self) -> int:
        """Messages of the broker that the server is done with, without its own."""
        report = self.report()
        counts = report["messages"]
        done = sum(counts[key] for key in ("taken", "retained", "refused", "unknown", "empty", "duplicates"))
        return done if report["unacknowledged"] == 0 else -1

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, sender: Client | None = None) -> None:
        """Publish at QoS 1 and wait until the server is done with it."""
        before = wait_until(lambda: self.handled() + 1, 20, "quiet") - 1 if self._done is None else self._done
        (sender or self.sender).publish(topic, payload, 1, retain).wait_for_publish(20)
        self._done = wait_until(lambda: max(0, self.handled() - before), 30, f"the message on {topic}") + before


class Rig(Sight):
    """A server on a copy of the database, behind a cable to the broker."""

    def __init__(self, start: Callable[..., Server], plant: Plant, work: Path) -> None:
        self.plant = plant
        self.broker = plant.mosquitto(work / "mosquitto")
        self.cable = Proxy(self.broker.port)
        settings = {
            "mqtt.url": f"mqtt://{BRIDGE}:{plant.bridge}@127.0.0.1:{self.cable.port}",
            "storage.commit_interval": "0.02",
            "devices.codecs": CODECS,
        }
        self._client = client(self.broker, user=SENDER, password=plant.token)
        self.sender = self._client.__enter__()
        self._start = lambda: start(settings, directory=plant.database(work / "server"))

    def serve(self) -> None:
        """Start the server; the bridge has connected when this returns."""
        super().__init__(self._start())
        self.connected()

    def close(self) -> None:
        """Stop the broker; the fixture stops the server."""
        self._client.__exit__(None, None, None)
        self.cable.pull()
        self.broker.stop()


def judge(one: Case, rig: Sight, before: dict[Row, Any], between: tuple[int, int]) -> Iterator[str]:
    """What is wrong with what a message left in the server; it arrived ``between`` these ms."""
    after = rig.rows()
    new = {row: value for row, value in after.items() if before.get(row) != value or row not in before}
    expected = [want for want in one["expected"] if "metric" in want]
    optional = [want for want in one.get("optional", ()) if "metric" in want]
    slack = 2_000 if one["ecosystem"] in LORA else 0
    for want in expected:
        if not any(same(want, row, value, between, slack) for row, value in new.items()):
            yield f"missing {want} in {list(new.items())[:9]}"
    for row, value in new.items():
        if not any(same(want, row, value, between, slack) for want in (*expected, *optional)):
            yield f"unwanted {row} {value}"
    units = rig.units() if any("unit" in want for want in expected) else {}
    for want in expected:
        if "unit" in want and units.get((want["device"], want["metric"])) != want["unit"]:
            yield f"unit of {want} is {units.get((want['device'], want['metric']))!r}"
    yield from presence(one, rig)


def presence(one: Case, rig: Sight) -> Iterator[str]:
    """Where a device is not as the message says that it is."""
    for want in one["expected"]:
        if "presence" in want:
            device = rig.device(want["device"])
            if device is None or device["state"] != ("online" if want["presence"] else "offline"):
                yield f"{want} is {device}"


def same(want: Wanted, row: Row, value: Any, between: tuple[int, int], slack: int) -> bool:
    """Whether a stored reading is the wanted one."""
    device, metric, ts = row
    if (want["device"], want["metric"]) != (device, metric) or isinstance(want["value"], bool) != isinstance(
        value, bool
    ):
        return False
    first, last = between
    offset = want.get("ts_offset_ms", 0)
    if want.get("ts") is None and not first + offset <= ts <= last + offset + 1_000:
        return False
    if want.get("ts") is not None and abs(want["ts"] - ts) > slack:
        return False
    return math.isclose(float(want["value"]), float(value), rel_tol=1e-9)


def rounds(cases: list[Case]) -> list[list[Case]]:
    """The messages in groups that one server can take, in order: none repeats a reading or a retained topic."""
    found: list[tuple[list[Case], dict[str, bytes], set[Row]]] = []
    for one in cases:
        topics = {m["topic"]: body_of(m) for m in (*one.get("before", ()), one) if m.get("retained")}
        rows = _rows(one)
        for group, kept, taken in found:
            if rows.isdisjoint(taken) and all(kept.get(topic, body) == body for topic, body in topics.items()):
                group.append(one)
                kept |= topics
                taken |= rows
                break
        else:
            found.append(([one], topics, rows))
    return [group for group, _, _ in found]


def _rows(one: Case) -> set[Row]:
    """The readings with a time that a message and those before it hold."""
    catalogue = Catalogue(lambda _: one.get("hint", {}).get("codec"))
    rows: set[Row] = set()
    for message in (*({"transport": one["transport"]} | early for early in one.get("before", ())), one):
        answer = decode(message, catalogue)
        if answer is not None and isinstance(answer[1], Decoded):
            rows |= {(s.device, s.metric, s.ts) for s in answer[1].samples if s.ts is not None}
    return rows


def now() -> int:
    """Unix time in ms."""
    return time.time_ns() // 1_000_000


def signed(one: Case, plant: Plant) -> tuple[str, dict[str, str]]:
    """Path and headers of a request, with the token where its sender can put one."""
    path, token = one["path"], plant.token
    basic = {"Authorization": "Basic " + base64.b64encode(f"{SENDER}:{token}".encode()).decode()}
    bearer = {"Authorization": f"Bearer {token}"}
    match one["ecosystem"]:
        case "thingsboard":
            return path.replace(one["auth"]["username"], plant.boiler), {}
        case "ecowitt" if path.startswith("/data/report"):
            return f"/data/report/{token}", {}
        case "ecowitt":
            return (path.replace("PASSWORD=secret", f"PASSWORD={token}") if "PASSWORD" in path
                    else f"{path}&PASSWORD={token}"), {}  # fmt: skip
        case "senml":
            return f"{path}?token={token}", {}
        case "adafruit-io":
            return path, {"X-AIO-Key": token}
        case "influx-lp" if path.startswith("/write"):
            return f"{path}&u={SENDER}&p={token}", {}
        case "influx-lp":
            return path, {"Authorization": f"Token {token}"}
        case "opensense" if path.startswith("/boxes"):
            return path, {"Authorization": token}
        case "opensense" | "prometheus":
            return path, basic
        case _:
            return path, bearer


class Monitor:
    """An air monitor that answers by HTTP as the corpus says, on a loopback address of its own."""

    def __init__(self, one: Case, address: str) -> None:
        path, kind, body = urlsplit(one["url"]).path, one["content_type"], body_of(one)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path == path else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Be silent."""

        self.address = address
        self._server = ThreadingHTTPServer((address, 0), Handler)
        self.url = f"{one['ecosystem']}://{address}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Gateway:
    """A deCONZ gateway's WebSocket, which tells what it is given."""

    def __init__(self) -> None:
        self._told: queue.Queue[bytes | None] = queue.Queue()
        self._server = ws_serve(self._serve, "127.0.0.1", 0)
        self.url = f"deconz://127.0.0.1:{self._server.socket.getsockname()[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _serve(self, connection: ServerConnection) -> None:
        while (said := self._told.get()) is not None:
            connection.send(said.decode())

    def tell(self, said: bytes) -> None:
        """Tell it to who listens, or will."""
        self._told.put(said)

    def close(self) -> None:
        """Hang up, and take no one any more."""
        self._told.put(None)
        self._server.shutdown()
