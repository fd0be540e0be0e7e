"""A copy of the server with a line changed: a guard taken out to see its test fail, a wait made short."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.support import ROOT

PARTS = ("server.py", "telemetry", "handlers", "devices", "templates", "static")


def changed(folder: Path, changes: Mapping[str, Mapping[str, str]]) -> Path:
    """Copy the server into ``folder`` and replace texts, {file: {old: new}}; each old one stands there once."""
    folder.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    for name, texts in changes.items():
        content = (folder / name).read_text()
        for old, new in texts.items():
            assert content.count(old) == 1, f"{name} says {old!r} {content.count(old)} times"
            content = content.replace(old, new)
        (folder / name).write_text(content)
    return folder
