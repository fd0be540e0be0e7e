"""Line protocol beside InfluxDB: readings per second that are durable when they are answered.

``python -m bench.lines``. Ours and Debian's InfluxDB in turn, each a fresh process on a fresh database, fed the same
requests over one connection and over four. Both answer 204 when it is on the disk: InfluxDB syncs its WAL for each
request, we our log for each commit, of which several requests may share one.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from bench.machine import VOLATILE, describe
from bench.storage.influx import DATABASE, Influxd
from bench.targets import BenchError, Running, Target, Telltale

HERE: Final = Path(__file__).resolve().parent
LINES: Final = 5_000
"""Lines in a request."""
DEVICES: Final = 100
START: Final = 1_750_000_000_000
CASES: Final = {"1 field a line": ("value",), "10 fields a line": tuple(f"field_{n}" for n in range(10))}
CONNECTIONS: Final = (1, 4)


def batches(fields: Sequence[str], count: int) -> list[bytes]:
    """The bodies: DEVICES devices in turn, a reading of each every 100 ms, all values different."""
    made = []
    for batch in range(count):
        lines = []
        for n in range(batch * LINES, (batch + 1) * LINES):
            values = ",".join(f"{name}={20 + (n * 7 + k) % 1000 / 100}" for k, name in enumerate(fields))
            lines.append(f"climate,device=node-{n % DEVICES:03} {values} {START + n // DEVICES * 100}")
        made.append("\n".join(lines).encode())
    return made


def post(port: int, path: str, headers: dict[str, str], bodies: Sequence[bytes]) -> None:
    """One request after the other over one connection. Raises BenchError when one is refused."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for body in bodies:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != http.HTTPStatus.NO_CONTENT:
            raise BenchError(f"POST {path}: {answer.status} {text[:300]!r}")
    connection.close()


def feed(send: Callable[[Sequence[bytes]], None], bodies: Sequence[bytes], connections: int) -> float:
    """Seconds until all bodies are answered; each connection has its share of them."""
    failed: list[BaseException] = []

    def one(share: Sequence[bytes]) -> None:
        try:
            send(share)
        except (BenchError, OSError) as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(bodies[n::connections],)) for n in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failed:
        raise BenchError(str(failed[0]))
    return seconds


def measure(target: Target, directory: Path, bodies: Sequence[bytes], connections: int) -> tuple[float, float]:
    """(seconds, processor seconds of the server) for all bodies but the first, which makes the series."""
    with Running(target, directory) as server:
        if isinstance(target, Telltale):
            token = target.device_token(directory)
            path, headers = "/write?precision=ms", {"Authorization": f"Token {token}"}
        else:
            query = urlencode({"q": f"CREATE DATABASE {DATABASE}"})
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request("POST", f"/query?{query}")
            connection.getresponse().read()
            path, headers = f"/write?db={DATABASE}&precision=ms", {}
        post(server.port, path, headers, bodies[:1])
        before = server.cpu()
        seconds = feed(lambda share: post(server.port, path, headers, share), bodies[1:], connections)
        used = server.cpu() - before
        server.stop()
    return seconds, used


def main(argv: Sequence[str] | None = None) -> int:
    """Run, write bench/results/lines.json, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.lines", description="Line protocol beside InfluxDB.")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the median counts")
    parser.add_argument("--requests", type=int, default=100, help=f"requests of {LINES} lines in a run")
    parser.add_argument("--only", default="", help="ours or influxdb")
    parser.add_argument("--dir", type=Path, default=HERE / "data", help="where the databases go: a real disk")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "lines.json")
    options = parser.parse_args(argv)
    options.dir.mkdir(parents=True, exist_ok=True)
    machine = describe(options.dir)
    if machine["file_system"] in VOLATILE:
        print(f"{options.dir} is in memory: nothing durable can be measured there, use --dir", file=sys.stderr)
        return 2
    targets: list[Target] = [Telltale("telltale", commit_interval=0.0), Influxd()]
    targets = [one for one in targets if options.only in ("", one.family)]
    if any(one.family == "influxdb" for one in targets) and shutil.which("influxd") is None:
        print("influxd is not installed (Debian: influxdb)", file=sys.stderr)
        return 1
    runs: list[dict[str, Any]] = []
    for case, fields in CASES.items():
        bodies = batches(fields, max(2, options.requests // len(fields)) + 1)
        for connections in CONNECTIONS:
            for run in range(options.repeat):
                for target in targets:
                    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.dir) as directory:
                        seconds, used = measure(target, Path(directory), bodies, connections)
                    rate = (len(bodies) - 1) * LINES * len(fields) / seconds
                    found = {"case": case, "connections": connections, "target": target.name, "run": run}
                    runs.append(found | {"readings_per_s": rate, "cpu": used / seconds})
                    print(*found.values(), f"{rate:,.0f} readings/s, {used / seconds:.2f} cores", file=sys.stderr)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    result = {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "machine": machine, "lines": LINES, "runs": runs}
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(table(runs))
    return 0


def table(runs: Sequence[dict[str, Any]]) -> str:
    """Medians, a line for each case."""
    names = list(dict.fromkeys(run["target"] for run in runs))
    rows = [
        f"| {LINES:,} lines a request, durable readings/s | {' | '.join(names)} |",
        "| --- |" + " --- |" * len(names),
    ]
    for case, connections in dict.fromkeys((run["case"], run["connections"]) for run in runs):
        rates = [
            statistics.median(
                run["readings_per_s"]
                for run in runs
                if (run["case"], run["connections"], run["target"]) == (case, connections, name)
            )
            for name in names
        ]
        rows.append(
            f"| {case}, {connections} connection{'s' * (connections > 1)} | {' | '.join(f'{r:,.0f}' for r in rates)} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
