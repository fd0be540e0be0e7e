"""The versions that the page of the system shows; the rest is asked of a real server in tests/handlers."""

from __future__ import annotations

import platform
import sqlite3
import tomllib
from pathlib import Path

from telemetry import system
from tests.support import ROOT


def test_versions_are_those_that_run() -> None:
    found = system.versions()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert found["telltale"] == project["version"]
    assert found["python"] == platform.python_version()
    assert found["sqlite"] == sqlite3.sqlite_version


def test_system_has_the_name_that_its_maker_gave_it(tmp_path: Path) -> None:
    release = tmp_path / "os-release"
    release.write_text('ID=raspbian\nPRETTY_NAME="Raspberry Pi OS 12 (bookworm)"\n')
    assert system._system(release) == "Raspberry Pi OS 12 (bookworm)"


def test_what_is_not_said_is_not_made_up(tmp_path: Path) -> None:
    assert system._system(tmp_path / "none") == platform.platform(terse=True)
    assert system._own(tmp_path / "none") == "unknown"
