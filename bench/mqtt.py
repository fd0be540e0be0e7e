"""MQTT at QoS 1: readings per second that are durable, with a real Mosquitto beside the server; latency to the browser.

``python -m bench.mqtt``. Telltale and a subscriber of a few lines (paho-mqtt, sqlite3) in turn, each run a fresh
broker, a fresh process and a fresh database. A run lasts from the first publish to the last reading durable: for us
``telltale_readings_journalled``, for the rival the rows that another connection to its database sees.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, Final

from bench.machine import VOLATILE, describe
from bench.mqtt_runs import BROKERS, DEVICES, LOADS, Case, latency, measure
from bench.mqtt_targets import Broker, PahoSqlite
from bench.targets import BenchError
from bench.wire import Refused

HERE: Final = Path(__file__).resolve().parent
RATES: Final = (100, 1_000)
"""Messages a second of the latency runs."""


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.mqtt", description="MQTT at QoS 1, beside a few lines.")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the median counts")
    parser.add_argument("--seconds", type=float, default=6, help="how long is published in a run")
    parser.add_argument("--only", default="", help="one of telltale, paho, paho-100")
    parser.add_argument("--case", default="", help="only the cases with these words, e.g. 'shipped broker, 1 reading'")
    parser.add_argument("--latency", type=float, default=20, help="seconds of a latency run; 0: none")
    parser.add_argument("--dir", type=Path, default=HERE / "data", help="where the databases go: a real disk")
    parser.add_argument("--out", type=Path, help="the JSON file; default bench/results/mqtt.json, none for a part")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run, write bench/results/mqtt.json, print the tables."""
    options = arguments(argv)
    options.dir.mkdir(parents=True, exist_ok=True)
    machine = describe(options.dir)
    if machine["file_system"] in VOLATILE:
        print(f"{options.dir} is in memory: nothing durable can be measured there, use --dir", file=sys.stderr)
        return 2
    if (missing := Broker.missing()) is not None:
        print(missing, file=sys.stderr)
        return 1
    names = [name for name in ("telltale", *PahoSqlite.EVERY) if options.only in ("", name)]
    cases = [case for case in (Case(*one) for one in product(BROKERS, DEVICES, LOADS)) if options.case in case.name]
    result: dict[str, Any] = {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "machine": machine}
    try:
        result["runs"] = list(throughput(options, cases, names))
        result["latency"] = list(latencies(options)) if options.only in ("", "telltale") and options.latency else []
    except (BenchError, Refused) as error:
        print(error, file=sys.stderr)
        return 1
    out = options.out or (None if options.only or options.case else HERE / "results" / "mqtt.json")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result, indent=1) + "\n")
    print(table(result["runs"], result["latency"]))
    return 0


def throughput(options: argparse.Namespace, cases: Sequence[Case], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Every run, with the load average before it."""
    for case, run, name in product(cases, range(options.repeat), names):
        found: dict[str, Any] = {"case": case.name, "target": name, "run": run, "load": round(os.getloadavg()[0], 2)}
        with tempfile.TemporaryDirectory(prefix="bench-", dir=options.dir) as directory:
            found |= measure(Path(directory), case, name, options.seconds)
        print(
            f"{case.name}; {name}: {found['messages_per_s']:,.0f} messages/s,"
            f" {found['readings_per_s']:,.0f} readings/s,"
            f" cores: server {found['server_cpu']:.2f}, broker {found['broker_cpu']:.2f},"
            f" publisher {found['publisher_cpu']:.2f}; load {found['load']}",
            file=sys.stderr,
        )
        yield found


def latencies(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Every latency run."""
    for config, rate, run in product(BROKERS, RATES, range(options.repeat)):
        name = f"{config} broker, {rate:,} messages/s"
        found: dict[str, Any] = {"case": name, "run": run, "load": round(os.getloadavg()[0], 2)}
        with tempfile.TemporaryDirectory(prefix="bench-", dir=options.dir) as directory:
            found |= latency(Path(directory), config, rate, options.latency)
        print(
            f"{name}: p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms; load {found['load']}", file=sys.stderr
        )
        yield found


def table(runs: Sequence[dict[str, Any]], waits: Sequence[dict[str, Any]]) -> str:
    """Medians, a line for each case."""
    names = list(dict.fromkeys(run["target"] for run in runs))
    rows = [f"| durable readings/s | {' | '.join(names)} |", "| --- |" + " --- |" * len(names)]
    for case in dict.fromkeys(run["case"] for run in runs):
        rates = [
            statistics.median(run["readings_per_s"] for run in runs if (run["case"], run["target"]) == (case, name))
            for name in names
        ]
        rows.append(f"| {case} | {' | '.join(f'{rate:,.0f}' for rate in rates)} |")
    if waits:
        rows += ["", "| from publish to browser | p50, ms | p99, ms |", "| --- | --- | --- |"]
    for case in dict.fromkeys(one["case"] for one in waits):
        p50, p99 = (statistics.median(one[key] for one in waits if one["case"] == case) for key in ("p50_ms", "p99_ms"))
        rows.append(f"| {case} | {p50:.1f} | {p99:.1f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
