"""The servers under test: Telltale and its rivals, each a fresh process on a fresh database.

A target knows how its server is started and asked; a Running measures the process from outside (/proc), the same
way for all of them.
"""

from __future__ import annotations

import http
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Self

ROOT: Final = Path(__file__).resolve().parent.parent
RIVALS: Final = ROOT / "bench" / "rivals"
START_TIMEOUT: Final = 20.0
TICKS: Final = os.sysconf("SC_CLK_TCK")
BLOCK: Final = 512


class BenchError(Exception):
    """The run cannot go on; the text says why."""


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Target(ABC):
    """One way to run one server. ``name`` is its column in the tables."""

    name: str
    family: str
    health: ClassVar[str] = "/healthz"

    @abstractmethod
    def command(self, directory: Path, port: int) -> list[str]:
        """Write what the server needs into ``directory`` and say how to start it."""

    def missing(self) -> str | None:
        """Why it cannot run here, or None."""
        return None

    def live_path(self, directory: Path) -> str:
        """Path of the dashboards' WebSocket, credentials included."""
        del directory
        return "/ws/live"

    def stored(self, running: Running) -> int:
        """How many readings the server says it has."""
        return int(json.loads(running.get("/about"))["stored"])

    def versions(self, running: Running) -> dict[str, str]:
        """What it is made of."""
        return dict(json.loads(running.get("/about"))["versions"])


@dataclass
class Telltale(Target):
    """The server of this repository."""

    name: str
    commit_interval: float
    tick: float = 0.0
    family: str = "ours"

    def command(self, directory: Path, port: int) -> list[str]:
        """Everything but the commit interval and the tick as it comes."""
        config = directory / "config.ini"
        config.write_text(
            f"[server]\naddress = 127.0.0.1\nport = {port}\n[storage]\npath = telltale.db\n"
            f"commit_interval = {self.commit_interval}\n[devices]\nadmission = open\n[live]\ntick = {self.tick}\n"
        )
        return [sys.executable, str(ROOT / "server.py"), "--config", str(config)]

    def missing(self) -> str | None:
        """Needs server.py."""
        return None if (ROOT / "server.py").exists() else "server.py is not there"

    def token(self, directory: Path) -> str:
        """A viewer's API token, made at the first call and kept beside the database."""
        kept = directory / "token"
        if not kept.exists():
            kept.write_text(self._made(directory, "token", "add", "bench", "--role", "viewer"))
        return kept.read_text()

    def device_token(self, directory: Path) -> str:
        """The token of a new gateway, which may speak for all devices."""
        return self._made(directory, "device", "add", "bench", "--gateway")

    def _made(self, directory: Path, *words: str) -> str:
        command = [*self.command(directory, _port_of(directory)), *words]
        made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_TIMEOUT)
        if made.returncode:
            raise BenchError(f"{' '.join(words)}: {made.stderr.strip()}")
        return str(json.loads(made.stdout.splitlines()[-1])["token"])

    def live_path(self, directory: Path) -> str:
        """With the token."""
        return f"/ws/live?token={self.token(directory)}"

    def stored(self, running: Running) -> int:
        """The sum over the public list of series."""
        answer = running.get("/api/series", self.token(running.directory))
        return sum(series["count"] for series in json.loads(answer)["series"])

    def versions(self, running: Running) -> dict[str, str]:
        """Of the interpreter that runs the bench: it is the one that runs the server."""
        del running
        code = (
            "import json,platform,sqlite3,tornado;print(json.dumps({'python':platform.python_version(),"
            "'tornado':tornado.version,'sqlite':sqlite3.sqlite_version}))"
        )
        asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return dict(json.loads(asked.stdout))


def _port_of(directory: Path) -> int:
    text = (directory / "config.ini").read_text()
    return int(text.split("port = ")[1].split()[0])


