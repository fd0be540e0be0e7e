"""What the server says of itself to its operators: versions, clock, ingest, who watches and how far behind, memory.

Everything is of one moment and from memory; what is stored is told by ``telemetry.storage``, which asks the disk. Times
in ms since 1970, spans in ms, sizes in bytes, rates per second.
"""

from __future__ import annotations

import platform
import tomllib
from functools import cache
from pathlib import Path

from telemetry import load
from telemetry.clock import monotonic, zone
from telemetry.core import Core
from telemetry.exposition import devices_by_state, uptime
from telemetry.live import LiveSession
from telemetry.model import Reason
from telemetry.store.opening import library_version

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
RELEASE = Path("/etc/os-release")
WATCHERS = 100
"""Dashboards that are listed; those that are furthest behind come first."""
CLOCKS = 100
"""Devices with a wrong clock that are named."""


def report(core: Core, tornado: str) -> dict[str, object]:
    """All of it; ``tornado`` is the version of the web server."""
    now, metrics = core.clock.arrival(), core.metrics
    return {
        "time": now,
        "uptime": int(uptime() * 1000),
        "demo": core.demo,
        "versions": versions() | {"tornado": tornado},
        "clock": _clock(core),
        "readings": {
            "received": metrics.received,
            "journalled": metrics.journalled,
            "pending": core.pipeline.pending,
            "refused": {reason.value: metrics.refused[reason] for reason in Reason},
        },
        "rates": core.load.rates(),
        "history": core.load.history(),
        "commits": {
            "done": metrics.commits,
            "failed": metrics.commits_failed,
            "late_max": int(metrics.commit_late_max * 1000),
            "disk_ok": core.pipeline.healthy,
        },
        "devices": devices_by_state(core),
        "series": len(core.registry.series),
        "sockets": {channel: metrics.sockets[channel] for channel in ("device", "live", "stream", "poll")},
        "watchers": watchers(core),
        "delivery": {
            "frames": metrics.pushed_frames,
            "skipped": metrics.skipped,
            "resumed": metrics.resumed,
            "resume_refused": metrics.resume_refused,
        },
        "memory": load.memory(),
        "processor": load.processor(),
    }


def watchers(core: Core) -> list[dict[str, object]]:
    """Every open dashboard: whose, how, since when, and how far behind; the slowest first, ``WATCHERS`` at most.

    ``state`` is "live", "slow" (it has not taken what it was given), or "behind" (it reads on from the log). ``behind``
    counts readings that it has not been handed, ``waiting`` characters in its mailbox, ``stalled`` the ms since it last
    had taken everything.
    """
    seq = core.hub.seq
    found = [_watcher(one, seq) for one in core.hub.sessions() if isinstance(one, LiveSession)]
    found.sort(key=lambda one: (one["behind"], one["stalled"], one["skipped"]), reverse=True)
    return found[:WATCHERS]


def _watcher(session: LiveSession, seq: int) -> dict[str, object]:
    since = session.mailbox.since
    stalled = 0 if since is None else int((monotonic() - since) * 1000)
    visitor = session.visitor
    return {
        "who": visitor.who if visitor else "",
        "kind": visitor.kind if visitor else "",
        "address": visitor.address if visitor else "",
        "channel": visitor.channel if visitor else "",
        "since": visitor.since if visitor else None,
        "patterns": len(session.patterns),
        "state": "behind" if not session.live else "live" if since is None else "slow",
        "behind": max(0, seq - session.cursor),
        "waiting": session.mailbox.waiting,
        "stalled": stalled,
        "skipped": session.skipped,
    }


def _clock(core: Core) -> dict[str, object]:
    wrong = core.intake.known.clocks()
    return {
        "trusted": core.clock.trusted(),
        "behind": core.clock.behind(),
        "zone": zone(),
        "wrong": len(wrong),
        "devices": wrong[:CLOCKS],
    }


@cache
def versions() -> dict[str, str]:
    """The versions of ours and of what we stand on, and the system; they do not change while the server runs."""
    return {
        "telltale": _own(),
        "python": platform.python_version(),
        "sqlite": library_version(),
        "system": _system(),
        "kernel": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
    }


def _own(project: Path = PROJECT) -> str:
    try:
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, KeyError, ValueError):
        return "unknown"


def _system(release: Path = RELEASE) -> str:
    """The name of the operating system as os-release(5) writes it, else what Python calls it."""
    try:
        pairs = [line.partition("=") for line in release.read_text(encoding="utf-8").splitlines()]
        return next(value.strip("\"'") for name, _, value in pairs if name == "PRETTY_NAME")
    except (OSError, ValueError, StopIteration):
        return platform.platform(terse=True)
