"""The processes of the MQTT bench: a Mosquitto with either config, our server and a rival behind it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar, Final, Self

from bench.mqtt_load import device
from bench.targets import RIVALS, ROOT, START_TIMEOUT, TICKS, BenchError, Running, Target, Telltale, free_port

STOCK: Final = "persistence true\npersistence_location {folder}/\nallow_anonymous true\nlistener {port} 127.0.0.1\n"
"""Debian's mosquitto.conf says no more about messages: 20 in flight, 1,000 queued."""
AUTOSAVE: Final = "\nautosave_interval 10\nautosave_on_changes false\n"
EVERY_CHANGE: Final = "\nautosave_interval 1\nautosave_on_changes true\n"
BRIDGE: Final = "telltale-bridge"


def cpu(pid: int) -> float:
    """Processor seconds that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Broker:
    """A Mosquitto on a free port: Debian's, or as ``broker config`` sets it up, with a password for each device."""

    def __init__(self, directory: Path, config: str, devices: int) -> None:
        directory.mkdir()
        self.directory = directory
        self.port = free_port()
        self._tokens: dict[str, str] = {}
        self._bridge: str | None = None
        text = STOCK if config == "stock" else self._shipped(devices)
        if config.endswith("every change"):  # what the config itself says about losing nothing in a power cut
            text = text.replace(AUTOSAVE, EVERY_CHANGE)
        text = text.replace("{folder}", str(directory)).replace("{port}", str(self.port))
        if os.geteuid() == 0:
            text = "user root\n" + text
        (directory / "bench.conf").write_text(text)
        self._log = (directory / "mosquitto.log").open("ab")
        command = [str(_program()), "-c", str(directory / "bench.conf")]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        self.pid = self._process.pid
        self._wait()

    @staticmethod
    def missing() -> str | None:
        """Why there can be none."""
        return None if _program() else "mosquitto is not installed (Debian: mosquitto)"

    @property
    def url(self) -> str:
        """With the subscriber's user and password."""
        who = "" if self._bridge is None else f"{BRIDGE}:{self._bridge}@"
        return f"mqtt://{who}127.0.0.1:{self.port}"

    def credentials(self, name: str) -> tuple[str | None, str | None]:
        """User and password of a device."""
        return (name, self._tokens[name]) if self._tokens else (None, None)

    def _shipped(self, devices: int) -> str:
        (self.directory / "config.ini").write_text("[storage]\npath = telltale.db\n")
        for number in range(devices):
            made = self._server_py("device", "add", device(number))
            self._tokens[device(number)] = str(json.loads(made.splitlines()[-1])["token"])
        self._server_py("broker", "config", str(self.directory / "files"))
        env = (self.directory / "files" / "bridge.env").read_text()
        self._bridge = env.split(f"{BRIDGE}:")[1].split("@")[0]
        text = (self.directory / "files" / "mosquitto.conf").read_text()
        return text.replace("listener 1883 127", "listener {port} 127").replace("/var/lib/mosquitto/", "{folder}/")

    def _server_py(self, *words: str) -> str:
        command = [sys.executable, str(ROOT / "server.py"), "--config", str(self.directory / "config.ini"), *words]
        made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_TIMEOUT)
        if made.returncode:
            raise BenchError(f"{' '.join(words)}: {made.stderr.strip()}")
        return made.stdout

    def _wait(self) -> None:
        deadline = time.perf_counter() + START_TIMEOUT
        while time.perf_counter() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        self._stop()
        raise BenchError(f"mosquitto did not start:\n{(self.directory / 'mosquitto.log').read_text()[-2000:]}")

    def _stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()


def _program() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


class Bridged(Telltale):
    """Our server with a bridge to the broker, on the database that holds the devices; the rest as it comes."""

    def __init__(self, broker: Broker) -> None:
        super().__init__("telltale", commit_interval=1.0)
        self._broker = broker

    def command(self, directory: Path, port: int) -> list[str]:
        """One more setting."""
        return [*super().command(directory, port), f"--mqtt.url={self._broker.url}"]


class PahoSqlite(Target):
    """The rival: a COMMIT for each message (``paho``), or for 100 of them (``paho-100``)."""

    EVERY: ClassVar = {"paho": 1, "paho-100": 100}
    family = "paho"

    def __init__(self, name: str, broker: Broker) -> None:
        self.name = name
        self._broker = broker

    def command(self, directory: Path, port: int) -> list[str]:
        """Four arguments; it listens on no port."""
        del port
        program, ready = str(RIVALS / "paho_sqlite.py"), str(directory / "ready")
        return [
            sys.executable,
            program,
            self._broker.url,
            str(directory / "rival.db"),
            str(self.EVERY[self.name]),
            ready,
        ]

    def stored(self, running: Running) -> int:
        """Committed rows: they are never deleted, so the highest number is how many there are."""
        connection = sqlite3.connect(f"file:{running.directory / 'rival.db'}?mode=ro", uri=True)
        try:
            return int(connection.execute("SELECT coalesce(max(rowid), 0) FROM readings").fetchone()[0])
        finally:
            connection.close()


class Subscriber(Running):
    """A rival is ready when it has subscribed."""

    def get(self, path: str, token: str = "") -> bytes:
        """It answers nothing but this. Raises OSError while it is not ready."""
        del path, token
        return (self.directory / "ready").read_bytes()
