"""What the figures were measured on: stated with them, because ratios travel and absolute numbers do not."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Final

VOLATILE: Final = frozenset({"tmpfs", "ramfs"})


def cpu_model(cpuinfo: str) -> str:
    """The first model name in the text of /proc/cpuinfo; on a Pi the board's."""
    for key in ("model name", "Model"):
        for line in cpuinfo.splitlines():
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return platform.machine()


def file_system(directory: Path, mounts: str) -> str:
    """The type of the file system ``directory`` is on, from the text of /proc/mounts."""
    path = str(directory.resolve())
    best, kind = "", "unknown"
    for line in mounts.splitlines():
        point, found = line.split()[1:3]
        if len(point) >= len(best) and (path + "/").startswith(point.rstrip("/") + "/"):
            best, kind = point, found
    return kind


def describe(directory: Path) -> dict[str, str | int | float]:
    """Cores, processor, kernel, memory, file system of the databases, load before the run."""
    memory = Path("/proc/meminfo").read_text().split()[1]
    return {
        "cores": os.cpu_count() or 0,
        "cpu": cpu_model(Path("/proc/cpuinfo").read_text()),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "memory_mb": int(memory) * 1024 // 1_000_000,
        "file_system": file_system(directory, Path("/proc/mounts").read_text()),
        "load_before": round(os.getloadavg()[0], 2),
    }
