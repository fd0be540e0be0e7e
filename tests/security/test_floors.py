"""The least versions: none of them has a hole that was mended since, and what runs is no older."""

from __future__ import annotations

import sqlite3
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from telemetry.store import db
from tests.contracts import source

MENDED = {
    "tornado": "6.5.8",  # CVE-2025-47287, CVE-2026-31958, GHSA-mpf4-983q-p7j4
    "jinja2": "3.1.6",  # CVE-2025-27516
    "cbor2": "5.8",  # CVE-2025-68131
}
"""The first version of each that has no known hole."""


def floors() -> dict[str, Version]:
    project = tomllib.loads(source.text("pyproject.toml"))["project"]["dependencies"]
    wanted = [Requirement(one) for one in project]
    return {one.name: max(Version(two.version) for two in one.specifier if two.operator == ">=") for one in wanted}


@pytest.mark.parametrize("name", MENDED)
def test_no_floor_is_below_what_was_mended(name: str) -> None:
    assert floors()[name] >= Version(MENDED[name])
    assert Version(version(name)) >= Version(MENDED[name])


def test_a_sqlite_with_the_bug_of_the_log_has_one_writer() -> None:
    """Before 3.51.3 two connections that write could lose a commit in the log; the store has one thread that writes."""
    assert sqlite3.sqlite_version_info >= (3, 37), "STRICT tables"
    assert "ThreadPoolExecutor(1" in source.text("telemetry/store/db.py")
    assert db.Store
