"""VictoriaMetrics (single node) as Debian packages it; its defaults but for port, directory, retention and limits."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode

from bench.storage.contender import Contender, Filled, Question, Serving, commits
from bench.storage.data import Block, Feed, by_series
from bench.storage.servers import Http, OverHttp, asked, line_protocol, wait_for
from bench.targets import Running, Target

ROLLUPS = '("min_over_time", "max_over_time", "avg_over_time", "count_over_time")'
CSV = "1:label:device,2:label:__name__,3:time:unix_ms,5:metric:value"


class VictoriaMetrics(Target):
    """How it is started: its month of retention would throw the data away, a year of seconds is above its limits."""

    family = "victoria"
    health: ClassVar[str] = "/health"

    def __init__(self) -> None:
        self.name = "victoria"

    def command(self, directory: Path, port: int) -> list[str]:
        """All by flags."""
        return [
            "victoria-metrics",
            f"-httpListenAddr=127.0.0.1:{port}",
            f"-storageDataPath={directory / 'data'}",
            "-retentionPeriod=100y",
            "-influxSkipSingleField",
            "-search.maxSamplesPerSeries=1000000000",
            "-search.maxQueryDuration=600s",
            "-loggerLevel=ERROR",
        ]


class Asked(OverHttp):
    """MetricsQL, without the cache of results: it would answer the second time. It knows only whole buckets."""

    def span(self, question: Question) -> tuple[int, int]:
        """To the next edges outwards at the start, inwards at the end."""
        return question.frm - question.frm % question.width, question.to - question.to % question.width

    def ask(self, question: Question) -> bytes:
        """One range query; a point at t covers what is after t - width, up to t."""
        metrics = "|".join(sorted({metric for _, metric in question.series}))
        devices = "|".join(re.escape(device).replace("\\-", "-") for device, _ in question.series)
        if len(question.series) == 1:
            series = f'{{__name__="{metrics}", device="{devices}"}}'
        else:
            series = f'{{__name__=~"{metrics}", device=~"{devices}"}}'
        first = question.frm - question.frm % question.width + question.width - 1
        asked = {
            "query": f"aggr_over_time({ROLLUPS}, {series}[{question.width}ms])",
            "start": f"{first / 1000:.3f}",
            "end": f"{(question.to - question.to % question.width - 1) / 1000:.3f}",
            "step": f"{question.width}ms",
            "nocache": "1",
        }
        return self.http.ask("GET", "/api/v1/query_range?" + urlencode(asked))

    def count(self, answer: bytes) -> int:
        """What count_over_time gave, summed up."""
        found = json.loads(answer)["data"]["result"]
        counts = (one["values"] for one in found if "count_over_time" in one["metric"].values())
        return sum(int(value) for values in counts for _, value in values)


class Victoria(Contender):
    """Debian's package."""

    name = "victoria"
    label = "VictoriaMetrics"

    def missing(self) -> str | None:
        """Needs victoria-metrics."""
        return None if shutil.which("victoria-metrics") else "victoria-metrics is not installed"

    def version(self) -> str:
        """As dpkg says: the binary of the package has none."""
        asked = ["dpkg-query", "-W", "-f", "${Version}", "victoria-metrics"]
        return "VictoriaMetrics " + (subprocess.run(asked, capture_output=True, text=True, check=False).stdout or "?")

    def arrive(self, directory: Path, feed: Feed, second: int) -> Filled:
        """A request for each ``second`` ms; what it has answered is in its memory, and written every few seconds."""
        with Running(VictoriaMetrics(), directory) as server, Http(server.port) as http:
            began = time.perf_counter()
            for block in commits(feed, second):
                http.ask("POST", "/write?precision=ms", line_protocol(feed.names, block))
            return _filled(feed.readings, time.perf_counter() - began, server)

    def load(self, directory: Path, feeds: Sequence[Feed]) -> Filled:
        """Its own import of JSON lines; the making of the lines is not counted. Then everything is merged."""
        seconds = 0.0
        with Running(VictoriaMetrics(), directory) as server, Http(server.port) as http:
            for feed in feeds:
                for block in feed.blocks():
                    lines = _json_lines(feed.names, block)
                    began = time.perf_counter()
                    http.ask("POST", "/api/v1/import", lines)
                    seconds += time.perf_counter() - began
            http.ask("GET", "/internal/force_flush")
            http.ask("GET", "/internal/force_merge")
            wait_for(lambda: _merges(http) == 0, "VictoriaMetrics to merge")
            return _filled(sum(feed.readings for feed in feeds), seconds, server)

    def load_csv(self, directory: Path, file: Path) -> Filled:
        """Its import of CSV, in one request, without the header."""
        with Running(VictoriaMetrics(), directory) as server, Http(server.port) as http:
            body = file.read_bytes().partition(b"\n")[2]
            began = time.perf_counter()
            http.ask("POST", "/api/v1/import/csv?" + urlencode({"format": CSV}), body)
            return _filled(body.count(b"\n"), time.perf_counter() - began, server)

    def serving(self, directory: Path) -> list[tuple[str, AbstractContextManager[Serving]]]:
        """MetricsQL over HTTP."""
        return [("HTTP", asked(VictoriaMetrics(), directory, Asked))]


def _filled(readings: int, seconds: float, server: Running) -> Filled:
    peak = server.memory()[1]
    return Filled(readings, seconds, server.stop(), peak)


def _json_lines(names: dict[int, tuple[str, str]], block: Block) -> bytes:
    lines = []
    for number, some in by_series(block):
        device, metric = names[number]
        labels = {"__name__": metric, "device": device}
        lines.append(json.dumps({"metric": labels, "values": some.value.tolist(), "timestamps": some.ts.tolist()}))
    return "\n".join(lines).encode()


def _merges(http: Http) -> int:
    text = http.ask("GET", "/metrics").decode()
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("vm_active_force_merges "))
