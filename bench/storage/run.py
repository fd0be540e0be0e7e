"""The bench of the storage: ours and its rivals with the same data, in turn. ``python -m bench.storage.run --help``.

Keeps every figure in one JSON file, part by part, and at full scale the tables in bench/STORAGE.md: a part that is run
again replaces what was found before.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.machine import VOLATILE, describe
from bench.storage.bench import Bench, Case, Scale, say
from bench.storage.contender import Contender
from bench.storage.influx import Influx
from bench.storage.ours import Ours
from bench.storage.parts import PARTS
from bench.storage.plain import Plain
from bench.storage.report import RESULTS, render
from bench.storage.victoria import Victoria
from bench.targets import BenchError

HERE: Final = Path(__file__).resolve().parents[1]
CONTENDERS: Final[tuple[Contender, ...]] = (Ours(), Plain(), Influx(), Victoria())


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.storage.run", description="Measure the storage.")
    parser.add_argument("--only", type=_listed, default=list(PARTS), help=f"comma-separated: {', '.join(PARTS)}")
    parser.add_argument("--on", type=_listed, help=f"comma-separated: {', '.join(one.name for one in CONTENDERS)}")
    parser.add_argument("--scale", type=float, default=1.0, help="0.1 for a quick look; marked as such in the results")
    parser.add_argument("--long", action="store_true", help="also with 100 million readings")
    parser.add_argument("--cadence", type=_listed, default=["1", "10", "60"], help="seconds, of the part size")
    parser.add_argument("--dir", type=Path, default=HERE / "data", help="where the databases go: a real disk")
    parser.add_argument("--out", type=Path, help="the JSON file; default bench/results/storage[-quick].json")
    return parser.parse_args(argv)


def _listed(text: str) -> list[str]:
    return [one for one in text.split(",") if one]


def known(names: Sequence[str], every: Iterable[str], what: str) -> Sequence[str]:
    """The names, if there are such. Raises BenchError."""
    if unknown := set(names) - set(every):
        raise BenchError(f"no such {what}: {', '.join(sorted(unknown))}")
    return names


def chosen(names: Sequence[str] | None) -> list[Contender]:
    """The contenders asked for that can run here; says which cannot. Raises BenchError."""
    every = [one.name for one in CONTENDERS]
    names = known(every if names is None else names, every, "contender")
    wanted = [one for one in CONTENDERS if one.name in names]
    for one in wanted:
        if reason := one.missing():
            say(f"{one.label}: left out, {reason}")
    return [one for one in wanted if not one.missing()]


def main(argv: Sequence[str] | None = None) -> int:
    """Run part by part, keep what each has found, print the tables."""
    options = arguments(argv)
    options.dir = options.dir.resolve()
    options.dir.mkdir(parents=True, exist_ok=True)
    machine = describe(options.dir)
    if machine["file_system"] in VOLATILE:
        say(f"{options.dir} is in memory ({machine['file_system']}): nothing durable can be measured there, use --dir")
        return 2
    whole = options.scale == 1 and options.on is None
    out = options.out or (RESULTS if whole else RESULTS.with_name("storage-quick.json"))
    result: dict[str, Any] = {"contenders": {one.name: one.label for one in CONTENDERS}, "parts": {}}
    if whole and out.exists():
        result["parts"] = json.loads(out.read_text())["parts"]
    try:
        contenders = chosen(options.on)
        scale = Scale(options.scale, options.long, tuple(float(one) for one in options.cadence))
        for name in known(options.only, PARTS, "part"):
            result["parts"][name] = one_part(name, Bench(options.dir, contenders, scale)) | {"machine": machine}
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(json.dumps(result, indent=1) + "\n")
            if out == RESULTS:
                (HERE / "STORAGE.md").write_text(render(result))
    except BenchError as error:
        say(str(error))
        return 1
    print(render(result))
    return 0


def one_part(name: str, bench: Bench) -> dict[str, Any]:
    """Run it; what it found, when, at which scale, on what."""
    began = datetime.now(UTC)
    PARTS[name](bench)
    for contender, largest in bench.wal.items():
        bench.note(Case("wal", f"largest WAL, part {name}", 64.0), contender, largest / 1e6)
    return {
        "date": began.strftime("%Y-%m-%d"),
        "minutes": round((datetime.now(UTC) - began).total_seconds() / 60, 1),
        "factor": bench.scale.factor,
        "long": bench.scale.long,
        "versions": {one.name: one.version() for one in bench.contenders},
        "rows": bench.rows,
    }


if __name__ == "__main__":
    sys.exit(main())