@dataclass
class Node(Target):
    """The hand-written rival on ws and better-sqlite3."""

    name: str
    synchronous: str
    commits: str = "together"
    family: str = "node"

    def command(self, directory: Path, port: int) -> list[str]:
        """Four arguments."""
        program, database = str(RIVALS / "node" / "server.js"), str(directory / "rival.db")
        return ["node", program, str(port), database, self.synchronous, self.commits]

    def missing(self) -> str | None:
        """Needs node and its packages."""
        if shutil.which("node") is None:
            return "node is not installed"
        if (RIVALS / "node" / "node_modules" / "better-sqlite3" / "build").exists():
            return None
        return "its packages are not installed: run `npm ci` in bench/rivals/node"


@dataclass
class Tornado(Target):
    """The stock Tornado rival."""

    name: str
    synchronous: str
    family: str = "tornado"

    def command(self, directory: Path, port: int) -> list[str]:
        """Three arguments."""
        return [
            sys.executable,
            str(RIVALS / "tornado_naive.py"),
            str(port),
            str(directory / "rival.db"),
            self.synchronous,
        ]


class Running:
    """One started server: its process seen from outside."""

    def __init__(self, target: Target, directory: Path) -> None:
        self.target = target
        self.directory = directory
        self.port = free_port()
        command = target.command(directory, self.port)
        self._log = (directory / "server.log").open("ab")
        began = time.perf_counter()
        self.process = subprocess.Popen(command, cwd=directory, stdout=self._log, stderr=self._log)
        self._wait_until_serving()
        self.startup = time.perf_counter() - began

    def _wait_until_serving(self) -> None:
        deadline = time.perf_counter() + START_TIMEOUT
        while time.perf_counter() < deadline:
            if self.process.poll() is not None:
                break
            with suppress(OSError):
                self.get(self.target.health)
                return
            time.sleep(0.002)
        text = (self.directory / "server.log").read_text(errors="replace")[-2000:]
        self.kill()
        raise BenchError(f"{self.target.name} did not start:\n{text}")

    def get(self, path: str, token: str = "") -> bytes:
        """The body of a GET. Raises OSError when nobody answers 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            answer = connection.getresponse()
            body = answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise ConnectionError(f"GET {path}: {answer.status} {body[:200]!r}")
        return body

    def load(self, **order: Any) -> dict[str, Any]:
        """Run a load in its own process; adds the server's processor time to the result."""
        order["port"] = self.port
        before = self.cpu()
        done = subprocess.run(
            [sys.executable, "-m", "bench.loads"],
            input=json.dumps(order), capture_output=True, text=True, cwd=ROOT, check=False,
        )  # fmt: skip
        if done.returncode:
            log = (self.directory / "server.log").read_text(errors="replace")[-2000:]
            raise BenchError(f"{self.target.name}, {order}:\n{done.stderr[-2000:]}\n{log}")
        result: dict[str, Any] = json.loads(done.stdout)
        result["server_cpu"] = (self.cpu() - before) / result["seconds"]
        return result

    def memory(self) -> tuple[float, float]:
        """Resident set now and at its highest, MB (10^6 bytes)."""
        found = {}
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in ("VmRSS", "VmHWM"):
                found[name] = int(value.split()[0]) * 1024 / 1e6
        return found["VmRSS"], found["VmHWM"]

    def cpu(self) -> float:
        """Processor seconds used so far, all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def written(self) -> int:
        """Bytes the process has caused to be written to the block layer so far."""
        for line in Path(f"/proc/{self.process.pid}/io").read_text().splitlines():
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
        raise BenchError("no write_bytes in /proc: is task I/O accounting off?")

    def stop(self) -> int:
        """End it in order; returns the bytes written over its whole life, the closing checkpoint included."""
        self.process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self._log.close()
        return usage.ru_oublock * BLOCK

    def kill(self) -> None:
        """End it anyhow, if it still runs."""
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


TARGETS: Final[tuple[Target, ...]] = (
    Telltale("telltale", commit_interval=0.0),
    Telltale("telltale-1s", commit_interval=1.0),
    Node("node-full", "FULL"),
    Node("node-normal", "NORMAL"),
    Node("node-each", "NORMAL", commits="each"),
    Tornado("tornado-full", "FULL"),
    Tornado("tornado-normal", "NORMAL"),
)
