"""The bench: every figure, ours and the rivals' in turn in the same run. ``python -m bench.run --help``.

Writes one JSON file with every single run, and for a full run the tables in bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.figures import FIGURES, FULL, QUICK, SMOKE, Figure, Scale
from bench.machine import VOLATILE, describe
from bench.report import render
from bench.targets import TARGETS, BenchError, Running, Target

HERE: Final = Path(__file__).resolve().parent
SCALES: Final = {"full": FULL, "quick": QUICK, "smoke": SMOKE}


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Measure Telltale beside its rivals.")
    parser.add_argument("--quick", action="store_const", const="quick", dest="scale", help="one short run of each")
    parser.add_argument("--smoke", action="store_const", const="smoke", dest="scale", help="only show that all works")
    parser.add_argument("--only", default="", help="comma-separated: ours, node, tornado, or single targets")
    parser.add_argument("--figures", default="", help="comma-separated: throughput, latency, start, written")
    parser.add_argument("--repeat", type=int, help="runs of each figure; the median counts")
    parser.add_argument("--dir", type=Path, default=HERE / "data", help="where the databases go: a real disk")
    parser.add_argument("--out", type=Path, help="the JSON file; default bench/results/SCALE.json")
    parser.set_defaults(scale="full")
    return parser.parse_args(argv)


def chosen(only: str) -> list[Target]:
    """The targets asked for that can run here; says which cannot."""
    names = {name for name in only.split(",") if name}
    unknown = names - {word for target in TARGETS for word in (target.name, target.family)}
    if unknown:
        raise BenchError(f"no such target: {', '.join(sorted(unknown))}")
    wanted = [target for target in TARGETS if not names or names & {target.name, target.family}]
    for target in wanted:
        if reason := target.missing():
            say(f"{target.name}: left out, {reason}")
    return [target for target in wanted if not target.missing()]


def measure(figures: Iterable[Figure], targets: list[Target], scale: Scale, base: Path) -> list[dict[str, Any]]:
    """All runs: figure by figure, and in each repetition target by target."""
    runs = []
    for figure in figures:
        for repetition in range(1 if figure.once else scale.repeat):
            for target in targets:
                if target.name not in figure.without:
                    measures = _one(figure, target, scale, base)
                    key = {"figure": figure.name, "case": figure.case, "target": target.name, "run": repetition}
                    runs.append(key | {"measures": measures})
                    say(" ".join([*map(str, key.values()), *(f"{k}={v:.4g}" for k, v in measures.items())]))
    return runs


def _one(figure: Figure, target: Target, scale: Scale, base: Path) -> dict[str, float]:
    directory = Path(tempfile.mkdtemp(prefix="bench-", dir=base))
    try:
        return figure.measure(target, directory, scale)
    finally:
        shutil.rmtree(directory)


def summary(runs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Median, lowest and highest of every measure over its repetitions."""
    found: dict[tuple[str, str, str, str], list[float]] = defaultdict(list)
    for run in runs:
        for name, value in run["measures"].items():
            found[run["figure"], run["case"], run["target"], name].append(value)
    keys = ("figure", "case", "target", "measure")
    return [
        dict(zip(keys, key, strict=True))
        | {"median": statistics.median(values), "low": min(values), "high": max(values), "runs": len(values)}
        for key, values in found.items()
    ]


def versions(targets: list[Target], base: Path) -> dict[str, dict[str, str]]:
    """What each family is made of, asked of a running server."""
    found: dict[str, dict[str, str]] = {}
    for target in targets:
        if target.family not in found:
            directory = Path(tempfile.mkdtemp(prefix="bench-", dir=base))
            with Running(target, directory) as running:
                found[target.family] = target.versions(running)
                running.stop()
            shutil.rmtree(directory)
    return found


def say(line: str) -> None:
    """Progress, apart from the result."""
    print(line, file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run, write, print the tables."""
    options = arguments(argv)
    scale = SCALES[options.scale]
    if options.repeat:
        scale = Scale(options.repeat, scale.flood_seconds, scale.pace_seconds, scale.written_seconds, scale.starts)
    options.dir.mkdir(parents=True, exist_ok=True)
    machine = describe(options.dir)
    if machine["file_system"] in VOLATILE:
        say(f"{options.dir} is in memory ({machine['file_system']}): nothing durable can be measured there, use --dir")
        return 2
    names = {name for name in options.figures.split(",") if name}
    try:
        targets = chosen(options.only)
        began = datetime.now(UTC)
        runs = measure([f for f in FIGURES if not names or f.name in names], targets, scale, options.dir)
        made_of = versions(targets, options.dir)
    except BenchError as error:
        say(str(error))
        return 1
    result = {
        "scale": options.scale,
        "date": began.strftime("%Y-%m-%d"),
        "minutes": round((datetime.now(UTC) - began).total_seconds() / 60, 1),
        "machine": machine,
        "versions": made_of,
        "summary": summary(runs),
        "runs": runs,
    }
    out = options.out or HERE / "results" / f"{options.scale}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    tables = render(result)
    if out == HERE / "results" / "full.json":
        (HERE / "RESULTS.md").write_text(tables)
    print(tables)
    return 0


if __name__ == "__main__":
    sys.exit(main())
