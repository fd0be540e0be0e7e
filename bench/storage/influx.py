"""InfluxDB 1.x as Debian packages it, with its defaults but for ports, directories and logs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import urlencode

from bench.storage.contender import Contender, Filled, Question, Serving, commits
from bench.storage.data import Feed
from bench.storage.servers import Http, OverHttp, asked, line_protocol, wait_for
from bench.targets import Running, Target, free_port

LINES: Final = 10_000
"""Points in a request: what its makers advise."""
DATABASE: Final = "bench"
QUIET: Final = 8.0
"""Seconds without a change of its files after which nothing more is expected: it looks for work every second."""

CONFIG: Final = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{directory}/meta"
  logging-enabled = false
[data]
  dir = "{directory}/data"
  wal-dir = "{directory}/wal"
  query-log-enabled = false
  {cold}
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
"""
FULL: Final = 'cache-snapshot-write-cold-duration = "1s"\n  compact-full-write-cold-duration = "1s"'
SNAPSHOT: Final = 'cache-snapshot-write-cold-duration = "1s"'


class Influxd(Target):
    """How it is started; ``cold`` says when it compacts what is no longer written."""

    family = "influxdb"
    health: ClassVar[str] = "/query?q=SHOW+DATABASES"

    def __init__(self, cold: str = "") -> None:
        self.name = "influxdb"
        self._cold = cold

    def command(self, directory: Path, port: int) -> list[str]:
        """With a configuration of its own."""
        config = directory / "influxdb.conf"
        config.write_text(CONFIG.format(rpc=free_port(), directory=directory, port=port, cold=self._cold))
        return ["influxd", "-config", str(config)]


class Asked(OverHttp):
    """InfluxQL."""

    def ask(self, question: Question) -> bytes:
        """One statement for all series."""
        metrics = ", ".join(f'"{metric}"' for metric in sorted({metric for _, metric in question.series}))
        devices = "|".join(re.escape(device).replace("\\-", "-") for device, _ in question.series)
        where = f"device = '{devices}'" if len(question.series) == 1 else f"device =~ /^({devices})$/"
        statement = (
            f"SELECT min(value), max(value), mean(value), count(value) FROM {metrics} WHERE {where} "  # noqa: S608
            f"AND time >= {question.frm}ms AND time < {question.to}ms "
            f"GROUP BY time({question.width}ms), device fill(none)"
        )
        return self.http.ask("GET", "/query?" + urlencode({"db": DATABASE, "epoch": "ms", "q": statement}))

    def count(self, answer: bytes) -> int:
        """The last column of all series."""
        return sum(row[-1] for one in json.loads(answer)["results"][0].get("series", ()) for row in one["values"])


class Influx(Contender):
    """Debian's package."""

    name = "influxdb"
    label = "InfluxDB"

    def missing(self) -> str | None:
        """Needs influxd."""
        return None if shutil.which("influxd") else "influxd is not installed (Debian: influxdb)"

    def version(self) -> str:
        """As it says."""
        return subprocess.run(["influxd", "version"], capture_output=True, text=True, check=True).stdout.split(" (")[0]

    def arrive(self, directory: Path, feed: Feed, second: int) -> Filled:
        """A request for each ``second`` ms, which it answers when its WAL is synced; then a snapshot of its cache."""
        with Running(Influxd(), directory) as server, Http(server.port) as http:
            http.ask("POST", "/query?" + urlencode({"q": f"CREATE DATABASE {DATABASE}"}))
            began = time.perf_counter()
            for block in commits(feed, second):
                http.ask("POST", f"/write?db={DATABASE}&precision=ms", line_protocol(feed.names, block))
            seconds = time.perf_counter() - began
            peak = server.memory()[1]
            written = server.stop()
        return Filled(feed.readings, seconds, written + _settled(directory, SNAPSHOT), peak)

    def load(self, directory: Path, feeds: Sequence[Feed]) -> Filled:
        """Requests of as many lines as advised; the making of the lines is not counted."""
        seconds = 0.0
        with Running(Influxd(), directory) as server, Http(server.port) as http:
            http.ask("POST", "/query?" + urlencode({"q": f"CREATE DATABASE {DATABASE}"}))
            for feed in feeds:
                for block in feed.blocks(LINES):
                    lines = line_protocol(feed.names, block)
                    began = time.perf_counter()
                    http.ask("POST", f"/write?db={DATABASE}&precision=ms", lines)
                    seconds += time.perf_counter() - began
            peak = server.memory()[1]
            written = server.stop()
        written += _settled(directory, FULL)
        return Filled(sum(feed.readings for feed in feeds), seconds, written, peak)

    def serving(self, directory: Path) -> list[tuple[str, AbstractContextManager[Serving]]]:
        """InfluxQL over HTTP."""
        return [("HTTP", asked(Influxd(), directory, Asked))]


def _settled(directory: Path, cold: str) -> int:
    """Let it compact without waiting for hours; the bytes written meanwhile."""
    with Running(Influxd(cold), directory) as server:
        seen: tuple[float, set[tuple[str, int]]] = (time.perf_counter(), set())

        def at_rest() -> bool:
            nonlocal seen
            files = {(str(p), p.stat().st_size) for p in directory.rglob("*") if p.suffix in (".tsm", ".tmp", ".wal")}
            if files != seen[1]:
                seen = (time.perf_counter(), files)
            return time.perf_counter() - seen[0] > QUIET

        wait_for(at_rest, "InfluxDB to come to rest")
        return server.stop()
