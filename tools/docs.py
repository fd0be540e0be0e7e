"""The generated parts of the documentation: called by cog from README.md and docs/*.md (``make docs``).

Each function returns Markdown made from the code that it describes; ``tests/contracts/test_docs.py`` fails when
that is not what stands in the file.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handlers.base import Guard

ROOT = Path(__file__).resolve().parent.parent

REASONS = {
    "bad_message": "not decodable, or not one of the forms above",
    "bad_value": "a value or a name that is none, such as NaN, a list, or a text that is too long",
    "bad_time": "a time that is none, before 2000 or too far ahead; two readings of one series without a time",
    "too_large": "more than 10,000 readings, or an HTTP body that is too large",
    "unknown_device": "the device waits for approval",
    "forbidden": "this credential may not speak for that device",
    "rate_limited": "too much in a short time; nothing was taken, send again after `retry_after` ms",
    "try_later": "the server is full or cannot write; nothing was taken, send again after `retry_after` ms",
}


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table between empty lines."""
    lines = [list(header), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n" + "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in one) + " |\n" for one in lines) + "\n"


def reasons() -> str:
    """Every reason to refuse readings; a new one without a text here fails."""
    from telemetry.model import Reason

    return table(["code", "means"], ((f"`{reason}`", REASONS[reason]) for reason in Reason))


def settings() -> str:
    """The table of settings, a section each."""
    from telemetry.settings import SECTIONS, SETTINGS

    text = "\n"
    for section, holder in SECTIONS.items():
        text += f"## [{section}]\n\n{(holder.__doc__ or '').strip()}\n"
        rows = (
            [f"`{one.key}`", f"`{one.default}`" if one.default else "(empty)", one.unit, one.help]
            for one in SETTINGS.values()
            if one.section == section
        )
        text += table(["key", "default", "unit", "meaning"], rows)
    return text


def command(*args: str) -> str:
    """What ``python server.py ARGS`` prints."""
    call = [sys.executable, "server.py", *args]
    wide = os.environ | {"COLUMNS": "100"}
    done = subprocess.run(call, cwd=ROOT, env=wide, capture_output=True, text=True, check=True)
    return f"\n```\n{done.stdout.strip()}\n```\n\n"


FIGURES = [
    ("durable readings/s, 1 a message, 1 connection", "throughput", "1x1", "rate", "{:,.0f}"),
    ("durable readings/s, 1 a message, 100 connections", "throughput", "1x100", "rate", "{:,.0f}"),
    ("durable readings/s, 10 a message, 1 connection", "throughput", "10x1", "rate", "{:,.0f}"),
    ("durable readings/s, 100 a message, 1 connection", "throughput", "100x1", "rate", "{:,.0f}"),
    ("durable readings/s, 100 a message, 100 connections", "throughput", "100x100", "rate", "{:,.0f}"),
    ("device to 10 browsers at 100/s, ms, p50", "latency", "100/s", "push_p50", "{:.2f}"),
    ("device to 10 browsers at 1,000/s, ms, p50", "latency", "1000/s", "push_p50", "{:.2f}"),
    ("device to 10 browsers at 1,000/s, ms, p99", "latency", "1000/s", "push_p99", "{:.2f}"),
    ("device to ack at 1,000/s, ms, p50", "latency", "1000/s", "ack_p50", "{:.2f}"),
    ("start to the first served request, s", "start", "start", "again_s", "{:.2f}"),
    ("memory idle, MB", "start", "start", "idle_mb", "{:.0f}"),
    ("memory at 1,000/s with 10 browsers, MB", "latency", "1000/s", "loaded_mb", "{:.0f}"),
    ("bytes written per reading at 10/s", "written", "10/s", "bytes", "{:,.0f}"),
    ("bytes written per reading at 100/s", "written", "100/s", "bytes", "{:,.0f}"),
]


def figures() -> str:
    """The figures of the last full run of the bench, beside the rivals."""
    path = ROOT / "bench" / "results" / "full.json"
    if not path.exists():
        return "\nNot measured yet.\n\n"
    from bench.report import LABELS

    result = json.loads(path.read_text(encoding="utf-8"))
    known = {(row["figure"], row["case"], row["target"], row["measure"]): row["median"] for row in result["summary"]}
    targets = [one for one in LABELS if any(key[2] == one for key in known)]
    rows = []
    for label, figure, case, measure, form in FIGURES:
        values = [known.get((figure, case, target, measure)) for target in targets]
        rows.append([label, *("" if value is None else form.format(value) for value in values)])
    machine = result["machine"]
    origin = f"Medians of {result['date']} on {machine['cores']} cores of {machine['cpu']}, {machine['file_system']}."
    return f"\n{origin} All of them, and the ratios: [bench/RESULTS.md](bench/RESULTS.md).\n" + table(
        ["", *(LABELS[target] for target in targets)], rows
    )


def storage_figures() -> str:
    """What has an aim among the figures of the storage, beside the rivals."""
    path = ROOT / "bench" / "results" / "storage.json"
    if not path.exists():
        return "\nNot measured yet.\n\n"
    from bench.storage.report import summary

    return table(*summary(json.loads(path.read_text(encoding="utf-8"))))


def metrics() -> str:
    """What /metrics exports."""
    from telemetry.exposition import METRICS

    rows = ([f"`{one.name}`" + (f" by `{one.label}`" if one.label else ""), one.type, one.help] for one in METRICS)
    return table(["metric", "type", "meaning"], rows)


def _address(pattern: str) -> str:
    return re.sub(r"\(\?P<(\w+)>[^()]*\)", r"{\1}", pattern).replace("\\", "")


def _access(handler: type[Guard]) -> str:
    write = handler.write_access
    return handler.access.name.lower() + (f"; changes: {write.name.lower()}" if write else "")


NEEDS = {
    "open": "nothing",
    "device": "a device's token",
    "person": "a login, of any role",
    "viewer": "the role viewer",
    "operator": "the role operator",
    "admin": "the role admin",
}


def rights() -> str:
    """Who may what, from the table by which a test asks a server: a row for each thing that is asked for."""
    from tests.security.matrix import MATRIX, SCOPED

    rows = []
    for needed, words in NEEDS.items():
        cells = [
            f"`{method} {_address(pattern)}`" + (" ◦" if (pattern, method) in SCOPED else "")
            for pattern, methods in MATRIX.items()
            for method, asked in methods.items()
            if asked == needed
        ]
        rows.append([words, " · ".join(cells)])
    return table(["asks for", "to"], rows)


def routes() -> str:
    """Every address, who may use it, and what it is."""
    from handlers.base import Guard
    from handlers.routes import ROUTES

    rows = (
        [f"`{_address(pattern)}`", _access(handler), (handler.__doc__ or "").partition("\n")[0]]
        for pattern, handler in ROUTES
        if issubclass(handler, Guard)
    )
    return table(["address", "access", "what"], rows)
